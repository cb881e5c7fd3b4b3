// The Linux that eggos is measured against: Debian's cloud kernel with the modules a virtual machine needs.

import { execFile } from "node:child_process";
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../cli/paths.ts";

const run = promisify(execFile);

export interface LinuxKernel {
  version: string;
  /** The bzImage. */
  path: string;
  modulesFolder: string;
}

/** The package that the metapackage linux-image-cloud-amd64 stands for now. */
async function packageName(): Promise<string> {
  const { stdout } = await run("apt-cache", ["depends", "linux-image-cloud-amd64"]);
  const name = /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
  if (!name) throw new Error("apt-cache knows no linux-image-cloud-amd64: run apt-get update on Debian");
  return name;
}

/** Download and unpack it once. */
export async function prepareLinuxKernel(): Promise<LinuxKernel> {
  const name = await packageName();
  const folder = join(cacheFolder("linux"), name);
  if (!existsSync(folder)) {
    const work = `${folder}.${process.pid}.tmp`;
    mkdirSync(work, { recursive: true });
    try {
      await run("apt-get", ["download", "-q", "-o", "APT::Sandbox::User=root", name], { cwd: work });
      const archive = readdirSync(work).find((file) => file.endsWith(".deb"));
      if (!archive) throw new Error(`apt-get downloaded no ${name}`);
      await run("dpkg-deb", ["-x", join(work, archive), join(work, "x")]);
      renameSync(join(work, "x"), folder);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  const path = globSync(join(folder, "boot/vmlinuz-*"))[0];
  const modulesFolder = globSync(join(folder, "lib/modules/*"))[0];
  if (!path || !modulesFolder) throw new Error(`${folder}: no kernel in it`);
  return { version: basename(modulesFolder), path, modulesFolder };
}

/** What a module's `depends=` names, from its .modinfo section. */
function dependencies(path: string): string[] {
  const text = readFileSync(path).toString("latin1");
  const list = /\0depends=([\w,-]*)\0/.exec(text)?.[1] ?? "";
  return list.split(",").filter((name) => name !== "");
}

/** Paths of these modules and all they need, each after what it needs. Modules built in are left out. */
export function modulePaths(kernel: LinuxKernel, names: string[]): string[] {
  const canonical = (name: string): string => name.replaceAll("-", "_");
  const files = new Map(
    globSync("kernel/**/*.ko", { cwd: kernel.modulesFolder }).map((path) => [
      canonical(basename(path, ".ko")),
      join(kernel.modulesFolder, path),
    ]),
  );
  const found: string[] = [];
  const visit = (name: string): void => {
    const path = files.get(canonical(name));
    if (path === undefined || found.includes(path)) return;
    for (const needed of dependencies(path)) visit(needed);
    found.push(path);
  };
  for (const name of names) visit(name);
  return found;
}
