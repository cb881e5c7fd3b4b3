// Errors that the network reports, to the conversation they are about.

import { ControlMessage } from "../icmp/control";
import * as table from "./table";

export function control(report: ControlMessage): void {
  let entry = table.find(report.local, report.remote, report.localPort, report.remotePort);
  if (entry !== null) entry.control(report);
}
