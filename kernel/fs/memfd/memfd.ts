// memfd_create(2): a file in memory without a name in any directory, which can be sealed (man 2 fcntl, "File Sealing").

import { EINVAL, ENOMEM } from "../../abi/errno";
import { F_SEAL_EXEC, O_LARGEFILE, O_RDWR } from "../../abi/fcntl";
import { Text } from "../../lib/text";
import { failOpen } from "../../vfs/inode";
import { RegularFile } from "../../vfs/regular-file";
import { Tmpfs } from "../tmpfs/tmpfs";

export const MFD_CLOEXEC: u32 = 1;
export const MFD_ALLOW_SEALING: u32 = 2;
export const MFD_HUGETLB: u32 = 4;
export const MFD_NOEXEC_SEAL: u32 = 8;
export const MFD_EXEC: u32 = 16;
/** The longest name: NAME_MAX less "memfd:". */
export const MAX_NAME: i32 = 249;

/** Where such files live, made with the first. */
let fileSystem: Tmpfs | null = null;

export class MemoryFile extends RegularFile {
  constructor(private readonly name: StaticArray<u8>) {
    super();
  }

  override describe(): StaticArray<u8> {
    let text = new Text(this.name.length + 17).string("/memfd:").array(this.name).string(" (deleted)");
    return text.bytes;
  }
}

/** A new file, or null with the reason in `openError`. `flags` are MFD_*, checked. */
export function createMemoryFile(name: StaticArray<u8>, flags: u32): MemoryFile | null {
  let home = fileSystem;
  if (home === null) {
    home = new Tmpfs(0o1777);
    fileSystem = home;
  }
  let isNoExec = (flags & MFD_NOEXEC_SEAL) != 0;
  failOpen(-ENOMEM);
  let inode = home.createAnonymous(isNoExec ? 0o666 : 0o777);
  if (inode === null) return null;
  if (isNoExec) inode.sealBits = F_SEAL_EXEC;
  else if ((flags & MFD_ALLOW_SEALING) != 0) inode.sealBits = 0;
  let file = new MemoryFile(name);
  file.flags = O_RDWR | O_LARGEFILE;
  file.attach(inode, null);
  inode.writerCount++;
  return file;
}

/** Whether memfd_create takes these flags: 0 or -EINVAL. */
export function checkFlags(flags: u32): i32 {
  let known = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC;
  if ((flags & ~known) != 0) return -EINVAL;
  return (flags & MFD_EXEC) != 0 && (flags & MFD_NOEXEC_SEAL) != 0 ? -EINVAL : 0;
}
