// /proc/PID/stat, status, limits, cgroup: man 5 proc_pid_stat, proc_pid_status.

import { NS_PER_CLOCK_TICK } from "../abi/time";
import { Text } from "../lib/text";
import { processRunNs, processSystemNs, threadRunNs, threadSystemNs } from "../process/cpu-time";
import { terminalNames } from "../process/process-group";
import { Process, ProcessState } from "../process/process";
import { LIMIT_COUNT, ResourceLimits, RLIM_INFINITY } from "../process/resource-limits";
import { setOf } from "../process/signal-set";
import { UserThread } from "../process/user-thread";
import { ThreadState } from "../sched/thread";
import { libraryPages, stackPages, writablePages } from "./memory-files";

/** R, S, T, Z as ps shows them; a process is what its first thread is. */
export function stateLetter(process: Process, thread: UserThread | null): u32 {
  if (process.state != ProcessState.RUNNING || thread === null) return 0x5a;
  if (process.stopSignal != 0) return 0x54;
  return thread.state == ThreadState.BLOCKED ? 0x53 : 0x52;
}

function parentId(process: Process): i32 {
  let parent = process.parent;
  return parent === null ? 0 : parent.id;
}

/** The program's and the kernel's part of a processor time, in clock ticks. */
function appendTimes(text: Text, runTimeNs: u64, systemNs: u64): void {
  text.decimal((runTimeNs - systemNs) / NS_PER_CLOCK_TICK).byte(0x20);
  text.decimal(systemNs / NS_PER_CLOCK_TICK).byte(0x20);
}

/** /proc/PID/stat (`thread` null) or /proc/PID/task/TID/stat. */
export function renderStat(process: Process, thread: UserThread | null, text: Text): void {
  let shown = thread !== null ? thread : process.firstThread;
  let space = process.addressSpace;
  let usage = space.usage;
  text.decimal(<u64>(thread !== null ? thread.id : process.id)).string(" (");
  if (shown !== null) text.nulTerminated(shown.name);
  text.string(") ").byte(stateLetter(process, shown)).byte(0x20);
  text.signed(parentId(process)).byte(0x20).signed(process.groupId).byte(0x20).signed(process.sessionId);
  text.byte(0x20).decimal(terminalNames.deviceOf(process)).byte(0x20);
  text.signed(terminalNames.foregroundOf(process)).string(" 0 "); // flags
  text.decimal(usage.minorFaults).string(" 0 ").decimal(usage.majorFaults).string(" 0 ");
  let systemNs = thread !== null ? threadSystemNs(thread) : processSystemNs(process);
  appendTimes(text, thread !== null ? threadRunNs(thread) : processRunNs(process), systemNs);
  appendTimes(text, process.childrenRunTimeNs, process.childrenSystemNs);
  let nice = shown === null ? 0 : shown.nice;
  text
    .signed(20 + nice)
    .byte(0x20)
    .signed(nice)
    .byte(0x20);
  text.decimal(<u64>process.threads.length).string(" 0 ");
  text.decimal(process.startNs / NS_PER_CLOCK_TICK).byte(0x20);
  text
    .decimal(usage.mappedPages << 12)
    .byte(0x20)
    .signed(usage.residentPages)
    .byte(0x20)
    .decimal(RLIM_INFINITY);
  text.byte(0x20).decimal(space.codeStart).byte(0x20).decimal(space.codeEnd).byte(0x20).decimal(space.stackStart);
  text.string(" 0 0 0 0 "); // kstkesp, kstkeip, signal, blocked
  text.string("0 0 0 0 0 17 0 "); // sigignore, sigcatch, wchan, nswap, cnswap, exit_signal, processor
  text
    .decimal(shown === null ? 0 : <u64>shown.priority)
    .byte(0x20)
    .decimal(shown === null ? 0 : <u64>shown.policy);
  text.string(" 0 0 0 ").decimal(space.dataStart).byte(0x20).decimal(space.dataEnd).byte(0x20);
  text.decimal(space.breakStart).byte(0x20).decimal(space.argumentsStart).byte(0x20).decimal(space.argumentsEnd);
  text.byte(0x20).decimal(space.environmentStart).byte(0x20).decimal(space.environmentEnd).byte(0x20);
  text.signed(process.exitStatus).byte(0x0a);
}

function line(text: Text, name: string): Text {
  return text.string(name).string(":\t");
}

function kilobytes(text: Text, name: string, pages: u64): void {
  line(text, name)
    .decimal(pages << 2, 8)
    .string(" kB\n");
}

function signalSet(text: Text, name: string, set: u64): void {
  line(text, name).hexPadded(set, 16).byte(0x0a);
}

/** /proc/PID/status (`thread` null) or /proc/PID/task/TID/status. */
export function renderStatus(process: Process, thread: UserThread | null, text: Text): void {
  let shown = thread !== null ? thread : process.firstThread;
  let credentials = process.credentials;
  line(text, "Name");
  if (shown !== null) text.nulTerminated(shown.name);
  text.byte(0x0a);
  line(text, "Umask")
    .octal(<u64>process.files.umask)
    .byte(0x0a);
  let state = stateLetter(process, shown);
  line(text, "State").byte(state).string(stateName(state)).byte(0x0a);
  line(text, "Tgid")
    .decimal(<u64>process.id)
    .byte(0x0a);
  line(text, "Ngid").string("0\n");
  line(text, "Pid")
    .decimal(<u64>(thread !== null ? thread.id : process.id))
    .byte(0x0a);
  line(text, "PPid").signed(parentId(process)).byte(0x0a);
  line(text, "TracerPid").string("0\n");
  ids(line(text, "Uid"), credentials.realUser, credentials.effectiveUser, credentials.savedUser, credentials.fileUser);
  ids(
    line(text, "Gid"),
    credentials.realGroup,
    credentials.effectiveGroup,
    credentials.savedGroup,
    credentials.fileGroup,
  );
  line(text, "FDSize")
    .decimal(<u64>max(64, process.descriptors.size))
    .byte(0x0a);
  line(text, "Groups");
  for (let i = 0; i < credentials.groups.length; i++) text.decimal(<u64>credentials.groups[i]).byte(0x20);
  text.byte(0x0a);
  if (process.state == ProcessState.RUNNING) renderMemory(process, text);
  line(text, "Threads")
    .decimal(<u64>process.threads.length)
    .byte(0x0a);
  if (shown !== null) renderSignals(process, shown, text);
  line(text, "NoNewPrivs").string(process.hasNoNewPrivileges ? "1\n" : "0\n");
  line(text, "Seccomp").string("0\n");
  line(text, "Cpus_allowed").string("1\n");
  line(text, "Cpus_allowed_list").string("0\n");
  line(text, "Mems_allowed").string("1\n");
  line(text, "Mems_allowed_list").string("0\n");
  if (shown === null) return;
  line(text, "voluntary_ctxt_switches").decimal(shown.voluntarySwitches).byte(0x0a);
  line(text, "nonvoluntary_ctxt_switches").decimal(shown.involuntarySwitches).byte(0x0a);
}

function stateName(letter: u32): string {
  switch (letter) {
    case 0x52:
      return " (running)";
    case 0x53:
      return " (sleeping)";
    case 0x54:
      return " (stopped)";
    default:
      return " (zombie)";
  }
}

function ids(text: Text, real: u32, effective: u32, saved: u32, file: u32): void {
  text.decimal(real).byte(0x09).decimal(effective).byte(0x09).decimal(saved).byte(0x09).decimal(file).byte(0x0a);
}

function renderMemory(process: Process, text: Text): void {
  let space = process.addressSpace;
  let usage = space.usage;
  kilobytes(text, "VmPeak", usage.peakMappedPages);
  kilobytes(text, "VmSize", usage.mappedPages);
  kilobytes(text, "VmLck", usage.lockedPages);
  kilobytes(text, "VmPin", 0);
  kilobytes(text, "VmHWM", <u64>usage.peakResidentPages);
  kilobytes(text, "VmRSS", <u64>usage.residentPages);
  kilobytes(text, "RssAnon", <u64>usage.anonymousPages);
  kilobytes(text, "RssFile", <u64>usage.filePages);
  kilobytes(text, "RssShmem", <u64>usage.sharedPages);
  kilobytes(text, "VmData", writablePages(space));
  kilobytes(text, "VmStk", stackPages(space));
  kilobytes(text, "VmExe", (space.codeEnd - space.codeStart + 4095) >> 12);
  kilobytes(text, "VmLib", libraryPages(space));
  kilobytes(text, "VmPTE", <u64>space.tablePages);
  kilobytes(text, "VmSwap", 0);
}

function renderSignals(process: Process, thread: UserThread, text: Text): void {
  line(text, "SigQ").string("0/").decimal(process.limits.soft[11]).byte(0x0a);
  signalSet(text, "SigPnd", thread.pending.set);
  signalSet(text, "ShdPnd", process.pending.set);
  signalSet(text, "SigBlk", thread.mask);
  let ignored: u64 = 0;
  let caught: u64 = 0;
  for (let signal = 1; signal <= 64; signal++) {
    let bit = setOf(signal);
    if (process.signalActions.handler(signal) == 1) ignored |= bit;
    else if (process.signalActions.isHandled(signal)) caught |= bit;
  }
  signalSet(text, "SigIgn", ignored);
  signalSet(text, "SigCgt", caught);
  let capabilities: u64 = process.credentials.effectiveUser == 0 ? 0x1ffffffffff : 0;
  signalSet(text, "CapInh", 0);
  signalSet(text, "CapPrm", capabilities);
  signalSet(text, "CapEff", capabilities);
  signalSet(text, "CapBnd", 0x1ffffffffff);
  signalSet(text, "CapAmb", 0);
}

const LIMIT_NAMES: StaticArray<string> = [
  "Max cpu time              ",
  "Max file size             ",
  "Max data size             ",
  "Max stack size            ",
  "Max core file size        ",
  "Max resident set          ",
  "Max processes             ",
  "Max open files            ",
  "Max locked memory         ",
  "Max address space         ",
  "Max file locks            ",
  "Max pending signals       ",
  "Max msgqueue size         ",
  "Max nice priority         ",
  "Max realtime priority     ",
  "Max realtime timeout      ",
];
const LIMIT_UNITS: StaticArray<string> = [
  "seconds",
  "bytes",
  "bytes",
  "bytes",
  "bytes",
  "bytes",
  "processes",
  "files",
  "bytes",
  "bytes",
  "locks",
  "signals",
  "bytes",
  "",
  "",
  "us",
];

/** /proc/PID/limits. */
export function renderLimits(limits: ResourceLimits, text: Text): void {
  text.string("Limit                     Soft Limit           Hard Limit           Units     \n");
  for (let i = 0; i < LIMIT_COUNT; i++) {
    let start = text.length;
    text.string(LIMIT_NAMES[i]);
    limit(text, limits.soft[i]);
    text.padTo(start + 47);
    limit(text, limits.hard[i]);
    text
      .padTo(start + 68)
      .string(LIMIT_UNITS[i])
      .padTo(start + 78)
      .byte(0x0a);
  }
}

function limit(text: Text, value: u64): void {
  if (value == RLIM_INFINITY) text.string("unlimited");
  else text.decimal(value);
}
