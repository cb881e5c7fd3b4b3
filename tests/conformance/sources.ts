// Debian source packages, for suites that only the source has: fetched by apt-get source, unpacked, kept in the cache.

import { execFile } from "node:child_process";
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../cli/paths.ts";
import { step } from "../../cli/progress.ts";

const run = promisify(execFile);

/** This machine's Debian archives, asked for sources. */
function sourceLists(): { name: string; text: string }[] {
  const stanzas = globSync("/etc/apt/sources.list.d/*.sources")
    .flatMap((path) => readFileSync(path, "utf8").split(/\n\s*\n/))
    .filter((stanza) => /^URIs:.*\/debian/m.test(stanza) && /^Types:.*\bdeb\b/m.test(stanza))
    .map((stanza) => stanza.replace(/^Types:.*$/m, "Types: deb-src").replace(/^#.*\n/gm, ""));
  const lines = ["/etc/apt/sources.list", ...globSync("/etc/apt/sources.list.d/*.list")]
    .filter((path) => existsSync(path))
    .flatMap((path) => readFileSync(path, "utf8").split("\n"))
    .filter((line) => /^deb\s.*\/debian/.test(line))
    .map((line) => line.replace(/^deb\s/, "deb-src "));
  return [
    { name: "archive.sources", text: `${stanzas.join("\n\n")}\n` },
    { name: "archive.list", text: `${lines.join("\n")}\n` },
  ];
}

/** The folder of an unpacked source package, as its authors released it. Throws with one line when it cannot be had. */
export async function sourcePackage(name: string): Promise<string> {
  const folder = join(cacheFolder("sources"), name);
  if (existsSync(folder)) return folder;
  return await step(`fetching the source of ${name} (once)`, async () => {
    const work = `${folder}.${process.pid}.tmp`;
    try {
      const parts = join(work, "sources.list.d");
      mkdirSync(parts, { recursive: true });
      mkdirSync(join(work, "lists/partial"), { recursive: true });
      for (const list of sourceLists()) writeFileSync(join(parts, list.name), list.text);
      const settings = {
        "APT::Sandbox::User": "root",
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": parts,
        "Dir::State::lists": join(work, "lists"),
        "Dir::Cache::srcpkgcache": "",
        "Dir::Cache::pkgcache": "",
      };
      const options = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
      await run("apt-get", [...options, "update", "-q"]);
      await run("apt-get", [...options, "source", "--download-only", "-q", name], { cwd: work });
      const archive = readdirSync(work).find((file) => /\.orig\.tar\.[a-z0-9]+$/.test(file));
      if (archive === undefined) throw new Error("no archive came");
      const unpacked = join(work, "unpacked");
      mkdirSync(unpacked);
      await run("tar", ["xf", join(work, archive), "-C", unpacked, "--strip-components=1"]);
      const changes = readdirSync(work).find((file) => /\.debian\.tar\.[a-z0-9]+$/.test(file));
      if (changes !== undefined) await run("tar", ["xf", join(work, changes), "-C", unpacked]);
      renameSync(unpacked, folder);
      return folder;
    } catch (error) {
      const said = /^E: (.*)$/m.exec((error as { stderr?: string }).stderr ?? "")?.[1];
      throw new Error(`the source of ${name} cannot be fetched: ${said ?? (error as Error).message.split("\n")[0]}`);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
}
