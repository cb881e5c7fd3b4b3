// Process groups and sessions: man 7 credentials, man 2 setpgid.

import { SIGCONT, SIGHUP } from "../abi/signal";
import { Process, ProcessState } from "./process";
import { processAt, processCount } from "./process-table";
import { signalGroup } from "./signal-send";

/**
 * A group is orphaned when no member's parent is in the same session but another group: nobody could continue it
 * (POSIX.1-2017 3.264). `leaving` does not count as a member.
 */
export function isOrphanedGroup(groupId: i32, leaving: Process | null = null): bool {
  for (let p = 0; p < processCount(); p++) {
    let process = processAt(p);
    if (process.groupId == groupId && process !== leaving && process.state == ProcessState.RUNNING) {
      let parent = process.parent;
      if (parent !== null && parent.groupId != groupId && parent.sessionId == process.sessionId && parent !== leaving) {
        return false;
      }
    }
  }
  return true;
}

function hasStoppedMember(groupId: i32): bool {
  for (let p = 0; p < processCount(); p++) {
    let process = processAt(p);
    if (process.groupId == groupId && process.stopSignal != 0) return true;
  }
  return false;
}

/**
 * `leaving` ends, and with it the tie between `member` and its parent (one of the two is `leaving`). If that was what kept the group
 * from being orphaned, its stopped members get SIGHUP and SIGCONT (man 2 _exit).
 */
export function releaseOrphanedGroup(member: Process, parent: Process | null, leaving: Process): void {
  let groupId = member.groupId;
  if (parent === null || parent.groupId == groupId || parent.sessionId != member.sessionId) return;
  if (!hasStoppedMember(groupId) || !isOrphanedGroup(groupId, leaving)) return;
  signalGroup(groupId, SIGHUP);
  signalGroup(groupId, SIGCONT);
}

/** Told when a session's leader ends: the terminal hangs up. */
export class SessionWatcher {
  ended(_sessionId: i32): void {}
}

let watcher: SessionWatcher = new SessionWatcher();

export function setSessionWatcher(sessionWatcher: SessionWatcher): void {
  watcher = sessionWatcher;
}

export function sessionEnded(sessionId: i32): void {
  watcher.ended(sessionId);
}

/** What a process's controlling terminal is, for /proc/PID/stat: set by the terminals' side. */
export class TerminalNames {
  /** Its device number, 0 without one; its foreground group, -1 without one. */
  deviceOf(_process: Process): u64 {
    return 0;
  }
  foregroundOf(_process: Process): i32 {
    return -1;
  }
}

export let terminalNames: TerminalNames = new TerminalNames();

export function setTerminalNames(names: TerminalNames): void {
  terminalNames = names;
}
