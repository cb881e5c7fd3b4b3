// What a connection does about errors that the network reports (RFC 9293 §3.9.2.2, RFC 5927: nothing rash; RFC 1191).

import { ControlMessage } from "../icmp/control";
import * as pathMtu from "../ip/path-mtu";
import { finish } from "./closing";
import { Connection } from "./connection";
import { push, refreshPath, updateSegmentSize } from "./output";
import { Mark } from "./scoreboard";
import { atOrAfter, atOrBefore } from "./sequence";
import { State } from "./state";

export function receiveControl(c: Connection, report: ControlMessage): void {
  // A report about what is not in flight is a guess (RFC 5927 §4.1).
  let window = c.sendWindow;
  let isPlausible = atOrAfter(report.sequence, window.unacknowledged) && atOrBefore(report.sequence, window.next);
  if (!isPlausible) return;
  if (report.mtu != 0) {
    receiveTooBig(c, report);
    return;
  }
  if (c.state == State.SYN_SENT) {
    if (report.isHard) {
      finish(c, report.error);
      return;
    }
    // A router may find another way before the tries are over; a dead neighbour will not.
    c.softError = report.error;
    return;
  }
  c.softError = report.error;
}

/** Path MTU discovery: send what did not pass again, smaller. */
function receiveTooBig(c: Connection, report: ControlMessage): void {
  if (report.mtu >= c.path.mtu) return;
  pathMtu.learn(c.remote, report.mtu);
  if (!refreshPath(c)) return;
  updateSegmentSize(c);
  let board = c.scoreboard;
  let record = board.first;
  while (record !== null) {
    if (!record.has(Mark.SACKED) && !record.isPending && record.length > c.segmentSize) board.markLost(record);
    record = record.next;
  }
  push(c);
}
