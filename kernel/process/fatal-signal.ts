// The line that a shell would print when a signal ends a program: which signal, where, in which thread.

import { SIGINT, SIGPIPE, SIGTERM } from "../abi/signal";
import { Text } from "../lib/text";
import * as log from "../log/log";
import { SignalRecord } from "./signal-queue";
import { isFault, isRealTime } from "./signal-set";
import { UserThread } from "./user-thread";

const NAMES: StaticArray<string> = [
  "signal 0",
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGILL",
  "SIGTRAP",
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGKILL",
  "SIGUSR1",
  "SIGSEGV",
  "SIGUSR2",
  "SIGPIPE",
  "SIGALRM",
  "SIGTERM",
  "SIGSTKFLT",
  "SIGCHLD",
  "SIGCONT",
  "SIGSTOP",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
  "SIGURG",
  "SIGXCPU",
  "SIGXFSZ",
  "SIGVTALRM",
  "SIGPROF",
  "SIGWINCH",
  "SIGIO",
  "SIGPWR",
  "SIGSYS",
];

/** Append a signal's name. */
export function appendSignalName(text: Text, signal: i32): Text {
  if (isRealTime(signal)) return text.string("SIGRTMIN+").decimal(<u64>(signal - 32));
  return text.string(NAMES[signal]);
}

const line = new Text(256);

/**
 * Log it, and print it for the first process; others have a parent that tells. SIGINT, SIGTERM and SIGPIPE are how programs are
 * meant to end: those go to the log alone.
 */
export function reportFatalSignal(thread: UserThread, record: SignalRecord, signal: i32): void {
  let process = thread.process;
  let text = log.begin(log.NOTICE);
  describe(text, thread, record, signal);
  log.end();
  if (process.id != 1 || signal == SIGINT || signal == SIGTERM || signal == SIGPIPE) return;
  line.clear().string("eggos: ");
  describe(line, thread, record, signal);
  line.byte(0x0a);
  log.write(line.address, <u64>line.length);
}

function describe(text: Text, thread: UserThread, record: SignalRecord, signal: i32): void {
  let registers = thread.registers;
  text
    .nulTerminated(thread.name)
    .string(" (process ")
    .decimal(<u64>thread.process.id);
  if (thread.id != thread.process.id) text.string(", thread ").decimal(<u64>thread.id);
  text.string(") ended by ");
  appendSignalName(text, signal);
  if (record.signal == signal && isFault(signal, record.code)) {
    text.string(" at address ").hex(record.word0);
  }
  text.string(", rip ").hex(registers.rip).string(", rsp ").hex(registers.rsp);
}
