// A process: what its threads share. man 2 clone lists what that is; man 5 proc_pid shows most of it.

import { AddressSpace } from "../memory/address-space";
import { WaitQueue } from "../sched/wait";
import { FileSystemContext } from "../vfs/context";
import { Credentials } from "./credentials";
import { DescriptorTable } from "./descriptor-table";
import { ResourceLimits } from "./resource-limits";
import { SignalActions } from "./signal-actions";
import { UserThread } from "./user-thread";

export class Process {
  /** The process's number: that of its first thread. */
  id: i32 = 0;
  parent: Process | null = null;
  children: Array<Process> = [] as Process[];
  /** Process group and session (man 7 credentials). */
  groupId: i32 = 0;
  sessionId: i32 = 0;
  threads: Array<UserThread> = [] as UserThread[];
  addressSpace: AddressSpace = new AddressSpace();
  descriptors: DescriptorTable = new DescriptorTable();
  /** Root, current directory, umask. */
  files: FileSystemContext = new FileSystemContext();
  credentials: Credentials = new Credentials();
  limits: ResourceLimits = new ResourceLimits();
  signalActions: SignalActions = new SignalActions();
  /** Woken when a child changes state (wait4) or a thread leaves. */
  childChanged: WaitQueue = new WaitQueue();
}
