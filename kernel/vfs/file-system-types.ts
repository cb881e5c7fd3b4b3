// The kinds of file systems there are (man 5 filesystems), by name: who has one registers it, mount(2) and the boot find it.

import { ENODEV } from "../abi/errno";
import * as module from "../lib/module";
import { FileSystem } from "./file-system";

export abstract class FileSystemType {
  /** The module that brought it. */
  module: string = "";

  /** As mount(2) names it. */
  abstract get name(): string;

  /** Whether programs may mount it: others are there once, from the boot on. */
  get isMountable(): bool {
    return false;
  }

  /** Whether what is mounted is a device (in /proc/filesystems the others are "nodev"). */
  get needsDevice(): bool {
    return false;
  }

  /**
   * A file system for mount(2)'s `source` and `options`, as bytes; null with the reason in `mountError`.
   */
  create(_source: StaticArray<u8>, _options: StaticArray<u8>): FileSystem | null {
    failMount(-ENODEV);
    return null;
  }
}

/** All kinds, in the order of registration. */
export const types: Array<FileSystemType> = [] as FileSystemType[];

/** Why the last `create` gave nothing: a negative errno. */
export let mountError: i32 = -ENODEV;

/** Note the reason for a null result. */
export function failMount(error: i32): void {
  mountError = error;
}

/** Make a kind known; false when there is one of that name. */
export function registerFileSystem(type: FileSystemType): bool {
  if (findFileSystem(type.name) !== null) return false;
  type.module = module.current;
  types.push(type);
  return true;
}

/** The kind of a name; null when there is none. */
export function findFileSystem(name: string): FileSystemType | null {
  for (let i = 0; i < types.length; i++) if (types[i].name == name) return types[i];
  return null;
}

/** As `findFileSystem`, for the first `length` bytes of `name`. */
export function findFileSystemBytes(name: StaticArray<u8>, length: i32): FileSystemType | null {
  for (let i = 0; i < types.length; i++) {
    let own = types[i].name;
    let isSame = own.length == length;
    for (let j = 0; isSame && j < length; j++) isSame = own.charCodeAt(j) == <i32>name[j];
    if (isSame) return types[i];
  }
  return null;
}
