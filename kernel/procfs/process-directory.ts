// /proc/PID and /proc/PID/task/TID (man 5 proc_pid): a directory of files that each know their process.

import { bytesAddress } from "memory/address";
import { DT_DIR, DT_LNK } from "../abi/dirent";
import { EINVAL, ENOENT, EPERM, ESRCH } from "../abi/errno";
import { Text } from "../lib/text";
import { AddressSpace } from "../memory/address-space";
import { readRemote } from "../memory/remote";
import { findProcess } from "../process/process-table";
import { currentProcess } from "../process/current";
import { Process, ProcessState } from "../process/process";
import { UserThread } from "../process/user-thread";
import { DirectorySink } from "../vfs/directory-sink";
import { File } from "../vfs/file";
import { placeOf } from "../vfs/handle-inode";
import { Identity } from "../vfs/identity";
import { failOpen, Inode, S_IFDIR, S_IFLNK } from "../vfs/inode";
import { Path } from "../vfs/path";
import { pathText } from "../vfs/path-text";
import { renderMaps, renderMapping, renderStatm } from "./memory-files";
import { renderMountInfo, renderMounts } from "./mount-files";
import {
  FixedLink,
  numberOf,
  ProcDirectory,
  ProcFileSystem,
  ProcLink,
  ProcNode,
  ProcText,
  TextSource,
} from "./proc-file-system";
import { renderStack } from "./stack-files";
import { renderLimits, renderStat, renderStatus } from "./status-files";

/** Which file of a process a source renders. */
const enum Kind {
  AUXV,
  CGROUP,
  CMDLINE,
  COMM,
  ENVIRON,
  FDINFO,
  IO,
  LIMITS,
  MAPS,
  MOUNTINFO,
  MOUNTS,
  OOM_ADJUST,
  OOM_SCORE,
  PERSONALITY,
  SCHEDSTAT,
  SMAPS,
  STACK,
  STAT,
  STATM,
  STATUS,
  WCHAN,
}

class ProcessFile extends TextSource {
  constructor(
    readonly process: Process,
    /** The thread it is about; null: the process. */
    readonly thread: UserThread | null,
    readonly kind: Kind,
    /** FDINFO: which descriptor. */
    readonly descriptor: i32 = 0,
  ) {
    super();
  }

  /** An open file of a process that was waited for. */
  override get error(): i32 {
    return this.process.state == ProcessState.REAPED ? -ESRCH : 0;
  }

  override render(text: Text): void {
    let process = this.process;
    let space = process.addressSpace;
    let isAlive = process.state == ProcessState.RUNNING;
    switch (this.kind) {
      case Kind.AUXV:
        if (isAlive) for (let i = 0; i < space.auxiliary.length; i++) word(text, space.auxiliary[i]);
        break;
      case Kind.CGROUP:
        text.string("0::/\n");
        break;
      case Kind.CMDLINE:
        if (isAlive) memoryText(space, space.argumentsStart, space.argumentsEnd, text);
        break;
      case Kind.COMM: {
        let thread = this.thread !== null ? this.thread : process.firstThread;
        if (thread !== null) text.nulTerminated(thread.name);
        text.byte(0x0a);
        break;
      }
      case Kind.ENVIRON:
        if (isAlive) memoryText(space, space.environmentStart, space.environmentEnd, text);
        break;
      case Kind.FDINFO:
        this.renderDescriptor(text);
        break;
      case Kind.IO:
        text.string(
          "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n",
        );
        break;
      case Kind.LIMITS:
        renderLimits(process.limits, text);
        break;
      case Kind.MAPS:
        if (isAlive) renderMaps(space, text);
        break;
      case Kind.MOUNTINFO:
        renderMountInfo(process.files.root, text);
        break;
      case Kind.MOUNTS:
        renderMounts(process.files.root, text);
        break;
      case Kind.OOM_ADJUST:
      case Kind.OOM_SCORE:
        text.string("0\n");
        break;
      case Kind.PERSONALITY:
        text.hexPadded(<u64>process.personality, 8).byte(0x0a);
        break;
      case Kind.SCHEDSTAT: {
        let thread = this.thread !== null ? this.thread : process.firstThread;
        if (thread === null) break;
        text
          .decimal(thread.runTimeNs)
          .string(" 0 ")
          .decimal(thread.voluntarySwitches + thread.involuntarySwitches);
        text.byte(0x0a);
        break;
      }
      case Kind.SMAPS:
        if (isAlive) {
          for (let i = 0; i < space.mappings.length; i++) {
            let mapping = space.mappings.at(i);
            renderMapping(space, mapping, text);
            text
              .string("Size:")
              .decimal(mapping.length >> 10, 19)
              .string(" kB\n");
          }
        }
        break;
      case Kind.STACK: {
        let thread = this.thread !== null ? this.thread : process.firstThread;
        if (isAlive && thread !== null) renderStack(thread, text);
        break;
      }
      case Kind.STAT:
        renderStat(process, this.thread, text);
        break;
      case Kind.STATM:
        if (isAlive) renderStatm(space, text);
        break;
      case Kind.STATUS:
        renderStatus(process, this.thread, text);
        break;
      case Kind.WCHAN:
        text.byte(0x30);
        break;
      default:
        break;
    }
  }

  private renderDescriptor(text: Text): void {
    let file = this.process.descriptors.get(this.descriptor);
    if (file === null) return;
    let flags: u64 = file.flags;
    if (this.process.descriptors.isCloseOnExec(this.descriptor)) flags |= 0o2000000;
    text.string("pos:\t").decimal(file.position).string("\nflags:\t").octal(flags).string("\nmnt_id:\t");
    let path = file.path;
    text.decimal(path === null ? 0 : <u64>path.mount.id).string("\nino:\t");
    let inode = file.inode;
    text.decimal(inode === null ? 0 : inode.number).byte(0x0a);
  }

  override accept(bytes: StaticArray<u8>, length: i32): i32 {
    if (this.kind == Kind.COMM) {
      let thread = this.thread !== null ? this.thread : this.process.firstThread;
      if (thread === null) return -EINVAL;
      for (let i = 0; i < 16; i++) {
        thread.name[i] = i < 15 && i < length && bytes[i] != 0x0a ? bytes[i] : 0;
      }
      return 0;
    }
    return this.kind == Kind.OOM_ADJUST ? 0 : -EPERM;
  }
}

function word(text: Text, value: u64): void {
  for (let shift: u64 = 0; shift < 64; shift += 8) text.byte(<u32>((value >> shift) & 0xff));
}

/** The bytes of a stretch of the program's memory: argv, environ. */
function memoryText(space: AddressSpace, start: u64, end: u64, text: Text): void {
  let buffer = new StaticArray<u8>(1024);
  let address = start;
  while (address < end) {
    let step = min(end - address, 1024);
    if (readRemote(space, bytesAddress(buffer), address, step) != 0) return;
    text.array(buffer, 0, <i32>step);
    address += step;
  }
}

/** exe, cwd, root and fd/N: links that lead to the very file, whatever their text says. */
const enum LinkKind {
  EXECUTABLE,
  DIRECTORY,
  ROOT,
  DESCRIPTOR,
}

class ProcessLink extends ProcLink {
  constructor(
    fileSystem: ProcFileSystem,
    readonly process: Process,
    readonly kind: LinkKind,
    readonly descriptor: i32,
  ) {
    super(fileSystem);
    if (kind == LinkKind.DESCRIPTOR) this.mode = S_IFLNK | accessBits(process.descriptors.get(descriptor));
  }

  private target(): Path | null {
    // A process that has ended has neither program nor directories nor files.
    if (this.process.state != ProcessState.RUNNING) return null;
    switch (this.kind) {
      case LinkKind.EXECUTABLE:
        return this.process.executable;
      case LinkKind.DIRECTORY:
        return this.process.files.directory;
      case LinkKind.ROOT:
        return this.process.files.root;
      default: {
        let file = this.process.descriptors.get(this.descriptor);
        return file === null ? null : file.path;
      }
    }
  }

  override followLink(): Path | null {
    if (this.kind != LinkKind.DESCRIPTOR || this.process.state != ProcessState.RUNNING) return this.target();
    let file = this.process.descriptors.get(this.descriptor);
    return file === null ? null : placeOf(file);
  }

  override render(text: Text): void {
    let path = this.target();
    if (path !== null) {
      text.array(pathText(path, null, true));
      return;
    }
    if (this.kind != LinkKind.DESCRIPTOR) return;
    let file = this.process.descriptors.get(this.descriptor);
    if (file !== null) text.array(file.describe());
  }
}

/** The permissions that a descriptor's link shows: what it was opened for. */
function accessBits(file: File | null): u32 {
  let bits: u32 = 0o100;
  if (file === null) return bits;
  if (file.isReadable) bits |= 0o400;
  if (file.isWritable) bits |= 0o200;
  return bits;
}

/** /proc/PID/fd and fdinfo: a name for each descriptor. */
class DescriptorDirectory extends ProcNode {
  constructor(
    readonly procFileSystem: ProcFileSystem,
    readonly process: Process,
    readonly isInfo: bool,
  ) {
    super(procFileSystem, S_IFDIR | 0o500);
  }

  /** A process may look at its own, whoever it has become (Linux proc_fd_permission). */
  override permits(identity: Identity, mask: u32): i32 {
    return this.process === currentProcess() ? 0 : super.permits(identity, mask);
  }

  override lookup(name: StaticArray<u8>, length: i32): Inode | null {
    let number = numberOf(name, length);
    if (number < 0 || this.process.descriptors.get(number) === null) {
      failOpen(-ENOENT);
      return null;
    }
    if (!this.isInfo) return new ProcessLink(this.procFileSystem, this.process, LinkKind.DESCRIPTOR, number);
    return new ProcText(this.procFileSystem, new ProcessFile(this.process, null, Kind.FDINFO, number), 0o400);
  }

  override readNames(sink: DirectorySink, position: u64): i32 {
    let name = new Text(12);
    for (let number = <i32>min(position, 0x7fffffff); number < this.process.descriptors.size; number++) {
      if (this.process.descriptors.get(number) === null) continue;
      name.clear().decimal(<u64>number);
      if (!sink.entry(name.address, name.length, <u64>number + 1, DT_LNK, <u64>number + 1)) break;
    }
    return 0;
  }
}

/** /proc/PID/task: a directory for each thread. */
class TaskDirectory extends ProcNode {
  constructor(
    readonly procFileSystem: ProcFileSystem,
    readonly process: Process,
  ) {
    super(procFileSystem, S_IFDIR | 0o555);
  }

  override lookup(name: StaticArray<u8>, length: i32): Inode | null {
    let number = numberOf(name, length);
    let threads = this.process.threads;
    for (let i = 0; i < threads.length; i++) {
      if (threads[i].id == number) return makeDirectory(this.procFileSystem, this.process, threads[i]);
    }
    failOpen(-ENOENT);
    return null;
  }

  override readNames(sink: DirectorySink, position: u64): i32 {
    let name = new Text(12);
    let threads = this.process.threads;
    for (let i = <i32>min(position, <u64>threads.length); i < threads.length; i++) {
      name.clear().decimal(<u64>threads[i].id);
      if (!sink.entry(name.address, name.length, <u64>threads[i].id, DT_DIR, <u64>i + 1)) break;
    }
    return 0;
  }
}

/** /proc/PID. */
class ProcessDirectory extends ProcDirectory {
  constructor(
    fileSystem: ProcFileSystem,
    readonly process: Process,
  ) {
    super(fileSystem);
  }
}

/** The process whose directory in /proc this is; null for anything else. */
export function processOf(inode: Inode): Process | null {
  return inode instanceof ProcessDirectory ? (inode as ProcessDirectory).process : null;
}

function makeDirectory(fileSystem: ProcFileSystem, process: Process, thread: UserThread | null): ProcDirectory {
  let directory = thread === null ? new ProcessDirectory(fileSystem, process) : new ProcDirectory(fileSystem);
  add(directory, process, thread, "auxv", Kind.AUXV, 0o400);
  add(directory, process, thread, "cgroup", Kind.CGROUP, 0o444);
  add(directory, process, thread, "cmdline", Kind.CMDLINE, 0o444);
  add(directory, process, thread, "comm", Kind.COMM, 0o644);
  add(directory, process, thread, "environ", Kind.ENVIRON, 0o400);
  add(directory, process, thread, "io", Kind.IO, 0o400);
  add(directory, process, thread, "limits", Kind.LIMITS, 0o644);
  add(directory, process, thread, "maps", Kind.MAPS, 0o444);
  add(directory, process, thread, "mountinfo", Kind.MOUNTINFO, 0o444);
  add(directory, process, thread, "mounts", Kind.MOUNTS, 0o444);
  add(directory, process, thread, "oom_adj", Kind.OOM_ADJUST, 0o644);
  add(directory, process, thread, "oom_score", Kind.OOM_SCORE, 0o444);
  add(directory, process, thread, "oom_score_adj", Kind.OOM_ADJUST, 0o644);
  add(directory, process, thread, "personality", Kind.PERSONALITY, 0o400);
  add(directory, process, thread, "schedstat", Kind.SCHEDSTAT, 0o444);
  add(directory, process, thread, "smaps", Kind.SMAPS, 0o444);
  add(directory, process, thread, "stack", Kind.STACK, 0o400);
  add(directory, process, thread, "stat", Kind.STAT, 0o444);
  add(directory, process, thread, "statm", Kind.STATM, 0o444);
  add(directory, process, thread, "status", Kind.STATUS, 0o444);
  add(directory, process, thread, "wchan", Kind.WCHAN, 0o444);
  directory.add("cwd", new ProcessLink(fileSystem, process, LinkKind.DIRECTORY, 0));
  directory.add("exe", new ProcessLink(fileSystem, process, LinkKind.EXECUTABLE, 0));
  directory.add("root", new ProcessLink(fileSystem, process, LinkKind.ROOT, 0));
  directory.add("fd", new DescriptorDirectory(fileSystem, process, false));
  directory.add("fdinfo", new DescriptorDirectory(fileSystem, process, true));
  if (thread === null) {
    directory.add("task", new TaskDirectory(fileSystem, process));
    directory.add("net", new FixedLink(fileSystem, "../net"));
  }
  directory.userId = process.credentials.effectiveUser;
  directory.groupId = process.credentials.effectiveGroup;
  return directory;
}

function add(
  directory: ProcDirectory,
  process: Process,
  thread: UserThread | null,
  name: string,
  kind: Kind,
  permissions: u32,
): void {
  directory.addText(name, new ProcessFile(process, thread, kind), permissions);
}

/** The directory of a process number, null when there is none. A number of any thread finds its process, as on Linux. */
export function processDirectory(fileSystem: ProcFileSystem, id: i32): ProcDirectory | null {
  let process = findProcess(id);
  return process === null ? null : makeDirectory(fileSystem, process, null);
}
