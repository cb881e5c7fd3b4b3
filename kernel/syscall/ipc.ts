// System V inter-process communication: shmget, shmat, shmdt, shmctl; semget, semop, semtimedop, semctl; msgget, msgsnd, msgrcv,
// msgctl.

import { at, bytesAddress, pointerOf } from "memory/address";
import * as mem from "machine/mem";
import * as frames from "memory/frames";
import { E2BIG, EEXIST, EFAULT, EFBIG, EINVAL, ENOMEM, ENOSPC, ENOSYS, EPERM, ERANGE } from "../abi/errno";
import * as abi from "../abi/ipc";
import { IpcPermission, PERMISSION_SIZE, QueueStatus, SegmentStatus, SetStatus } from "../abi/ipc";
import {
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_SHARED,
  PAGE_SHIFT,
  PAGE_SIZE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from "../abi/mman";
import * as nr from "../abi/syscall-numbers";
import { MSGMAX, MSGMNB, MSGMNI, MessageQueue, QueuedMessage, queues } from "../ipc/message-queues";
import { IpcObject, MAY_READ, MAY_WRITE, NEW, nowSeconds } from "../ipc/objects";
import { detach, Segment, SHMMAX, SHMMNI, segments } from "../ipc/segments";
import { Operations, SEMMNI, SEMMNS, SEMMSL, SEMOPM, SEMVMX, SemaphoreSet, sets, undoAll } from "../ipc/semaphores";
import { copyIn, copyOut, fetch64, fetched, store64 } from "../memory/user";
import { Credentials } from "../process/credentials";
import { currentProcess } from "../process/current";
import { addExitListener, ExitListener } from "../process/exit";
import { Process } from "../process/process";
import { readTimespec, timespecNs } from "../process/time-values";
import * as clock from "../sched/clock";
import { FOREVER } from "../sched/timer";
import { define1, define2, define3, define4, define5 } from "./table";

/** The largest of the structures. */
const buffer = new StaticArray<u8>(128);
const permission = at<IpcPermission>(pointerOf(buffer));
const behind: usize = pointerOf(buffer) + <usize>PERMISSION_SIZE;
const segmentStatus = at<SegmentStatus>(behind);
const setStatus = at<SetStatus>(behind);
const queueStatus = at<QueueStatus>(behind);

function who(): Credentials {
  return currentProcess().credentials;
}

function clearBuffer(): void {
  mem.fill(bytesAddress(buffer), 0, 128);
}

function put32(offset: i32, value: i32): void {
  mem.store32(bytesAddress(buffer) + <u64>offset, <u32>value);
}

function put64(offset: i32, value: u64): void {
  mem.store64(bytesAddress(buffer) + <u64>offset, value);
}

/** The buffer's first `size` bytes to the program: `result`, or -EFAULT. */
function give(address: u64, size: u64, result: i64): i64 {
  return copyOut(address, bytesAddress(buffer), size) < 0 ? -EFAULT : result;
}

/** IPC_SET's structure: 0 or -EFAULT. Only its permissions, and of a queue its limit, count. */
function takeIn(address: u64, size: u64): i64 {
  return copyIn(bytesAddress(buffer), address, size) < 0 ? -EFAULT : 0;
}

/** Rights to read, unless the command is one of those for anybody. */
function mayRead(object: IpcObject, forAnybody: bool): i64 {
  return forAnybody ? 0 : object.permits(who(), MAY_READ);
}

/** The highest slot, as the INFO commands return it. */
function highest(slotCount: i32): i64 {
  return max(0, slotCount - 1);
}

// ── Shared memory ──────────────────────────────────────────────────────────────────────────────────────────────────

function shmget(key: u64, size: u64, flagBits: u64): i64 {
  let flags = <u32>flagBits;
  let id = segments.lookup(<i32>key, flags, who());
  if (id != NEW) {
    let found = segments.found;
    return id >= 0 && found !== null && size > found.sizeBytes ? -EINVAL : id;
  }
  if (size == 0 || size > SHMMAX) return -EINVAL;
  if ((flags & abi.SHM_HUGETLB) != 0) return -ENOMEM;
  if (size >> PAGE_SHIFT > frames.totalCount()) return -ENOSPC;
  return segments.add(new Segment(<i32>key, size, currentProcess().id), <i32>key, flags, who());
}

function shmat(id: u64, wanted: u64, flagBits: u64): i64 {
  let flags = <u32>flagBits;
  let segment = segments.find(<i32>id);
  if (segment === null) return segments.missing(<i32>id);
  let address = wanted;
  if (address == 0 && (flags & abi.SHM_REMAP) != 0) return -EINVAL;
  if ((address & (PAGE_SIZE - 1)) != 0) {
    if ((flags & abi.SHM_RND) == 0) return -EINVAL;
    address &= ~(PAGE_SIZE - 1);
    if (address == 0 && (flags & abi.SHM_REMAP) != 0) return -EINVAL;
  }
  let isReadOnly = (flags & abi.SHM_RDONLY) != 0;
  let isExecutable = (flags & abi.SHM_EXEC) != 0;
  let rights = MAY_READ | (isReadOnly ? 0 : MAY_WRITE) | (isExecutable ? 1 : 0);
  let error = segment.permits(who(), rights);
  if (error < 0) return error;
  let protection = PROT_READ | (isReadOnly ? 0 : PROT_WRITE) | (isExecutable ? PROT_EXEC : 0);
  let place: u32 = address == 0 ? 0 : (flags & abi.SHM_REMAP) != 0 ? MAP_FIXED : MAP_FIXED_NOREPLACE;
  let memory = segment.memory;
  let space = currentProcess().addressSpace;
  let result = space.map(address, memory.sizeBytes, protection, MAP_SHARED | place, memory, 0, segment.name);
  if (result == -EEXIST) return -EINVAL;
  if (result >= 0) {
    segment.attachTime = nowSeconds();
    segment.lastProcess = currentProcess().id;
  }
  return result;
}

function shmdt(address: u64): i64 {
  if ((address & (PAGE_SIZE - 1)) != 0) return -EINVAL;
  return detach(currentProcess().addressSpace, address, currentProcess().id);
}

function shmctl(id: u64, command: u64, address: u64): i64 {
  switch (<i32>command) {
    case abi.IPC_INFO:
      // struct shminfo64: largest, smallest, segments, segments of a process, pages of all.
      clearBuffer();
      put64(0, SHMMAX);
      put64(8, 1);
      put64(16, <u64>SHMMNI);
      put64(24, <u64>SHMMNI);
      put64(32, SHMMAX >> PAGE_SHIFT);
      return give(address, 72, highest(segments.slotCount));
    case abi.SHM_INFO:
      // struct shm_info: segments, then their pages, those resident, those swapped.
      clearBuffer();
      put32(0, segments.count);
      put64(8, allPages(false));
      put64(16, allPages(true));
      return give(address, 48, highest(segments.slotCount));
    case abi.SHM_STAT:
    case abi.SHM_STAT_ANY: {
      let found = segments.atSlot(<i32>id);
      if (found === null) return -EINVAL;
      return segmentStat(found, address, <i32>command == abi.SHM_STAT_ANY, found.id);
    }
  }
  let segment = segments.find(<i32>id);
  if (segment === null) return segments.missing(<i32>id);
  switch (<i32>command) {
    case abi.IPC_STAT:
      return segmentStat(segment, address, false, 0);
    case abi.IPC_SET: {
      if (takeIn(address, PERMISSION_SIZE) < 0) return -EFAULT;
      let error = segment.mayControl(who());
      if (error == 0) segment.take(permission);
      return error;
    }
    case abi.IPC_RMID: {
      let error = segment.mayControl(who());
      if (error == 0) segment.destroy();
      return error;
    }
    case abi.SHM_LOCK:
    case abi.SHM_UNLOCK: {
      // Memory is never written out: what locking asks for holds anyway.
      let error = segment.mayControl(who());
      if (error < 0) return error;
      if (<i32>command == abi.SHM_LOCK) segment.mode |= abi.SHM_LOCKED;
      else segment.mode &= ~abi.SHM_LOCKED;
      return 0;
    }
    default:
      return -EINVAL;
  }
}

function allPages(isResident: bool): u64 {
  let pages: u64 = 0;
  for (let slot = 0; slot < segments.slotCount; slot++) {
    let segment = segments.atSlot(slot);
    if (segment === null) continue;
    pages += isResident ? segment.memory.residentPages : segment.memory.sizeBytes >> PAGE_SHIFT;
  }
  return pages;
}

function segmentStat(segment: Segment, address: u64, forAnybody: bool, result: i64): i64 {
  let error = mayRead(segment, forAnybody);
  if (error < 0) return error;
  clearBuffer();
  segment.fill(permission);
  segmentStatus.size = segment.sizeBytes;
  segmentStatus.attachTime = segment.attachTime;
  segmentStatus.detachTime = segment.detachTime;
  segmentStatus.changeTime = segment.changeTime;
  segmentStatus.creatorProcess = segment.creatorProcess;
  segmentStatus.lastProcess = segment.lastProcess;
  segmentStatus.attachCount = <u64>segment.memory.attachCount;
  return give(address, abi.SEGMENT_SIZE, result);
}

// ── Semaphores ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Takes back what a process that ends has done with SEM_UNDO. */
class SemaphoreUndo extends ExitListener {
  override processEnded(process: Process): void {
    undoAll(process.id);
  }
}

function semget(key: u64, countBits: u64, flagBits: u64): i64 {
  let count = <i32>countBits;
  if (count < 0 || count > SEMMSL) return -EINVAL;
  let id = sets.lookup(<i32>key, <u32>flagBits, who());
  if (id != NEW) {
    let found = sets.found;
    return id >= 0 && found !== null && count > found.count ? -EINVAL : id;
  }
  if (count == 0) return -EINVAL;
  return sets.add(new SemaphoreSet(count), <i32>key, <u32>flagBits, who());
}

function semop(id: u64, address: u64, count: u64): i64 {
  return operate(<i32>id, address, <u32>count, FOREVER);
}

function semtimedop(id: u64, address: u64, count: u64, timeout: u64): i64 {
  let deadlineNs = FOREVER;
  if (timeout != 0) {
    let error = readTimespec(timeout);
    if (error < 0) return error;
    deadlineNs = clock.nowNs() + timespecNs;
  }
  return operate(<i32>id, address, <u32>count, deadlineNs);
}

function operate(id: i32, address: u64, count: u32, deadlineNs: u64): i64 {
  if (count < 1 || id < 0) return -EINVAL;
  if (count > <u32>SEMOPM) return -E2BIG;
  let bytes = new StaticArray<u8>(<i32>count * abi.SEMBUF_SIZE);
  if (copyIn(bytesAddress(bytes), address, <u64>bytes.length) < 0) return -EFAULT;
  let operations = new Operations(<i32>count);
  for (let i = 0; i < <i32>count; i++) {
    let from = bytesAddress(bytes) + <u64>(i * abi.SEMBUF_SIZE);
    operations.numbers[i] = <i32>mem.load16(from);
    operations.deltas[i] = <i32>(<i16>mem.load16(from + 2));
    operations.flags[i] = mem.load16(from + 4);
  }
  let set = sets.find(id);
  if (set === null) return sets.missing(id);
  for (let i = 0; i < operations.length; i++) if (operations.numbers[i] >= set.count) return -EFBIG;
  let error = set.permits(who(), operations.alters ? MAY_WRITE : MAY_READ);
  if (error < 0) return error;
  return set.operate(operations, currentProcess().id, deadlineNs);
}

function semctl(id: u64, number: u64, command: u64, argument: u64): i64 {
  switch (<i32>command) {
    case abi.IPC_INFO:
    case abi.SEM_INFO: {
      // struct seminfo, ten ints; SEM_INFO tells how many there are in place of two limits.
      clearBuffer();
      let isUsage = <i32>command == abi.SEM_INFO;
      put32(0, SEMMNS);
      put32(4, SEMMNI);
      put32(8, SEMMNS);
      put32(12, SEMMNS);
      put32(16, SEMMSL);
      put32(20, SEMOPM);
      put32(24, SEMOPM);
      put32(28, isUsage ? sets.count : 20);
      put32(32, SEMVMX);
      put32(36, isUsage ? allSemaphores() : SEMVMX);
      return give(argument, 40, highest(sets.slotCount));
    }
    case abi.SEM_STAT:
    case abi.SEM_STAT_ANY: {
      let found = sets.atSlot(<i32>id);
      if (found === null) return -EINVAL;
      return setStat(found, argument, <i32>command == abi.SEM_STAT_ANY, found.id);
    }
  }
  let set = sets.find(<i32>id);
  if (set === null) return sets.missing(<i32>id);
  switch (<i32>command) {
    case abi.IPC_STAT:
      return setStat(set, argument, false, 0);
    case abi.IPC_SET: {
      if (takeIn(argument, PERMISSION_SIZE) < 0) return -EFAULT;
      let error = set.mayControl(who());
      if (error == 0) set.take(permission);
      return error;
    }
    case abi.IPC_RMID: {
      let error = set.mayControl(who());
      if (error == 0) set.destroy();
      return error;
    }
    case abi.SEM_GETALL:
    case abi.SEM_SETALL:
      return <i32>command == abi.SEM_GETALL ? getAll(set, argument) : setAll(set, argument);
    case abi.SEM_SETVAL:
    case abi.SEM_GETVAL:
    case abi.SEM_GETPID:
    case abi.SEM_GETNCNT:
    case abi.SEM_GETZCNT:
      return one(set, <i32>number, <i32>command, <i32>argument);
    default:
      return -EINVAL;
  }
}

/** The commands about one semaphore. */
function one(set: SemaphoreSet, number: i32, command: i32, value: i32): i64 {
  let error = set.permits(who(), command == abi.SEM_SETVAL ? MAY_WRITE : MAY_READ);
  if (error < 0) return error;
  if (number < 0 || number >= set.count) return -EINVAL;
  switch (command) {
    case abi.SEM_GETVAL:
      return set.values[number];
    case abi.SEM_GETPID:
      return set.processes[number];
    case abi.SEM_GETNCNT:
      return set.waitingForMore[number];
    case abi.SEM_GETZCNT:
      return set.waitingForZero[number];
    default:
      if (value < 0 || value > SEMVMX) return -ERANGE;
      set.set(number, value, currentProcess().id);
      return 0;
  }
}

/** GETALL: an array of u16. */
function getAll(set: SemaphoreSet, address: u64): i64 {
  let error = set.permits(who(), MAY_READ);
  if (error < 0) return error;
  let bytes = new StaticArray<u8>(set.count * 2);
  for (let i = 0; i < set.count; i++) mem.store16(bytesAddress(bytes) + <u64>(i * 2), <u32>set.values[i]);
  return copyOut(address, bytesAddress(bytes), <u64>bytes.length) < 0 ? -EFAULT : 0;
}

function setAll(set: SemaphoreSet, address: u64): i64 {
  let error = set.permits(who(), MAY_WRITE);
  if (error < 0) return error;
  let bytes = new StaticArray<u8>(set.count * 2);
  if (copyIn(bytesAddress(bytes), address, <u64>bytes.length) < 0) return -EFAULT;
  for (let i = 0; i < set.count; i++) if (mem.load16(bytesAddress(bytes) + <u64>(i * 2)) > <u32>SEMVMX) return -ERANGE;
  for (let i = 0; i < set.count; i++)
    set.set(i, <i32>mem.load16(bytesAddress(bytes) + <u64>(i * 2)), currentProcess().id);
  return 0;
}

function allSemaphores(): i32 {
  let count = 0;
  for (let slot = 0; slot < sets.slotCount; slot++) {
    let set = sets.atSlot(slot);
    if (set !== null) count += set.count;
  }
  return count;
}

function setStat(set: SemaphoreSet, address: u64, forAnybody: bool, result: i64): i64 {
  let error = mayRead(set, forAnybody);
  if (error < 0) return error;
  clearBuffer();
  set.fill(permission);
  setStatus.operationTime = set.operationTime;
  setStatus.changeTime = set.changeTime;
  setStatus.count = <u64>set.count;
  return give(address, abi.SET_SIZE, result);
}

// ── Message queues ─────────────────────────────────────────────────────────────────────────────────────────────────

function msgget(key: u64, flags: u64): i64 {
  let id = queues.lookup(<i32>key, <u32>flags, who());
  return id != NEW ? id : queues.add(new MessageQueue(), <i32>key, <u32>flags, who());
}

/** struct msgbuf: a long, the type, then the text. */
function msgsnd(id: u64, address: u64, length: u64, flags: u64): i64 {
  if (length > MSGMAX || <i32>id < 0) return -EINVAL;
  if (fetch64(address) < 0) return -EFAULT;
  let type = <i64>fetched;
  if (type < 1) return -EINVAL;
  let bytes = new StaticArray<u8>(<i32>length);
  if (length > 0 && copyIn(bytesAddress(bytes), address + 8, length) < 0) return -EFAULT;
  let queue = queues.find(<i32>id);
  if (queue === null) return queues.missing(<i32>id);
  let error = queue.permits(who(), MAY_WRITE);
  if (error < 0) return error;
  return queue.send(new QueuedMessage(type, bytes), <u32>flags, currentProcess().id);
}

function msgrcv(id: u64, address: u64, length: u64, type: u64, flagBits: u64): i64 {
  let flags = <u32>flagBits;
  if ((flags & abi.MSG_COPY) != 0) return -ENOSYS;
  if (<i32>id < 0 || <i64>length < 0) return -EINVAL;
  let queue = queues.find(<i32>id);
  if (queue === null) return queues.missing(<i32>id);
  let error = queue.permits(who(), MAY_READ);
  if (error < 0) return error;
  error = queue.receive(length, <i64>type, flags, currentProcess().id);
  if (error < 0) return error;
  let message = queue.received!;
  queue.received = null;
  let size = min(length, <u64>message.bytes.length);
  if (store64(address, <u64>message.type) < 0) return -EFAULT;
  if (size > 0 && copyOut(address + 8, bytesAddress(message.bytes), size) < 0) return -EFAULT;
  return <i64>size;
}

function msgctl(id: u64, command: u64, address: u64): i64 {
  switch (<i32>command) {
    case abi.IPC_INFO:
    case abi.MSG_INFO: {
      // struct msginfo, seven ints and a short; MSG_INFO tells what there is in place of three limits.
      clearBuffer();
      let isUsage = <i32>command == abi.MSG_INFO;
      put32(0, isUsage ? queues.count : <i32>((<u64>MSGMNI * MSGMNB) / 1024));
      put32(4, isUsage ? allMessages() : <i32>MSGMNB);
      put32(8, <i32>MSGMAX);
      put32(12, <i32>MSGMNB);
      put32(16, MSGMNI);
      put32(20, 16);
      put32(24, isUsage ? allMessageBytes() : <i32>MSGMNB);
      put32(28, 0xffff);
      return give(address, 32, highest(queues.slotCount));
    }
    case abi.MSG_STAT:
    case abi.MSG_STAT_ANY: {
      let found = queues.atSlot(<i32>id);
      if (found === null) return -EINVAL;
      return queueStat(found, address, <i32>command == abi.MSG_STAT_ANY, found.id);
    }
  }
  let queue = queues.find(<i32>id);
  if (queue === null) return queues.missing(<i32>id);
  switch (<i32>command) {
    case abi.IPC_STAT:
      return queueStat(queue, address, false, 0);
    case abi.IPC_SET: {
      if (takeIn(address, abi.QUEUE_SIZE) < 0) return -EFAULT;
      let error = queue.mayControl(who());
      if (error < 0) return error;
      if (queueStatus.limitBytes > MSGMNB && who().effectiveUser != 0) return -EPERM;
      queue.take(permission);
      queue.limitBytes = queueStatus.limitBytes;
      queue.limitChanged();
      return 0;
    }
    case abi.IPC_RMID: {
      let error = queue.mayControl(who());
      if (error == 0) queue.destroy();
      return error;
    }
    default:
      return -EINVAL;
  }
}

function allMessages(): i32 {
  let count = 0;
  for (let slot = 0; slot < queues.slotCount; slot++) {
    let queue = queues.atSlot(slot);
    if (queue !== null) count += queue.count;
  }
  return count;
}

function allMessageBytes(): i32 {
  let bytes: u64 = 0;
  for (let slot = 0; slot < queues.slotCount; slot++) {
    let queue = queues.atSlot(slot);
    if (queue !== null) bytes += queue.bytes;
  }
  return <i32>bytes;
}

function queueStat(queue: MessageQueue, address: u64, forAnybody: bool, result: i64): i64 {
  let error = mayRead(queue, forAnybody);
  if (error < 0) return error;
  clearBuffer();
  queue.fill(permission);
  queueStatus.sendTime = queue.sendTime;
  queueStatus.receiveTime = queue.receiveTime;
  queueStatus.changeTime = queue.changeTime;
  queueStatus.bytes = queue.bytes;
  queueStatus.count = <u64>queue.count;
  queueStatus.limitBytes = queue.limitBytes;
  queueStatus.lastSender = queue.lastSender;
  queueStatus.lastReceiver = queue.lastReceiver;
  return give(address, abi.QUEUE_SIZE, result);
}

export function defineIpcCalls(): void {
  addExitListener(new SemaphoreUndo());
  define3(nr.SYS_shmget, "shmget", "int size flags", shmget, "without huge pages");
  define3(nr.SYS_shmat, "shmat", "int hex flags", shmat, "complete");
  define1(nr.SYS_shmdt, "shmdt", "hex", shmdt, "complete");
  define3(nr.SYS_shmctl, "shmctl", "int int ptr", shmctl, "complete");
  define3(nr.SYS_semget, "semget", "int int flags", semget, "complete");
  define3(nr.SYS_semop, "semop", "int ptr size", semop, "complete");
  define4(nr.SYS_semtimedop, "semtimedop", "int ptr size ns", semtimedop, "complete");
  define4(nr.SYS_semctl, "semctl", "int int int hex", semctl, "complete");
  define2(nr.SYS_msgget, "msgget", "int flags", msgget, "complete");
  define4(nr.SYS_msgsnd, "msgsnd", "int ptr size flags", msgsnd, "complete");
  define5(nr.SYS_msgrcv, "msgrcv", "int ptr size long flags", msgrcv, "without MSG_COPY");
  define3(nr.SYS_msgctl, "msgctl", "int int ptr", msgctl, "complete");
}
