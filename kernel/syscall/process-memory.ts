// Another process's memory: man 2 process_vm_readv, process_vm_writev. Bytes go by way of a page of the kernel's.

import { direct } from "memory/address";
import * as frames from "memory/frames";
import { EFAULT, EINVAL, ENOMEM, EPERM, ESRCH } from "../abi/errno";
import { IoVector, MAX_PIECES } from "../memory/io-vector";
import { readRemote, writeRemote } from "../memory/remote";
import { fetch64, fetched } from "../memory/user";
import { currentProcess, currentThread } from "../process/current";
import { Process, ProcessState } from "../process/process";
import { findProcess, findThread } from "../process/process-table";

const PAGE_SIZE: u64 = 4096;
/** sizeof(struct iovec). */
const PIECE_SIZE: u64 = 16;

export function processVmReadv(id: u64, local: u64, localCount: u64, remote: u64, remoteCount: u64, flags: u64): i64 {
  return transfer(<i32>id, local, localCount, remote, remoteCount, flags, false);
}

export function processVmWritev(id: u64, local: u64, localCount: u64, remote: u64, remoteCount: u64, flags: u64): i64 {
  return transfer(<i32>id, local, localCount, remote, remoteCount, flags, true);
}

function transfer(id: i32, local: u64, localCount: u64, remote: u64, remoteCount: u64, flags: u64, isWrite: bool): i64 {
  if (flags != 0 || remoteCount > <u64>MAX_PIECES) return -EINVAL;
  let io = currentThread().io;
  let failed = io.setUserVector(local, localCount);
  if (failed < 0) return failed;
  let target = findTarget(id);
  if (target === null) return -ESRCH;
  let self = currentProcess();
  if (target !== self && self.credentials.effectiveUser != 0) return -EPERM;
  if (io.remaining == 0) return 0;
  let frame = frames.allocate();
  if (frame == 0) return -ENOMEM;
  let total: i64 = 0;
  let result: i64 = 0;
  for (let i: u64 = 0; i < remoteCount && io.remaining > 0 && result >= 0; i++) {
    result = movePiece(target, io, remote + i * PIECE_SIZE, direct(frame), isWrite);
    if (result > 0) total += result;
    if (isShort) break;
  }
  frames.release(frame);
  return total > 0 ? total : result;
}

function findTarget(id: i32): Process | null {
  let thread = findThread(id);
  let process = thread === null ? findProcess(id) : thread.process;
  return process === null || process.state != ProcessState.RUNNING ? null : process;
}

/** Whether the last piece ended before its bytes did: so does the call. */
let isShort: bool = false;

/** Move the piece of remote memory that the iovec at user address `piece` names; bytes moved, or a negative errno. */
function movePiece(target: Process, io: IoVector, piece: u64, buffer: u64, isWrite: bool): i64 {
  isShort = true;
  if (fetch64(piece) < 0) return -EFAULT;
  let address = fetched;
  if (fetch64(piece + 8) < 0) return -EFAULT;
  let length = fetched;
  if (<i64>length < 0) return -EINVAL;
  let done: u64 = 0;
  while (done < length && io.remaining > 0) {
    let step = min(min(length - done, io.remaining), PAGE_SIZE - ((address + done) & (PAGE_SIZE - 1)));
    let moved = isWrite
      ? moveOut(target, io, address + done, buffer, step)
      : moveIn(target, io, address + done, buffer, step);
    if (moved < 0) return done > 0 ? <i64>done : moved;
    done += <u64>moved;
    if (<u64>moved < step) return <i64>done;
  }
  isShort = false;
  return <i64>done;
}

function moveIn(target: Process, io: IoVector, address: u64, buffer: u64, length: u64): i64 {
  let missing = readRemote(target.addressSpace, buffer, address, length);
  return missing == length ? -EFAULT : io.put(buffer, length - missing);
}

function moveOut(target: Process, io: IoVector, address: u64, buffer: u64, length: u64): i64 {
  let taken = io.take(buffer, length);
  if (taken <= 0) return taken;
  let missing = writeRemote(target.addressSpace, address, buffer, <u64>taken);
  return missing == <u64>taken ? -EFAULT : taken - <i64>missing;
}
