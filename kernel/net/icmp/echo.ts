// Echo replies: whoever sent the request (a ping socket, man 7 icmp) may listen here; nobody does by default.

import { Packet } from "../packet/packet";
import { ControlMessage } from "./control";

/** Takes the reply over when it is meant for it. */
export abstract class EchoListener {
  /** The packet stands at its ICMP header. True: taken (and to be released by the listener). */
  abstract received(packet: Packet): bool;
  /** The network complained about a request: its identifier is the report's local port. */
  abstract reported(report: ControlMessage): void;
}

let listener: EchoListener | null = null;

export function setListener(to: EchoListener | null): void {
  listener = to;
}

export function receive(packet: Packet): void {
  let to = listener;
  if (to === null || !to.received(packet)) packet.release();
}

/** An error about an echo request. */
export function report(message: ControlMessage): void {
  let to = listener;
  if (to !== null) to.reported(message);
}
