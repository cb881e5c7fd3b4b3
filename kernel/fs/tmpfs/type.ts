// tmpfs as a kind of file system (man 5 tmpfs): of the mount options `mode` counts, the rest is taken and left aside.

import { FileSystem } from "../../vfs/file-system";
import { FileSystemType, registerFileSystem } from "../../vfs/file-system-types";
import { Tmpfs } from "./tmpfs";

const DEFAULT_MODE: u32 = 0o1777;
const MODE: string = "mode=";
const COMMA: u8 = 0x2c;

class TmpfsType extends FileSystemType {
  override get name(): string {
    return "tmpfs";
  }

  override get isMountable(): bool {
    return true;
  }

  override create(_source: StaticArray<u8>, options: StaticArray<u8>): FileSystem | null {
    return new Tmpfs(modeOf(options));
  }
}

/** The root directory's permissions, in octal behind `mode=`. */
function modeOf(options: StaticArray<u8>): u32 {
  for (let start = 0; start + MODE.length < options.length; start++) {
    if (start > 0 && options[start - 1] != COMMA) continue;
    let at = 0;
    while (at < MODE.length && <i32>options[start + at] == MODE.charCodeAt(at)) at++;
    if (at < MODE.length) continue;
    let mode: u32 = 0;
    for (let i = start + at; i < options.length && options[i] != COMMA; i++)
      mode = mode * 8 + ((<u32>options[i] - 0x30) & 7);
    return mode & 0o7777;
  }
  return DEFAULT_MODE;
}

export function register(): void {
  registerFileSystem(new TmpfsType());
}
