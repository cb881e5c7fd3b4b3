// Resource use and system information: Linux include/uapi/linux/{resource,sysinfo,sched}.h, man 2 getrusage, sysinfo.

export const RUSAGE_SELF: i32 = 0;
export const RUSAGE_CHILDREN: i32 = -1;
export const RUSAGE_THREAD: i32 = 1;

/** struct rusage: sixteen longs, of which Linux fills these. */
@unmanaged
export class ResourceUsage {
  userSeconds: i64;
  userMicroseconds: i64;
  systemSeconds: i64;
  systemMicroseconds: i64;
  maxResidentKb: i64;
  sharedTextKb: i64;
  dataKb: i64;
  stackKb: i64;
  minorFaults: i64;
  majorFaults: i64;
  swaps: i64;
  blocksIn: i64;
  blocksOut: i64;
  messagesSent: i64;
  messagesReceived: i64;
  signals: i64;
  voluntarySwitches: i64;
  involuntarySwitches: i64;
}
export const RESOURCE_USAGE_SIZE: u64 = 144;

/** struct sysinfo. */
@unmanaged
export class SystemInformation {
  uptimeSeconds: i64;
  load1: u64;
  load5: u64;
  load15: u64;
  totalMemory: u64;
  freeMemory: u64;
  sharedMemory: u64;
  bufferMemory: u64;
  totalSwap: u64;
  freeSwap: u64;
  processes: u16;
  padding0: u16;
  padding1: u32;
  totalHigh: u64;
  freeHigh: u64;
  unit: u32;
}
export const SYSTEM_INFORMATION_SIZE: u64 = 112;

/** getpriority: man 2 getpriority. */
export const PRIO_PROCESS: i32 = 0;
export const PRIO_PGRP: i32 = 1;
export const PRIO_USER: i32 = 2;

/** Scheduling policies: man 7 sched. */
export const SCHED_OTHER: i32 = 0;
export const SCHED_FIFO: i32 = 1;
export const SCHED_RR: i32 = 2;
export const SCHED_BATCH: i32 = 3;
export const SCHED_IDLE: i32 = 5;
export const SCHED_DEADLINE: i32 = 6;
export const SCHED_RESET_ON_FORK: i32 = 0x40000000;
