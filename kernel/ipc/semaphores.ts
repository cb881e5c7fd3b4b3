// Semaphore sets: man 2 semget, semop, semctl. An operation list happens as a whole or waits; who waits looks again whenever
// the set changes. SEM_UNDO keeps, for each process, what its end is to take back.

import { EAGAIN, EFBIG, EIDRM, EINTR, ERANGE, ETIMEDOUT } from "../abi/errno";
import { IPC_NOWAIT, SEM_UNDO } from "../abi/ipc";
import { wait } from "../sched/block";
import { WaitQueue } from "../sched/wait";
import { IpcObject, IpcTable, nowSeconds } from "./objects";

// Linux's limits (man 2 semget, semop): sets, semaphores of a set, of all sets, operations of a call, the largest value.
export const SEMMNI: i32 = 32000;
export const SEMMSL: i32 = 32000;
export const SEMMNS: i32 = 1024000000;
export const SEMOPM: i32 = 500;
export const SEMVMX: i32 = 32767;

/** What the end of a process takes back. */
class Undo {
  adjustments: StaticArray<i32>;

  constructor(
    readonly process: i32,
    count: i32,
  ) {
    this.adjustments = new StaticArray<i32>(count);
  }
}

/** struct sembuf, several of them. */
export class Operations {
  numbers: StaticArray<i32>;
  deltas: StaticArray<i32>;
  flags: StaticArray<u32>;

  constructor(readonly length: i32) {
    this.numbers = new StaticArray<i32>(length);
    this.deltas = new StaticArray<i32>(length);
    this.flags = new StaticArray<u32>(length);
  }

  /** Whether any of them changes a value. */
  get alters(): bool {
    for (let i = 0; i < this.length; i++) if (this.deltas[i] != 0) return true;
    return false;
  }
}

/** From `attempt`: it has to wait. */
const BLOCKED: i32 = 1;

export class SemaphoreSet extends IpcObject {
  readonly values: StaticArray<i32>;
  /** Who changed it last. */
  readonly processes: StaticArray<i32>;
  /** Threads that wait for more, and for zero. */
  readonly waitingForMore: StaticArray<i32>;
  readonly waitingForZero: StaticArray<i32>;
  operationTime: i64 = 0;
  private undos: Array<Undo> = [] as Undo[];
  private changed: WaitQueue = new WaitQueue();
  /** The operation at which the last `attempt` stopped. */
  private stoppedAt: i32 = 0;

  constructor(readonly count: i32) {
    super();
    this.values = new StaticArray<i32>(count);
    this.processes = new StaticArray<i32>(count);
    this.waitingForMore = new StaticArray<i32>(count);
    this.waitingForZero = new StaticArray<i32>(count);
  }

  /** semtimedop(2) with checked rights. Returns 0 or a negative errno. */
  operate(operations: Operations, process: i32, deadlineNs: u64): i32 {
    for (let i = 0; i < operations.length; i++) if (operations.numbers[i] >= this.count) return -EFBIG;
    while (true) {
      let result = this.attempt(operations, process);
      if (result <= 0) return result;
      let at = this.stoppedAt;
      if ((operations.flags[at] & IPC_NOWAIT) != 0) return -EAGAIN;
      let waiting = operations.deltas[at] == 0 ? this.waitingForZero : this.waitingForMore;
      let number = operations.numbers[at];
      waiting[number]++;
      let why = wait(this.changed, deadlineNs);
      waiting[number]--;
      if (this.isRemoved) return -EIDRM;
      if (why == -ETIMEDOUT) return -EAGAIN;
      if (why < 0) return -EINTR;
    }
  }

  /** All of them at once: 0, BLOCKED, or a negative errno. */
  private attempt(operations: Operations, process: i32): i32 {
    let result = 0;
    let done = 0;
    for (; done < operations.length; done++) {
      let number = operations.numbers[done];
      let delta = operations.deltas[done];
      let value = this.values[number];
      if (delta == 0 ? value != 0 : value + delta < 0) result = BLOCKED;
      else if (value + delta > SEMVMX) result = -ERANGE;
      if (result != 0) break;
      this.values[number] = value + delta;
    }
    if (result != 0) {
      this.stoppedAt = done;
      while (done-- > 0) this.values[operations.numbers[done]] -= operations.deltas[done];
      return result;
    }
    for (let i = 0; i < operations.length; i++) {
      this.processes[operations.numbers[i]] = process;
      if ((operations.flags[i] & SEM_UNDO) != 0)
        this.undoOf(process).adjustments[operations.numbers[i]] -= operations.deltas[i];
    }
    this.operationTime = nowSeconds();
    if (operations.alters) this.changed.wakeAll();
    return 0;
  }

  private undoOf(process: i32): Undo {
    for (let i = 0; i < this.undos.length; i++) if (this.undos[i].process == process) return this.undos[i];
    let undo = new Undo(process, this.count);
    this.undos.push(undo);
    return undo;
  }

  /** SETVAL: what ends of processes would take back of it is forgotten. */
  set(number: i32, value: i32, process: i32): void {
    this.values[number] = value;
    this.processes[number] = process;
    for (let i = 0; i < this.undos.length; i++) this.undos[i].adjustments[number] = 0;
    this.changeTime = nowSeconds();
    this.changed.wakeAll();
  }

  /** A process has ended. */
  processEnded(process: i32): void {
    for (let i = 0; i < this.undos.length; i++) {
      let undo = this.undos[i];
      if (undo.process != process) continue;
      for (let number = 0; number < this.count; number++) {
        let adjustment = undo.adjustments[number];
        if (adjustment == 0) continue;
        this.values[number] = max(0, min(SEMVMX, this.values[number] + adjustment));
        this.processes[number] = process;
      }
      this.undos.splice(i, 1);
      this.operationTime = nowSeconds();
      this.changed.wakeAll();
      return;
    }
  }

  destroy(): void {
    this.isRemoved = true;
    sets.remove(this);
    this.changed.wakeAll();
  }
}

export const sets = new IpcTable<SemaphoreSet>(SEMMNI);

/** A process has ended: its SEM_UNDO operations are taken back. */
export function undoAll(process: i32): void {
  if (sets.count == 0) return;
  for (let slot = 0; slot < sets.slotCount; slot++) {
    let set = sets.atSlot(slot);
    if (set !== null) set.processEnded(process);
  }
}
