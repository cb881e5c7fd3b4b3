// What sockets ask about the process behind a call (kernel/socket/caller.ts).

import { SIGPIPE } from "../abi/signal";
import { currentProcess } from "../process/current";
import { findProcess, findThread } from "../process/process-table";
import { signalGroup, signalProcess, signalSelf, signalThread } from "../process/signal-send";
import { Caller } from "../socket/caller";
import { FileSystemContext } from "../vfs/context";
import { File } from "../vfs/file";
import { Identity } from "../vfs/identity";

/** F_OWNER_TID and F_OWNER_PGRP (man 2 fcntl). */
const OWNER_THREAD: i32 = 0;
const OWNER_GROUP: i32 = 2;

export class ProcessCaller extends Caller {
  override get processId(): i32 {
    return currentProcess().id;
  }
  override get user(): u32 {
    return currentProcess().credentials.effectiveUser;
  }
  override get group(): u32 {
    return currentProcess().credentials.effectiveGroup;
  }
  override get isPrivileged(): bool {
    return currentProcess().credentials.effectiveUser == 0;
  }
  override get descriptorLimit(): i32 {
    return currentProcess().limits.descriptors;
  }
  override get context(): FileSystemContext | null {
    return currentProcess().files;
  }
  override get identity(): Identity | null {
    return currentProcess().credentials;
  }

  override brokenPipe(): void {
    signalSelf(SIGPIPE);
  }

  override signalOwner(file: File, signal: i32): void {
    let owner = file.owner;
    if (owner == 0) return;
    if (file.signal != 0) signal = file.signal;
    if (file.ownerKind == OWNER_GROUP) {
      signalGroup(owner, signal);
      return;
    }
    if (file.ownerKind == OWNER_THREAD) {
      let thread = findThread(owner);
      if (thread !== null) signalThread(thread, signal);
      return;
    }
    let process = findProcess(owner);
    if (process !== null) signalProcess(process, signal);
  }
}
