// Who is told when something happens to a connection, a listener or a datagram endpoint: the socket above it.
//
// Rules of use: the calls come while the stack is at work. An observer notes what happened and wakes whoever waits;
// it does not call back into the endpoint.

import { ControlMessage } from "./icmp/control";

export abstract class SocketObserver {
  /** Data, a connection to accept, or the end of the stream can be had without waiting. */
  abstract readable(): void;
  /** There is room to send again, or the connection has been established. */
  abstract writable(): void;
  /** The peer has closed its side for good, or the connection is over in both directions. */
  abstract closed(): void;
  /** Something failed; the endpoint's `error` says what (a positive errno). */
  abstract failed(error: i32): void;
  /** The network complained about what was sent: for sockets that keep a queue of such (IP_RECVERR). */
  reported(_report: ControlMessage): void {}
  /** Urgent data arrived (man 7 tcp, SIGURG and POLLPRI). */
  urgent(): void {}

  /** Whose socket it is and its inode number, for /proc/net. */
  get user(): u32 {
    return 0;
  }

  get inode(): u64 {
    return 0;
  }
}
