// The tops of /proc and /sys, and where everything in them is listed.

import { DT_DIR } from "../abi/dirent";
import { ENOENT } from "../abi/errno";
import * as module from "../lib/module";
import { Text } from "../lib/text";
import { currentThread } from "../process/current";
import { Process } from "../process/process";
import { nextProcess } from "../process/process-table";
import { DirectorySink } from "../vfs/directory-sink";
import { types } from "../vfs/file-system-types";
import { failOpen, Inode } from "../vfs/inode";
import * as system from "../process/system-name";
import { addAt, FixedLink, numberOf, ProcDirectory, ProcFileSystem, ProcLink, TextSource } from "./proc-file-system";
import { processDirectory } from "./process-directory";
import { KernelThreads } from "./stack-files";
import * as files from "./system-files";

/** Process directories come after the fixed names. */
const FIRST_PROCESS_POSITION: u64 = 0x1000;

class ProcRoot extends ProcDirectory {
  override lookup(name: StaticArray<u8>, length: i32): Inode | null {
    let fixed = this.child(name, length);
    if (fixed !== null) return fixed;
    let id = numberOf(name, length);
    let found = id > 0 ? processDirectory(this.procFileSystem, id) : null;
    if (found === null) failOpen(-ENOENT);
    return found;
  }

  override readNames(sink: DirectorySink, position: u64): i32 {
    if (position < FIRST_PROCESS_POSITION && !this.listChildren(sink, position)) return 0;
    let from = position < FIRST_PROCESS_POSITION ? 1 : <i32>(position - FIRST_PROCESS_POSITION);
    let name = new Text(12);
    let process: Process | null = nextProcess(from);
    while (process !== null) {
      let id = process.id;
      name.clear().decimal(<u64>id);
      if (!sink.entry(name.address, name.length, <u64>id, DT_DIR, FIRST_PROCESS_POSITION + <u64>id + 1)) break;
      process = nextProcess(id + 1);
    }
    return 0;
  }
}

/** /proc/self and /proc/thread-self. */
class SelfLink extends ProcLink {
  constructor(
    fileSystem: ProcFileSystem,
    readonly isThread: bool,
  ) {
    super(fileSystem);
  }

  override render(text: Text): void {
    let thread = currentThread();
    text.decimal(<u64>thread.process.id);
    if (this.isThread) text.string("/task/").decimal(<u64>thread.id);
  }
}

class HostName extends TextSource {
  override render(text: Text): void {
    text.array(system.hostName()).byte(0x0a);
  }

  override accept(bytes: StaticArray<u8>, length: i32): i32 {
    let end = length;
    while (end > 0 && bytes[end - 1] == 0x0a) end--;
    return system.setHostName(StaticArray.slice<u8>(bytes, 0, end));
  }
}

/** man 5 filesystems. */
class FileSystemList extends TextSource {
  override render(text: Text): void {
    for (let i = 0; i < types.length; i++) {
      if (!types[i].needsDevice) text.string("nodev");
      text.byte(0x09).string(types[i].name).byte(0x0a);
    }
  }
}

/** The modules that this kernel was made of (docs/kernel-packages.md), one a line. */
class ModuleList extends TextSource {
  override render(text: Text): void {
    for (let i = 0; i < module.names.length; i++) text.string(module.names[i]).byte(0x0a);
  }
}

const procFileSystem = new ProcFileSystem(false);
const sysFileSystem = new ProcFileSystem(true);
const procRoot: ProcRoot = new ProcRoot(procFileSystem);
export const sysRoot: ProcDirectory = new ProcDirectory(sysFileSystem);

/** Add /proc/`path`. Precondition: nothing stands there. */
export function registerProcFile(path: string, source: TextSource, permissions: u32 = 0o444): void {
  addAt(procRoot, path, source, permissions);
}

/** Add /sys/`path`. */
export function registerSysFile(path: string, source: TextSource, permissions: u32 = 0o444): void {
  addAt(sysRoot, path, source, permissions);
}

/** /proc with its fixed files. */
export function createProcFileSystem(): ProcFileSystem {
  procFileSystem.setRoot(procRoot);
  procRoot.add("self", new SelfLink(procFileSystem, false));
  procRoot.add("thread-self", new SelfLink(procFileSystem, true));
  procRoot.add("mounts", new FixedLink(procFileSystem, "self/mounts"));
  registerProcFile("cmdline", new files.Constant("\n"));
  registerProcFile("cpuinfo", new files.CpuInformation());
  registerProcFile(
    "devices",
    new files.Constant(
      "Character devices:\n  1 mem\n  4 ttyS\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n 13 input\n 29 fb\n136 pts\n\nBlock devices:\n",
    ),
  );
  registerProcFile("filesystems", new FileSystemList());
  registerProcFile("loadavg", new files.LoadAverage());
  registerProcFile("meminfo", new files.MemoryInformation());
  registerProcFile("partitions", new files.Constant("major minor  #blocks  name\n\n"));
  registerProcFile("stat", new files.SystemStatistics());
  registerProcFile("swaps", new files.Constant("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"));
  registerProcFile("uptime", new files.Uptime());
  registerProcFile("version", new files.Version());
  registerProcFile("eggos/threads", new KernelThreads(), 0o400);
  registerProcFile("eggos/modules", new ModuleList());
  registerProcFile("eggos/collector", new files.CollectorStatistics());
  registerProcFile("sys/fs/aio-max-nr", new files.Setting(65536), 0o644);
  registerProcFile("sys/fs/file-max", new files.Setting(1048576), 0o644);
  registerProcFile("sys/fs/nr_open", new files.Setting(1048576), 0o644);
  registerProcFile("sys/fs/pipe-max-size", new files.Setting(1048576), 0o644);
  registerProcFile("sys/fs/inotify/max_user_instances", new files.Setting(128), 0o644);
  registerProcFile("sys/fs/inotify/max_user_watches", new files.Setting(65536), 0o644);
  registerProcFile("sys/fs/inotify/max_queued_events", new files.Setting(16384), 0o644);
  registerProcFile("sys/kernel/cap_last_cap", new files.Setting(40));
  registerProcFile("sys/kernel/hostname", new HostName(), 0o644);
  registerProcFile("sys/kernel/ngroups_max", new files.Setting(65536));
  registerProcFile("sys/kernel/osrelease", new files.Constant(system.RELEASE + "\n"));
  registerProcFile("sys/kernel/ostype", new files.Constant(system.SYSTEM + "\n"));
  registerProcFile("sys/kernel/pid_max", new files.Setting(files.PID_MAX));
  registerProcFile("sys/kernel/random/uuid", new files.RandomUuid());
  registerProcFile("sys/kernel/random/boot_id", new files.BootId());
  registerProcFile("sys/kernel/random/entropy_avail", new files.Setting(256));
  registerProcFile("sys/kernel/randomize_va_space", new files.Setting(2));
  registerProcFile("sys/kernel/threads-max", new files.Setting(<u64>files.threadLimit()));
  registerProcFile("sys/kernel/version", new files.Constant(system.VERSION + "\n"));
  registerProcFile("sys/kernel/yama/ptrace_scope", new files.Setting(1));
  registerProcFile("sys/vm/max_map_count", new files.Setting(65530));
  registerProcFile("sys/vm/mmap_min_addr", new files.Setting(65536));
  registerProcFile("sys/vm/overcommit_memory", new files.Setting(0), 0o644);
  registerProcFile("sys/vm/swappiness", new files.Setting(0), 0o644);
  registerProcFile("sys/net/core/somaxconn", new files.Setting(4096), 0o644);
  return procFileSystem;
}

/** /sys with the files that C libraries and language runtimes read. */
export function createSysFileSystem(): ProcFileSystem {
  sysFileSystem.setRoot(sysRoot);
  registerSysFile("devices/system/cpu/online", new files.Constant("0\n"));
  registerSysFile("devices/system/cpu/possible", new files.Constant("0\n"));
  registerSysFile("devices/system/cpu/present", new files.Constant("0\n"));
  registerSysFile("devices/system/cpu/kernel_max", new files.Constant("0\n"));
  registerSysFile("devices/system/cpu/cpu0/topology/core_id", new files.Constant("0\n"));
  registerSysFile("devices/system/cpu/cpu0/topology/physical_package_id", new files.Constant("0\n"));
  registerSysFile("devices/system/cpu/cpu0/topology/thread_siblings_list", new files.Constant("0\n"));
  registerSysFile("devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", new files.ClockRate());
  registerSysFile("devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", new files.ClockRate());
  registerSysFile("devices/system/node/online", new files.Constant("0\n"));
  registerSysFile("devices/system/node/node0/cpulist", new files.Constant("0\n"));
  registerSysFile("kernel/mm/transparent_hugepage/enabled", new files.Constant("always madvise [never]\n"));
  registerSysFile("kernel/mm/transparent_hugepage/hpage_pmd_size", new files.Constant("2097152\n"));
  registerSysFile("fs/cgroup/cgroup.controllers", new files.Constant(""));
  return sysFileSystem;
}
