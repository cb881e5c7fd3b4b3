// The initial file system of a Linux guest: a cpio archive (newc) of the entries that a root image is made of.

import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Entry } from "../../cli/image/erofs.ts";

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const S_IFCHR = 0o020000;

function padTo4(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}

/** One member: header, name, data. Linux Documentation/driver-api/early-userspace/buffer-format.rst. */
function member(
  number: number,
  name: string,
  mode: number,
  data: Uint8Array,
  device: [number, number] = [0, 0],
): Buffer {
  const bytes = Buffer.from(`${name}\0`);
  const fields = [number, mode, 0, 0, 1, 0, data.length, 0, 0, device[0], device[1], bytes.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  return Buffer.concat([header, bytes, padTo4(header.length + bytes.length), data, padTo4(data.length)]);
}

/** Write the archive. Parent directories that no entry names are made. */
export function writeCpio(path: string, entries: Entry[]): void {
  const file = openSync(path, "w");
  const made = new Set(["/", "."]);
  let number = 1;
  const put = (name: string, mode: number, data: Uint8Array, device?: [number, number]): void => {
    writeSync(file, member(number++, name.slice(1), mode, data, device));
  };
  const makeFolder = (folder: string, mode: number): void => {
    if (made.has(folder)) return;
    makeFolder(dirname(folder), 0o755);
    made.add(folder);
    put(folder, S_IFDIR | mode, Buffer.alloc(0));
  };
  try {
    // A path through a link (/lib64) must find the link first; links stand on their own.
    const folders = entries.filter((entry) => entry.kind === "directory");
    for (const entry of folders) makeFolder(entry.path, entry.mode);
    for (const entry of entries) {
      if (entry.kind === "directory") continue;
      makeFolder(dirname(entry.path), 0o755);
      if (entry.kind === "symlink") put(entry.path, S_IFLNK | 0o777, Buffer.from(entry.target));
      else
        put(
          entry.path,
          S_IFREG | entry.mode,
          "bytes" in entry.content ? entry.content.bytes : readFileSync(entry.content.path),
        );
    }
    makeFolder("/dev", 0o755);
    // The kernel opens it for the first process.
    put("/dev/console", S_IFCHR | 0o600, Buffer.alloc(0), [5, 1]);
    writeSync(file, member(0, "TRAILER!!!", 0, Buffer.alloc(0)));
  } finally {
    closeSync(file);
  }
}
