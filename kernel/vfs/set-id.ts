// Set-user-ID and set-group-ID bits go when somebody unprivileged changes a file's content (Linux file_remove_privs).

import { S_ISGID, S_ISUID } from "../abi/stat";
import { Identity } from "./identity";
import { Inode } from "./inode";

/** Tells who is at work: registered by the system calls; until then the kernel itself is. */
export class Caller {
  private kernel: Identity = new Identity();

  identity(): Identity {
    return this.kernel;
  }
}

let caller: Caller = new Caller();

export function setCaller(newCaller: Caller): void {
  caller = newCaller;
}

/** Call before the content of a regular file changes. */
export function dropSetId(inode: Inode): void {
  if ((inode.mode & (S_ISUID | S_ISGID)) == 0) return;
  let identity = caller.identity();
  if (identity.isPrivileged) return;
  inode.mode &= ~S_ISUID;
  if ((inode.mode & 0o010) != 0 || !identity.isMember(inode.groupId)) inode.mode &= ~S_ISGID;
}
