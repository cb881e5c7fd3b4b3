// Waiting for children: man 2 wait4, waitid.

import { ECHILD, EINTR } from "../abi/errno";
import { __WALL, __WCLONE, P_PGID, P_PID, WCONTINUED, WEXITED, WNOHANG, WNOWAIT, WSTOPPED } from "../abi/clone";
import { CLD_CONTINUED, CLD_DUMPED, CLD_EXITED, CLD_KILLED, CLD_STOPPED, SIGCHLD, SIGCONT } from "../abi/signal";
import { wait } from "../sched/block";
import { processRunNs, processSystemNs } from "./cpu-time";
import { reap } from "./exit";
import { Process, ProcessState } from "./process";

/** What a successful wait found. */
export class ChildReport {
  /** The child's number; 0 when WNOHANG found none. */
  id: i32 = 0;
  user: u32 = 0;
  /** CLD_* and si_status. */
  code: i32 = 0;
  status: i32 = 0;
  /** wait4's status word. */
  word: i32 = 0;
  runTimeNs: u64 = 0;
  systemNs: u64 = 0;
  peakResidentPages: u64 = 0;
}

/**
 * Wait for a child of `process` that `kind` (P_*) and `id` select to change as `options` (WEXITED, WSTOPPED, WCONTINUED …)
 * asks. Fills `report` and returns 0, or -ECHILD, or -EINTR.
 */
export function waitForChild(process: Process, kind: i32, id: i32, options: u32, report: ChildReport): i64 {
  while (true) {
    let isEligible = false;
    for (let i = 0; i < process.children.length; i++) {
      let child = process.children[i];
      if (!isSelected(child, kind, id, options)) continue;
      isEligible = true;
      if (hasReport(child, options, report)) return 0;
    }
    if (!isEligible) return -ECHILD;
    report.id = 0;
    if ((options & WNOHANG) != 0) return 0;
    let result = wait(process.childChanged);
    if (result == -EINTR) return -EINTR;
  }
}

function isSelected(child: Process, kind: i32, id: i32, options: u32): bool {
  if (kind == P_PID && child.id != id) return false;
  if (kind == P_PGID && child.groupId != id) return false;
  if ((options & __WALL) != 0) return true;
  return (child.exitSignal != SIGCHLD) == ((options & __WCLONE) != 0);
}

/** Whether the child has something that `options` asks for; takes it, unless WNOWAIT. */
function hasReport(child: Process, options: u32, report: ChildReport): bool {
  let keeps = (options & WNOWAIT) != 0;
  report.id = child.id;
  report.user = child.credentials.realUser;
  if (child.state == ProcessState.ZOMBIE && (options & WEXITED) != 0) {
    let status = child.exitStatus;
    report.word = status;
    report.code = (status & 0x7f) == 0 ? CLD_EXITED : (status & 0x80) != 0 ? CLD_DUMPED : CLD_KILLED;
    report.status = (status & 0x7f) == 0 ? status >> 8 : status & 0x7f;
    report.runTimeNs = processRunNs(child) + child.childrenRunTimeNs;
    report.systemNs = processSystemNs(child) + child.childrenSystemNs;
    report.peakResidentPages = child.peakResidentPages;
    if (!keeps) reap(child);
    return true;
  }
  if (child.state != ProcessState.RUNNING) return false;
  report.runTimeNs = processRunNs(child);
  report.systemNs = processSystemNs(child);
  report.peakResidentPages = <u64>child.addressSpace.usage.peakResidentPages;
  if (child.hasStopReport && (options & WSTOPPED) != 0) {
    report.code = CLD_STOPPED;
    report.status = child.stopSignal;
    report.word = (child.stopSignal << 8) | 0x7f;
    if (!keeps) child.hasStopReport = false;
    return true;
  }
  if (child.hasContinueReport && (options & WCONTINUED) != 0) {
    report.code = CLD_CONTINUED;
    report.status = SIGCONT;
    report.word = 0xffff;
    if (!keeps) child.hasContinueReport = false;
    return true;
  }
  return false;
}
