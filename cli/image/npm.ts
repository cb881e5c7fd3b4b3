// npm for the image, when the project asks for it ("egg": { "npm": true }): fetched by the npm of this machine, of the version
// named here, kept in the cache. It runs the project's scripts; whoever needs no more than that has `node --run`.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { EXIT_UNAVAILABLE, Failure } from "../failure.ts";
import { cacheFolder } from "../paths.ts";
import { step } from "../progress.ts";
import type { PackageFiles } from "./debian.ts";
import type { Entry } from "./erofs.ts";

const run = promisify(execFile);

const VERSION = "12.2.0";
/** SHA-512 of the package, as the registry and lock files tell it. */
const INTEGRITY = "sha512-ZsJjKpTnlmSXOLLXiU1xDCzC4Wlok4IwZmh/aw2KUuXytU7q6qMv/cUT7MoeSf95Slwuw/lRXYefGzGCspHPNQ==";
const PLACE = "/usr/lib/node_modules/npm";
/** What only a person would read. */
const SKIPPED = /^(docs|man|html|\.github)$/;

/** Commands that the package brings, below /usr/bin. */
const COMMANDS: [name: string, script: string][] = [
  ["npm", "npm-cli.js"],
  ["npx", "npx-cli.js"],
];

function folderEntries(folder: string, place: string, entries: Entry[]): void {
  for (const name of readdirSync(folder).sort()) {
    if (place === PLACE && SKIPPED.test(name)) continue;
    const source = join(folder, name);
    const stats = lstatSync(source);
    const path = `${place}/${name}`;
    if (stats.isDirectory()) folderEntries(source, path, entries);
    else if (stats.isFile())
      entries.push({ path, kind: "file", mode: stats.mode & 0o755, content: { path: source, size: stats.size } });
  }
}

async function fetchPackage(folder: string, where: string): Promise<void> {
  const work = `${folder}.${process.pid}.tmp`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  try {
    await run("npm", ["pack", `npm@${VERSION}`, "--silent", "--pack-destination", work]);
    const archive = readdirSync(work).find((name) => name.endsWith(".tgz"));
    if (archive === undefined) throw new Error("npm pack made no archive");
    const digest = createHash("sha512")
      .update(readFileSync(join(work, archive)))
      .digest("base64");
    if (`sha512-${digest}` !== INTEGRITY) throw new Error("the archive is not the one that is known");
    await run("tar", ["xzf", join(work, archive), "-C", work]);
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(work, "package"), folder);
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.split("\n").find((line) => /^npm (error|ERR!) /.test(line));
    const reason = said?.replace(/^npm \S+ /, "") ?? (error as Error).message.split("\n")[0];
    throw new Failure(`${where}: "egg.npm" asks for npm ${VERSION}, which cannot be fetched: ${reason}`, {
      advice: "check the network and that npm works here",
      status: EXIT_UNAVAILABLE,
      cause: error,
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** npm's files and commands. `where` is for messages. */
export async function npmEntries(where: string): Promise<PackageFiles> {
  const folder = join(cacheFolder("npm"), VERSION);
  if (!existsSync(folder)) await step(`fetching npm ${VERSION} (once)`, () => fetchPackage(folder, where));
  const entries: Entry[] = [];
  folderEntries(folder, PLACE, entries);
  for (const [name, script] of COMMANDS)
    entries.push({ path: `/usr/bin/${name}`, kind: "symlink", target: `../lib/node_modules/npm/bin/${script}` });
  return { key: `npm-${VERSION}`, entries };
}
