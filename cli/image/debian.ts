// Files from Debian packages for the image: what "egg.packages" in package.json names, with all that it depends on.
//
// apt resolves and downloads, dpkg-deb unpacks; nothing is installed and no maintainer script runs. Versions are those of the
// Debian release that builds: a set of packages is fetched once and kept in the cache until the release changes.

import { execFile } from "node:child_process";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { EXIT_BAD_DATA, EXIT_UNAVAILABLE, Failure } from "../failure.ts";
import { cacheFolder } from "../paths.ts";
import { step } from "../progress.ts";
import type { Entry } from "./erofs.ts";
import { hashKey, readJson, writeJson } from "./hash.ts";

const run = promisify(execFile);

/** Change when the recipe below changes, so that old caches are left behind. */
const RECIPE = "1";
/** Packages whose files the base for Node.js has already. */
const IN_BASE = new Set(["libc6", "libstdc++6", "libgcc-s1", "libatomic1", "gcc-12-base", "ca-certificates"]);
/** What only a person at the machine, or a package manager, would read. */
const SKIPPED = /^\/usr\/share\/(doc|doc-base|man|info|locale|lintian|bug|menu|bash-completion)(\/|$)/;
/** Folders that are links into /usr in every image. */
const MERGED = /^\/(bin|sbin|lib|lib64)(?=\/)/;
/** What /bin/sh is when no package brings one: the first that is there. */
const SHELLS = ["dash", "busybox", "bash"];
/** The image's own settings stay as they are. */
const SETTINGS = new Set(["/etc/os-release", "/etc/hosts", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf"]);

export interface PackageFiles {
  /** Names the content. */
  key: string;
  entries: Entry[];
}

interface Manifest extends PackageFiles {
  /** What was fetched, as file names with versions. */
  archives: string[];
}

function debianRelease(): string {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch {
    return "unknown";
  }
}

function checkNames(names: string[], where: string): void {
  for (const name of names) {
    // Debian Policy §5.6.1; a version may follow as for apt-get.
    if (/^[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+:~-]+)?$/.test(name)) continue;
    throw new Failure(`${where}: "${name}" in "egg.packages" is not the name of a Debian package`, {
      advice: "names are lower case, as apt-cache search shows them",
      status: EXIT_BAD_DATA,
    });
  }
}

/** The packages and what they depend on, into `folder`, as if nothing were installed here. */
async function fetchPackages(folder: string, names: string[], where: string): Promise<void> {
  mkdirSync(join(folder, "partial"), { recursive: true });
  const settings = {
    "APT::Sandbox::User": "root",
    "Debug::NoLocking": "true",
    "Dir::Cache::archives": `${folder}/`,
    "Dir::State::status": "/dev/null",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const words = names.map((name) => name.replace(/^([^=]+)/, "$1:amd64"));
  const fetch = (): Promise<unknown> =>
    run("apt-get", ["install", "--download-only", "--no-install-recommends", "-qq", "-y", ...options, ...words], {
      env: { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
    });
  try {
    await fetch();
  } catch {
    // Package lists may be missing or stale.
    try {
      await run("apt-get", ["update", "-q"]);
      await fetch();
    } catch (error) {
      throw fetchFailure(error as Error & { stderr?: string }, where);
    }
  }
}

function fetchFailure(error: Error & { stderr?: string }, where: string): Failure {
  const said = error.stderr ?? "";
  const unknown = /Unable to locate package ([^\s:]+)|Package '?([^\s':]+)'? has no installation candidate/.exec(said);
  const name = unknown?.[1] ?? unknown?.[2];
  if (name !== undefined) {
    return new Failure(`${where}: there is no Debian package "${name}"`, {
      advice: `apt-cache search ${name} shows what there is`,
      status: EXIT_BAD_DATA,
      cause: error,
    });
  }
  const reason = /^E: (.*)$/m.exec(said)?.[1] ?? error.message.split("\n")[0];
  return new Failure(`${where}: cannot fetch the packages of "egg.packages": ${reason}`, {
    advice: "check the network and that apt-get update works; egg needs Debian or a relative of it",
    status: EXIT_UNAVAILABLE,
    cause: error,
  });
}

/** Where a package's file stands in an image, whose /bin, /lib and the like are links into /usr. */
function imagePath(path: string): string {
  return path.replace(MERGED, "/usr/$1").replace(/^\/var\/run(?=\/)/, "/run");
}

/** Files, folders and links below `stage`. */
function listFiles(stage: string): Entry[] {
  const entries = new Map<string, Entry>();
  const visit = (folder: string): void => {
    for (const name of readdirSync(folder).sort()) {
      const source = join(folder, name);
      const inside = `/${relative(stage, source)}`;
      const path = imagePath(inside);
      if (SKIPPED.test(path) || SETTINGS.has(path)) continue;
      const stats = lstatSync(source);
      if (stats.isDirectory()) {
        if (!MERGED.test(`${inside}/`)) entries.set(path, { path, kind: "directory", mode: stats.mode & 0o1777 });
        visit(source);
      } else if (stats.isSymbolicLink()) {
        const target = readlinkSync(source);
        if (!entries.has(path)) entries.set(path, { path, kind: "symlink", target: imagePath(target) });
      } else if (stats.isFile()) {
        entries.set(path, {
          path,
          kind: "file",
          mode: stats.mode & 0o755,
          content: { path: source, size: stats.size },
        });
      }
    }
  };
  visit(stage);
  return [...entries.values()];
}

/** The names a busybox answers to. */
async function busyboxNames(source: string): Promise<string[]> {
  const { stdout } = await run(source, ["--list"]);
  return stdout.split("\n").filter((name) => /^[A-Za-z0-9_.[\]-]+$/.test(name) && name !== "busybox");
}

/** What maintainer scripts would have linked: /bin/sh, and busybox under all its names that nothing else has. */
async function linkCommands(entries: Entry[]): Promise<Entry[]> {
  const taken = new Set(entries.map((entry) => entry.path));
  const isThere = (name: string): boolean => taken.has(`/usr/bin/${name}`);
  const links: Entry[] = [];
  const link = (name: string, target: string): void => {
    const path = `/usr/bin/${name}`;
    if (taken.has(path) || taken.has(`/usr/sbin/${name}`)) return;
    taken.add(path);
    links.push({ path, kind: "symlink", target });
  };
  const shell = SHELLS.find(isThere);
  if (shell !== undefined) link("sh", shell);
  const busybox = entries.find((entry) => entry.path === "/usr/bin/busybox");
  if (busybox?.kind === "file" && "path" in busybox.content) {
    for (const name of await busyboxNames(busybox.content.path)) link(name, "busybox");
  }
  return links;
}

async function unpack(archives: string, stage: string): Promise<string[]> {
  const files = readdirSync(archives).filter((name) => name.endsWith(".deb"));
  mkdirSync(stage, { recursive: true });
  for (const name of files.sort()) {
    if (IN_BASE.has(name.split("_")[0] ?? "")) continue;
    await run("dpkg-deb", ["-x", join(archives, name), stage]);
  }
  return files;
}

/** The files of these packages and of those they depend on, from the cache or fetched now. `where` is for messages. */
export async function packageEntries(names: string[], where: string): Promise<PackageFiles> {
  if (names.length === 0) return { key: "", entries: [] };
  checkNames(names, where);
  const key = hashKey(RECIPE, debianRelease(), ...[...names].sort());
  const folder = join(cacheFolder("packages"), key);
  const manifestPath = join(folder, "manifest.json");
  const known = readJson<Manifest>(manifestPath);
  if (known) return known;
  return await step(`fetching Debian packages: ${names.join(", ")} (once)`, async () => {
    const work = `${folder}.${process.pid}.tmp`;
    rmSync(work, { recursive: true, force: true });
    try {
      const archives = join(work, "archives");
      await fetchPackages(archives, names, where);
      const fetched = await unpack(archives, join(work, "stage"));
      rmSync(archives, { recursive: true });
      rmSync(folder, { recursive: true, force: true });
      renameSync(work, folder);
      const files = listFiles(join(folder, "stage"));
      const manifest: Manifest = { key, archives: fetched, entries: [...files, ...(await linkCommands(files))] };
      writeJson(manifestPath, manifest);
      return manifest;
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
}
