// The file system of pseudo-terminals, /dev/pts (Documentation/filesystems/devpts.rst): a node for every slave whose master
// is open, and ptmx.

import { DT_CHR } from "../../abi/dirent";
import { EACCES, EIO, ENOENT } from "../../abi/errno";
import { makeDevice } from "../../abi/stat";
import { anonymousDevice } from "../../fs/tmpfs/tmpfs";
import { Text } from "../../lib/text";
import { wallNs } from "../../sched/clock";
import { DirectorySink } from "../../vfs/directory-sink";
import { File } from "../../vfs/file";
import { FileSystem } from "../../vfs/file-system";
import { failOpen, Inode, S_IFCHR, S_IFDIR } from "../../vfs/inode";
import { openTerminal } from "../tty-file";
import { MAX_PAIRS, pairAt, PseudoTerminal } from "./pseudo-terminal";

/** man 2 statfs. */
const DEVPTS_SUPER_MAGIC: u64 = 0x1cd1;
/** Inode numbers: the root's, ptmx's, slaves' from here on. */
const ROOT_NUMBER: u64 = 1;
const PTMX_NUMBER: u64 = 2;
const FIRST_SLAVE_NUMBER: u64 = 3;
/** The group "tty" of every distribution: wall(1) and mesg(1) go by it. */
const TTY_GROUP: u32 = 5;
/** /dev/ptmx: Linux devices.txt. */
const PTMX_MAJOR: u32 = 5;
const PTMX_MINOR: u32 = 2;

class PtsInode extends Inode {
  constructor(fileSystem: FileSystem, number: u64, mode: u32) {
    super(fileSystem);
    this.number = number;
    this.mode = mode;
    let nowNs = <i64>wallNs();
    this.accessNs = nowNs;
    this.modifyNs = nowNs;
    this.changeNs = nowNs;
  }

  override allowAttributeChange(): i32 {
    return 0;
  }
}

/** /dev/pts/N. Belongs to who opened the master, as grantpt(3) wants it. */
class SlaveNode extends PtsInode {
  constructor(
    fileSystem: FileSystem,
    readonly pair: PseudoTerminal,
  ) {
    super(fileSystem, FIRST_SLAVE_NUMBER + <u64>pair.index, S_IFCHR | 0o620);
    this.device = pair.slave.deviceNumber;
    this.userId = pair.ownerId;
    this.groupId = TTY_GROUP;
  }

  override open(flags: u32): File | null {
    if (!this.pair.isLocked && !this.pair.isMasterClosed) return openTerminal(this.pair.slave, flags);
    failOpen(-EIO);
    return null;
  }
}

class PtsDirectory extends PtsInode {
  private readonly multiplexor: PtsInode;

  constructor(fileSystem: FileSystem) {
    super(fileSystem, ROOT_NUMBER, S_IFDIR | 0o755);
    this.linkCount = 2;
    this.multiplexor = new PtsInode(fileSystem, PTMX_NUMBER, S_IFCHR | 0o666);
    this.multiplexor.device = makeDevice(PTMX_MAJOR, PTMX_MINOR);
  }

  /** Slaves come and go by themselves. */
  override get keepsNames(): bool {
    return false;
  }

  /** The node of a slave, the same as long as its master is open; null when there is none. */
  private node(index: i32): Inode | null {
    let pair = pairAt(index);
    if (pair === null) return null;
    let node = pair.node;
    if (node === null) {
      node = new SlaveNode(this.fileSystem, pair);
      pair.node = node;
    }
    return node;
  }

  override lookup(name: StaticArray<u8>, length: i32): Inode | null {
    let found: Inode | null = null;
    if (length == 4 && name[0] == 0x70 && name[1] == 0x74 && name[2] == 0x6d && name[3] == 0x78)
      found = this.multiplexor;
    else found = this.node(numberOf(name, length));
    if (found === null) failOpen(-ENOENT);
    return found;
  }

  override readNames(sink: DirectorySink, position: u64): i32 {
    let name = new Text(12);
    if (position == 0) {
      name.string("ptmx");
      if (!sink.entry(name.address, name.length, PTMX_NUMBER, DT_CHR, 1)) return 0;
    }
    for (let index = position > 0 ? <i32>position - 1 : 0; index < MAX_PAIRS; index++) {
      if (pairAt(index) === null) continue;
      name.clear().decimal(<u64>index);
      if (!sink.entry(name.address, name.length, FIRST_SLAVE_NUMBER + <u64>index, DT_CHR, <u64>index + 2)) break;
    }
    return 0;
  }

  override create(_name: StaticArray<u8>, _length: i32, _mode: u32, _device: u64): Inode | null {
    failOpen(-EACCES);
    return null;
  }

  override makeDirectory(_name: StaticArray<u8>, _length: i32, _mode: u32): Inode | null {
    failOpen(-EACCES);
    return null;
  }
}

/** A name of digits as a number, -1 for any other name. */
function numberOf(name: StaticArray<u8>, length: i32): i32 {
  if (length == 0 || length > 4 || (length > 1 && name[0] == 0x30)) return -1;
  let value = 0;
  for (let i = 0; i < length; i++) {
    let digit = <i32>name[i] - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

export class DevPts extends FileSystem {
  private top: Inode | null = null;

  constructor() {
    super();
    this.device = anonymousDevice();
    this.top = new PtsDirectory(this);
  }

  override get kind(): string {
    return "devpts";
  }
  override get magic(): u64 {
    return DEVPTS_SUPER_MAGIC;
  }
  override root(): Inode | null {
    return this.top;
  }
}
