// Errors that the network reports about datagrams.

import { ControlMessage } from "../icmp/control";
import * as table from "./table";

/** Whether we have an endpoint that could have sent what the report quotes. */
export function hasSent(report: ControlMessage): bool {
  return table.find(report.local, report.localPort, report.remote, report.remotePort, 0) !== null;
}

export function control(report: ControlMessage): void {
  let endpoint = table.find(report.local, report.localPort, report.remote, report.remotePort, 0);
  if (endpoint !== null) endpoint.control(report);
}
