// Resource limits: man 2 getrlimit. Numbers from Linux include/uapi/asm-generic/resource.h.

export const RLIM_INFINITY: u64 = u64.MAX_VALUE;
export const RLIMIT_CPU: i32 = 0;
export const RLIMIT_FSIZE: i32 = 1;
export const RLIMIT_DATA: i32 = 2;
export const RLIMIT_STACK: i32 = 3;
export const RLIMIT_CORE: i32 = 4;
export const RLIMIT_RSS: i32 = 5;
export const RLIMIT_NPROC: i32 = 6;
export const RLIMIT_NOFILE: i32 = 7;
export const RLIMIT_MEMLOCK: i32 = 8;
export const RLIMIT_AS: i32 = 9;
export const RLIMIT_LOCKS: i32 = 10;
export const RLIMIT_SIGPENDING: i32 = 11;
export const RLIMIT_MSGQUEUE: i32 = 12;
export const RLIMIT_NICE: i32 = 13;
export const RLIMIT_RTPRIO: i32 = 14;
export const RLIMIT_RTTIME: i32 = 15;
export const LIMIT_COUNT: i32 = 16;

export class ResourceLimits {
  soft: StaticArray<u64> = new StaticArray<u64>(LIMIT_COUNT);
  hard: StaticArray<u64> = new StaticArray<u64>(LIMIT_COUNT);

  constructor() {
    for (let i = 0; i < LIMIT_COUNT; i++) {
      this.soft[i] = RLIM_INFINITY;
      this.hard[i] = RLIM_INFINITY;
    }
    this.soft[RLIMIT_STACK] = 8 << 20;
    this.soft[RLIMIT_CORE] = 0;
    this.soft[RLIMIT_NOFILE] = 1048576;
    this.hard[RLIMIT_NOFILE] = 1048576;
    this.soft[RLIMIT_SIGPENDING] = 4096;
    this.hard[RLIMIT_SIGPENDING] = 4096;
    this.soft[RLIMIT_NPROC] = 4096;
    this.hard[RLIMIT_NPROC] = 4096;
    this.soft[RLIMIT_NICE] = 0;
    this.hard[RLIMIT_NICE] = 0;
    this.soft[RLIMIT_RTPRIO] = 0;
    this.hard[RLIMIT_RTPRIO] = 0;
    this.soft[RLIMIT_MSGQUEUE] = 819200;
    this.hard[RLIMIT_MSGQUEUE] = 819200;
  }

  /** The soft limit on open files, as a descriptor number. */
  get descriptors(): i32 {
    let limit = this.soft[RLIMIT_NOFILE];
    return limit > 1048576 ? 1048576 : <i32>limit;
  }

  copy(): ResourceLimits {
    let limits = new ResourceLimits();
    for (let i = 0; i < LIMIT_COUNT; i++) {
      limits.soft[i] = this.soft[i];
      limits.hard[i] = this.hard[i];
    }
    return limits;
  }
}
