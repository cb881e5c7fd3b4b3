// The tree that a program finds at start: mounting by path, before there is any process.

import { ENOENT, ENOTDIR } from "../abi/errno";
import { FileSystemContext } from "./context";
import { FileSystem } from "./file-system";
import { Identity } from "./identity";
import { openError } from "./inode";
import { mount, Mount } from "./mount";
import { Path } from "./path";
import * as change from "./change";
import { begin, end, Last, Walk } from "./walk";

/** Root and current directory at "/", as root: what the kernel walks with, and the first process's model. */
export const rootContext: FileSystemContext = new FileSystemContext();
export const rootIdentity: Identity = new Identity();

/** Mount the root file system; false when it has no root directory. */
export function mountRoot(fileSystem: FileSystem): bool {
  let mounted = mount(fileSystem, null);
  if (mounted === null) return false;
  let top = new Path(mounted, mounted.root);
  rootContext.setRoot(top);
  rootContext.setDirectory(top);
  return true;
}

/** Mount on the directory `path`, making it when it is missing; null with the reason in `openError`. */
export function mountAt(fileSystem: FileSystem, path: StaticArray<u8>, flags: u64 = 0): Mount | null {
  let walk = begin(rootContext, rootIdentity);
  let place = findDirectory(walk, path);
  end(walk);
  return place === null ? null : mount(fileSystem, place, flags);
}

/** The place that an absolute path leads to; null with the reason in `lookupError`. */
export function findPath(path: StaticArray<u8>): Path | null {
  let walk = begin(rootContext, rootIdentity);
  walk.setText(path);
  lookupError = walk.run(rootContext, rootIdentity, rootContext.root!, Last.FOLLOW);
  let place: Path | null = null;
  if (lookupError == 0) place = walk.toPath();
  end(walk);
  return place;
}

/** Why the last `findPath` or `mountAt` returned null. */
export let lookupError: i32 = 0;

function findDirectory(walk: Walk, path: StaticArray<u8>): Path | null {
  let top = rootContext.root!;
  walk.setText(path);
  lookupError = walk.run(rootContext, rootIdentity, top, Last.FOLLOW);
  if (lookupError == -ENOENT) {
    walk.setText(path);
    lookupError = walk.run(rootContext, rootIdentity, top, Last.NAME);
    if (lookupError == 0) lookupError = change.makeDirectory(walk, rootIdentity, 0o755);
  }
  if (lookupError < 0) return null;
  let inode = walk.inode;
  if (inode === null || !inode.isDirectory) {
    lookupError = inode === null ? openError : -ENOTDIR;
    return null;
  }
  return walk.toPath();
}
