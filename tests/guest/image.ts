/** One image with every C program, as /programs/NAME, and a folder for those that look at files of the image. */
import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { prepareBase } from "../../cli/image/base.ts";
import { bootImage } from "../../cli/image/elf.ts";
import { type Entry, erofsImage } from "../../cli/image/erofs.ts";
import { hashKey, writeWhole } from "../../cli/image/hash.ts";
import { kernelPath } from "../../cli/image/kernel.ts";
import { writeImage } from "../../cli/image/pieces.ts";
import { cacheFolder } from "../../cli/paths.ts";
import { buildPrograms } from "./build-programs.ts";

/** programs/files.c, group image_layer, works in this folder. */
export const FIXTURE = "/fixture";

function fixtureEntries(): Entry[] {
  const files = ["read", "write", "remove", "move", "mode", "truncate", "sub/inner"];
  return [
    ...files.map(
      (name): Entry => ({
        path: `${FIXTURE}/${name}.txt`,
        kind: "file",
        mode: 0o644,
        content: { bytes: Buffer.from(`the file ${name} of the image\n`) },
      }),
    ),
    { path: `${FIXTURE}/link`, kind: "symlink", target: "read.txt" },
  ];
}

export interface TestRoot {
  key: string;
  entries: Entry[];
  /** Names of the programs. */
  names: string[];
}

export async function testRoot(): Promise<TestRoot> {
  const paths = await buildPrograms();
  const base = await prepareBase("glibc");
  const programs = paths.map(
    (path): Entry => ({
      path: `/programs/${basename(path)}`,
      kind: "file",
      mode: 0o755,
      content: { path, size: statSync(path).size },
    }),
  );
  return {
    key: hashKey(base.key, "2", ...paths.map((path) => readFileSync(path))),
    entries: [...base.entries, ...programs, ...fixtureEntries()],
    names: paths.map((path) => basename(path)),
  };
}

/** The image for eggos; built again when the kernel or a program changed. */
export async function testImage(root: TestRoot): Promise<string> {
  const kernel = readFileSync(await kernelPath());
  const path = join(cacheFolder("test-image"), `${hashKey(kernel, root.key)}.elf`);
  if (!statSync(path, { throwIfNoEntry: false })) {
    writeWhole(path, (temporary) => writeImage(temporary, bootImage(kernel, erofsImage(root.entries), "")));
  }
  return path;
}
