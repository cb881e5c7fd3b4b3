// Who calls: what sockets need to know of the process behind a system call, without knowing processes. The system-call
// layer registers the one that knows.

import { FileSystemContext } from "../vfs/context";
import { File } from "../vfs/file";
import { Identity } from "../vfs/identity";

export class Caller {
  /** The process's number, and its effective user and group. */
  get processId(): i32 {
    return 0;
  }
  get user(): u32 {
    return 0;
  }
  get group(): u32 {
    return 0;
  }
  /** CAP_NET_ADMIN, CAP_NET_BIND_SERVICE, CAP_NET_RAW and their kin. */
  get isPrivileged(): bool {
    return true;
  }
  /** How many descriptors it may have: the bound of descriptors in flight as well. */
  get descriptorLimit(): i32 {
    return 1024;
  }
  /** For walking to a socket's name; null before there is a process. */
  get context(): FileSystemContext | null {
    return null;
  }
  get identity(): Identity | null {
    return null;
  }
  /** A write to a connection that is gone: SIGPIPE for the thread. */
  brokenPipe(): void {}
  /** O_ASYNC and urgent data: `signal` (SIGIO, SIGURG) for the owner of the file (F_SETOWN). */
  signalOwner(_file: File, _signal: i32): void {}
}

/** The one that is asked. */
export let caller: Caller = new Caller();

export function setCaller(value: Caller): void {
  caller = value;
}
