// sendto(2), recvfrom(2), sendmsg(2), recvmsg(2) and their plural forms: between the program's msghdr and a Message.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { EBADF, EFAULT, EINVAL, EMSGSIZE, ENOBUFS, EPERM, ETOOMANYREFS } from "../abi/errno";
import {
  CMSG_HEADER,
  MAX_CONTROL,
  MMSG_LEN,
  MMSGHDR_SIZE,
  MSG_CMSG_CLOEXEC,
  MSG_CONTROL,
  MSG_CONTROLLEN,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_FLAGS,
  MSG_IOV,
  MSG_IOVLEN,
  MSG_NAME,
  MSG_NAMELEN,
  MSG_WAITFORONE,
  MSGHDR_SIZE,
  SCM_CREDENTIALS,
  SCM_MAX_FD,
  SCM_RIGHTS,
  SOCKADDR_STORAGE_SIZE,
  SOL_SOCKET,
} from "../abi/socket";
import { SYS_recvfrom, SYS_recvmmsg, SYS_recvmsg, SYS_sendmmsg, SYS_sendmsg, SYS_sendto } from "../abi/syscall-numbers";
import { MAX_PIECES } from "../memory/io-vector";
import { copyIn, copyOut, fetch64, fetched, store32, store64 } from "../memory/user";
import { currentProcess, currentThread } from "../process/current";
import * as clock from "../sched/clock";
import { FOREVER } from "../sched/timer";
import { giveBack, Message, obtain } from "../socket/message";
import { Socket } from "../socket/socket";
import { File } from "../vfs/file";
import { giveAddress, lookupError, socketOf } from "./socket";
import { define3, define4, define5, define6 } from "./table";

/** Messages in one sendmmsg or recvmmsg. */
const MAX_MESSAGES: u32 = 1024;

/** A struct msghdr as read last; used up before anything blocks. */
const header = new StaticArray<u8>(<i32>MSGHDR_SIZE);
/** A struct cmsghdr on its way out. */
const control = new StaticArray<u8>(<i32>CMSG_HEADER + 4 * SCM_MAX_FD + 4);

function sendto(descriptor: u64, buffer: u64, length: u64, flags: u64, address: u64, addressLength: u64): i64 {
  let target = socketOf(descriptor);
  if (target === null) return lookupError;
  let io = currentThread().io;
  let error = io.setUser(buffer, length);
  if (error < 0) return error;
  let message = obtain(io, <u32>flags);
  let result: i64 = 0;
  if (address != 0) {
    result = message.address.take(address, addressLength);
    message.hasAddress = true;
  }
  if (result == 0) {
    target.retain();
    result = target.sendMessage(message);
    target.release();
  }
  giveBack(message);
  return result;
}

function recvfrom(descriptor: u64, buffer: u64, length: u64, flags: u64, address: u64, addressLength: u64): i64 {
  let target = socketOf(descriptor);
  if (target === null) return lookupError;
  let io = currentThread().io;
  let error = io.setUser(buffer, length);
  if (error < 0) return error;
  let message = obtain(io, <u32>flags);
  target.retain();
  let result = target.receiveMessage(message);
  target.release();
  if (result >= 0 && address != 0) {
    error = giveAddress(message.address, address, addressLength);
    if (error < 0) result = error;
  }
  giveBack(message);
  return result;
}

function headerField(offset: u64): u64 {
  return mem.load64(bytesAddress(header) + offset);
}

/** Read a msghdr and its vector of pieces. Returns 0 or a negative errno. */
function readHeader(address: u64): i32 {
  if (copyIn(bytesAddress(header), address, MSGHDR_SIZE) < 0) return -EFAULT;
  let count = headerField(MSG_IOVLEN);
  if (count > <u64>MAX_PIECES) return -EMSGSIZE;
  return currentThread().io.setUserVector(headerField(MSG_IOV), count);
}

function nameLength(): i32 {
  return <i32>mem.load32(bytesAddress(header) + MSG_NAMELEN);
}

function sendmsg(descriptor: u64, address: u64, flags: u64): i64 {
  let target = socketOf(descriptor);
  return target === null ? lookupError : sendOne(target, address, <u32>flags);
}

function sendOne(target: Socket, address: u64, flags: u32): i64 {
  let error = readHeader(address);
  if (error < 0) return error;
  let message = obtain(currentThread().io, flags);
  let name = headerField(MSG_NAME);
  let length = nameLength();
  let controlAddress = headerField(MSG_CONTROL);
  let controlLength = headerField(MSG_CONTROLLEN);
  let result: i64 = 0;
  if (length < 0) result = -EINVAL;
  else if (name != 0 && length > 0) {
    // A name that is too long is cut (Linux __copy_msghdr).
    result = message.address.take(name, <u64>min(length, SOCKADDR_STORAGE_SIZE));
    message.hasAddress = true;
  }
  if (result == 0 && controlAddress != 0 && controlLength > 0) {
    result = takeControl(message, controlAddress, controlLength);
  }
  if (result == 0) {
    target.retain();
    result = target.sendMessage(message);
    target.release();
  }
  giveBack(message);
  return result;
}

/** Read the control messages: descriptors become open files, credentials are checked, the rest is the protocol's. */
function takeControl(message: Message, address: u64, length: u64): i64 {
  if (length > MAX_CONTROL) return -ENOBUFS;
  message.makeControlRoom(<i32>length);
  let at = bytesAddress(message.control);
  if (copyIn(at, address, length) < 0) return -EFAULT;
  message.controlLength = <i32>length;
  let offset: u64 = 0;
  while (offset + CMSG_HEADER <= length) {
    let size = mem.load64(at + offset);
    if (size < CMSG_HEADER || size > length - offset) return -EINVAL;
    if (<i32>mem.load32(at + offset + 8) == SOL_SOCKET) {
      let type = <i32>mem.load32(at + offset + 12);
      let data = at + offset + CMSG_HEADER;
      let error: i64 = 0;
      if (type == SCM_RIGHTS) error = takeFiles(message, data, (size - CMSG_HEADER) / 4);
      else if (type == SCM_CREDENTIALS) error = takeCredentials(message, data, size - CMSG_HEADER);
      if (error < 0) return error;
    }
    offset += (size + 7) & ~(<u64>7);
  }
  return 0;
}

function takeFiles(message: Message, data: u64, count: u64): i64 {
  if (count == 0) return 0;
  let had = message.fileCount;
  if (<u64>had + count > <u64>SCM_MAX_FD) return -EINVAL;
  let total = had + <i32>count;
  let files = new StaticArray<File | null>(total);
  let earlier = message.files;
  if (earlier !== null) for (let i = 0; i < had; i++) files[i] = earlier[i];
  message.files = files;
  let table = currentProcess().descriptors;
  for (let i: u64 = 0; i < count; i++) {
    let file = table.get(<i32>mem.load32(data + 4 * i));
    if (file === null) return -EBADF;
    file.retain();
    files[had + <i32>i] = file;
    message.fileCount = had + <i32>i + 1;
  }
  return total > currentProcess().limits.descriptors ? -ETOOMANYREFS : 0;
}

/** struct ucred: one may only say who one is (man 7 unix, SCM_CREDENTIALS). */
function takeCredentials(message: Message, data: u64, length: u64): i64 {
  if (length != 12) return -EINVAL;
  let process = currentProcess();
  let who = process.credentials;
  let user = mem.load32(data + 4);
  let group = mem.load32(data + 8);
  message.processId = <i32>mem.load32(data);
  message.user = user;
  message.group = group;
  message.hasCredentials = true;
  if (who.effectiveUser == 0) return 0;
  let isOwn =
    message.processId == process.id &&
    (user == who.realUser || user == who.effectiveUser || user == who.savedUser) &&
    (group == who.realGroup || group == who.effectiveGroup || group == who.savedGroup);
  return isOwn ? 0 : -EPERM;
}

function recvmsg(descriptor: u64, address: u64, flags: u64): i64 {
  let target = socketOf(descriptor);
  return target === null ? lookupError : receiveOne(target, address, <u32>flags);
}

function receiveOne(target: Socket, address: u64, flags: u32): i64 {
  let error = readHeader(address);
  if (error < 0) return error;
  let name = headerField(MSG_NAME);
  let room = nameLength();
  let controlAddress = headerField(MSG_CONTROL);
  let controlLength = controlAddress == 0 ? 0 : headerField(MSG_CONTROLLEN);
  if (room < 0) return -EINVAL;
  let message = obtain(currentThread().io, flags);
  message.wantsControl = controlLength >= CMSG_HEADER;
  target.retain();
  let result = target.receiveMessage(message);
  target.release();
  if (result >= 0) {
    if (name != 0) {
      let length = min(room, message.address.length);
      if (length > 0 && copyOut(name, message.address.at, <u64>length) < 0) result = -EFAULT;
      if (store32(address + MSG_NAMELEN, <u32>message.address.length) < 0) result = -EFAULT;
    }
    let used = giveControl(message, controlAddress, controlLength);
    if (store64(address + MSG_CONTROLLEN, used) < 0) result = -EFAULT;
    if (store32(address + MSG_FLAGS, message.outcome | (flags & MSG_CMSG_CLOEXEC)) < 0) result = -EFAULT;
  }
  giveBack(message);
  return result;
}

/** Write the control messages to the program; what does not fit is cut, and MSG_CTRUNC says so. Returns bytes used. */
function giveControl(message: Message, address: u64, room: u64): u64 {
  let from = bytesAddress(message.control);
  let used: u64 = 0;
  let offset: u64 = 0;
  while (offset < <u64>message.controlLength) {
    let size = mem.load64(from + offset);
    if (used + CMSG_HEADER > room) {
      message.outcome |= MSG_CTRUNC;
      break;
    }
    let part = size;
    if (part > room - used) {
      part = room - used;
      message.outcome |= MSG_CTRUNC;
      mem.store64(from + offset, part);
    }
    if (copyOut(address + used, from + offset, part) < 0) break;
    used += min((part + 7) & ~(<u64>7), room - used);
    offset += (size + 7) & ~(<u64>7);
  }
  return message.files === null ? used : used + giveFiles(message, address + used, room - used);
}

/** SCM_RIGHTS: number the files that there is room for; the others are closed. Returns bytes used. */
function giveFiles(message: Message, address: u64, room: u64): u64 {
  let files = message.files!;
  let fitting: i32 = room < CMSG_HEADER + 4 ? 0 : <i32>min<u64>((room - CMSG_HEADER) / 4, <u64>message.fileCount);
  let process = currentProcess();
  let isCloseOnExec = (message.flags & MSG_CMSG_CLOEXEC) != 0;
  let base = bytesAddress(control);
  let given = 0;
  while (given < fitting) {
    let file = files[given]!;
    let number = process.descriptors.add(file, isCloseOnExec, process.limits.descriptors);
    if (number < 0) break;
    files[given] = null;
    mem.store32(base + CMSG_HEADER + 4 * <u64>given, <u32>number);
    given++;
  }
  if (given < message.fileCount) message.outcome |= MSG_CTRUNC;
  message.dropFiles();
  if (given == 0) return 0;
  let size = CMSG_HEADER + 4 * <u64>given;
  mem.store64(base, size);
  mem.store32(base + 8, <u32>SOL_SOCKET);
  mem.store32(base + 12, <u32>SCM_RIGHTS);
  copyOut(address, base, size);
  return min((size + 7) & ~(<u64>7), room);
}

function sendmmsg(descriptor: u64, vector: u64, count: u64, flags: u64): i64 {
  let target = socketOf(descriptor);
  if (target === null) return lookupError;
  let total = min(<u32>count, MAX_MESSAGES);
  let done: u32 = 0;
  target.retain();
  let result: i64 = 0;
  while (done < total) {
    let at = vector + <u64>done * MMSGHDR_SIZE;
    result = sendOne(target, at, <u32>flags);
    if (result < 0) break;
    if (store32(at + MMSG_LEN, <u32>result) < 0) {
      result = -EFAULT;
      break;
    }
    done++;
  }
  target.release();
  return done > 0 ? <i64>done : min<i64>(result, 0);
}

function recvmmsg(descriptor: u64, vector: u64, count: u64, flags: u64, timeout: u64): i64 {
  let untilNs = FOREVER;
  if (timeout != 0) {
    if (fetch64(timeout) < 0) return -EFAULT;
    let seconds = fetched;
    if (fetch64(timeout + 8) < 0) return -EFAULT;
    if (<i64>seconds < 0 || fetched >= 1_000_000_000) return -EINVAL;
    if (seconds < 9_000_000_000) untilNs = clock.nowNs() + seconds * 1_000_000_000 + fetched;
  }
  let target = socketOf(descriptor);
  if (target === null) return lookupError;
  if (target.error != 0) return target.takeError();
  let total = min(<u32>count, MAX_MESSAGES);
  let bits = <u32>flags & ~MSG_WAITFORONE;
  let done: u32 = 0;
  let result: i64 = 0;
  target.retain();
  while (done < total) {
    let at = vector + <u64>done * MMSGHDR_SIZE;
    result = receiveOne(target, at, bits);
    if (result < 0) break;
    if (store32(at + MMSG_LEN, <u32>result) < 0) {
      result = -EFAULT;
      break;
    }
    done++;
    if ((flags & <u64>MSG_WAITFORONE) != 0) bits |= MSG_DONTWAIT;
    // The time limit is looked at between messages only (man 2 recvmmsg, BUGS).
    if (untilNs != FOREVER && clock.nowNs() >= untilNs) break;
  }
  target.release();
  if (timeout != 0 && done > 0 && untilNs != FOREVER) {
    let nowNs = clock.nowNs();
    let leftNs = untilNs > nowNs ? untilNs - nowNs : 0;
    store64(timeout, leftNs / 1_000_000_000);
    store64(timeout + 8, leftNs % 1_000_000_000);
  }
  return done > 0 ? <i64>done : min<i64>(result, 0);
}

/** The rows of this family. */
export function defineMessageCalls(): void {
  define6(SYS_sendto, "sendto", "fd in size flags ptr uint", sendto, "complete");
  define6(SYS_recvfrom, "recvfrom", "fd out size flags ptr ptr", recvfrom, "complete");
  define3(SYS_sendmsg, "sendmsg", "fd ptr flags", sendmsg, "complete");
  define3(SYS_recvmsg, "recvmsg", "fd ptr flags", recvmsg, "complete");
  define4(SYS_sendmmsg, "sendmmsg", "fd ptr uint flags", sendmmsg, "complete");
  define5(SYS_recvmmsg, "recvmmsg", "fd ptr uint flags ptr", recvmmsg, "complete");
}
