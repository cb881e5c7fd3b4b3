// What a terminal asks of processes: signals to groups, and who may use it from the background (man 7 credentials,
// man 2 setpgid). The default does nothing, so that terminals can be tested alone.

import { Tty } from "./tty";

export class JobControl {
  signalGroup(_groupId: i32, _signal: i32): void {}

  signalSessionLeader(_sessionId: i32, _signal: i32): void {}

  /** A process of a background group reads, or writes with TOSTOP: see Tty.checkBackground. */
  checkBackground(_tty: Tty, _signal: i32): i64 {
    return 0;
  }

  /** The calling process's session and group; whether it leads its session. */
  get callerSession(): i32 {
    return 0;
  }
  get callerGroup(): i32 {
    return 0;
  }
  get isCallerLeader(): bool {
    return false;
  }

  /** The caller's controlling terminal, null for none. */
  get callerTerminal(): Tty | null {
    return null;
  }

  /** The caller, who does not lead its session, gives up its controlling terminal. */
  giveUpTerminal(): void {}

  /** Whether the caller may do what CAP_SYS_ADMIN allows. */
  get isCallerPrivileged(): bool {
    return true;
  }

  /** Whether a process group exists at all. */
  isGroup(_groupId: i32): bool {
    return false;
  }

  /** Whether a process group exists in a session. */
  isGroupIn(_groupId: i32, _sessionId: i32): bool {
    return false;
  }
}
