// From a place in the tree back to text: getcwd(2), /proc/self/fd, /proc/self/maps.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { Path } from "./path";

const SLASH: u8 = 0x2f;
const CAPACITY: i32 = 8192;
const buffer: StaticArray<u8> = new StaticArray<u8>(CAPACITY);
let start: i32 = CAPACITY;

/** Whether the text made last began at the root that was asked for (else the place is outside of it). */
export let isReachable: bool = true;

/**
 * The path's text as seen from `root` (null: from the root of all mounts), made at the end of a buffer that the next call reuses.
 * Returns its length; textAddress() tells where. A deleted name ends in " (deleted)" when `marksDeleted`.
 */
export function makeText(path: Path, root: Path | null, marksDeleted: bool): i32 {
  start = CAPACITY;
  isReachable = true;
  if (marksDeleted && path.entry.isDeleted) prependString(" (deleted)");
  let namesStart = start;
  let mount = path.mount;
  let entry = path.entry;
  while (true) {
    if (root !== null && mount === root.mount && entry === root.entry) break;
    if (entry === mount.root) {
      let place = mount.mountPoint;
      if (place === null) {
        isReachable = root === null;
        break;
      }
      mount = place.mount;
      entry = place.entry;
      continue;
    }
    let name = entry.name;
    if (start < name.length + 1) break;
    start -= name.length;
    if (name.length > 0) mem.copy(bytesAddress(buffer) + <u64>start, bytesAddress(name), <u64>name.length);
    buffer[--start] = SLASH;
    let parent = entry.parent;
    if (parent === null) {
      isReachable = false;
      break;
    }
    entry = parent;
  }
  if (start == namesStart) buffer[--start] = SLASH;
  return CAPACITY - start;
}

/** Where the text made last is: a kernel-virtual address. */
export function textAddress(): u64 {
  return bytesAddress(buffer) + <u64>start;
}

/** The text as an array of its own. */
export function pathText(path: Path, root: Path | null, marksDeleted: bool): StaticArray<u8> {
  let length = makeText(path, root, marksDeleted);
  let text = new StaticArray<u8>(length);
  mem.copy(bytesAddress(text), textAddress(), <u64>length);
  return text;
}

function prependString(text: string): void {
  for (let i = text.length - 1; i >= 0; i--) buffer[--start] = <u8>text.charCodeAt(i);
}
