// socket(2), bind(2), connect(2), accept(2) and the other calls that are about sockets themselves; messages are in
// socket-message.ts.

import { linearAddress, pointerOf } from "memory/address";
import { EBADF, EFAULT, EINVAL, ENOTSOCK } from "../abi/errno";
import { SHUT_RDWR, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_TYPE_MASK } from "../abi/socket";
import {
  SYS_accept,
  SYS_accept4,
  SYS_bind,
  SYS_connect,
  SYS_getpeername,
  SYS_getsockname,
  SYS_getsockopt,
  SYS_listen,
  SYS_setsockopt,
  SYS_shutdown,
  SYS_socket,
  SYS_socketpair,
} from "../abi/syscall-numbers";
import { copyIn, copyOut, fetch32, fetched, store32 } from "../memory/user";
import { currentProcess } from "../process/current";
import { SocketAddress } from "../socket/address";
import { setCaller } from "../socket/caller";
import { creationError, createSocket, findFamily } from "../socket/family";
import { startAnnouncements } from "../socket/netlink/announcements";
import { registerNetlink } from "../socket/netlink/socket";
import { MAX_OPTION, OptionValue } from "../socket/option";
import { acceptError, Socket } from "../socket/socket";
import { registerInet } from "../socket/inet/factory";
import { registerUnix } from "../socket/unix/factory";
import { install, usableFile } from "./files";
import { ProcessCaller } from "./socket-caller";
import { defineMessageCalls } from "./socket-message";
import { define2, define3, define4, define5 } from "./table";

/** One past the largest socket type (Linux SOCK_MAX). */
const TYPE_END: i32 = 11;

/** Why the last `socketOf` returned null. */
export let lookupError: i64 = 0;

/** The socket behind a descriptor; null with the reason in `lookupError`. */
export function socketOf(descriptor: u64): Socket | null {
  let file = usableFile(descriptor);
  if (file instanceof Socket) return file as Socket;
  lookupError = file === null ? -EBADF : -ENOTSOCK;
  return null;
}

const numbers = new StaticArray<i32>(2);
/** For calls that do not block while they use it. */
const scratch = new SocketAddress();
const option = new OptionValue();

/** Flags in the type argument: 0 or -EINVAL. */
function checkType(type: u64): i32 {
  let flags = <u32>type & ~(<u32>SOCK_TYPE_MASK);
  if ((flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) != 0) return -EINVAL;
  return (<i32>type & SOCK_TYPE_MASK) < TYPE_END ? 0 : -EINVAL;
}

/** Give a new socket a number, as the flags among its type bits ask. */
function installSocket(socket: Socket, flags: u32): i64 {
  socket.flags |= flags & SOCK_NONBLOCK;
  return install(socket, (flags & SOCK_CLOEXEC) != 0);
}

function socket(family: u64, type: u64, protocol: u64): i64 {
  let error = checkType(type);
  if (error < 0) return error;
  let created = createSocket(<i32>family, <i32>type & SOCK_TYPE_MASK, <i32>protocol);
  return created === null ? creationError : installSocket(created, <u32>type);
}

function socketpair(family: u64, type: u64, protocol: u64, vector: u64): i64 {
  let error = checkType(type);
  if (error < 0) return error;
  let left = createSocket(<i32>family, <i32>type & SOCK_TYPE_MASK, <i32>protocol);
  if (left === null) return creationError;
  let right = createSocket(<i32>family, <i32>type & SOCK_TYPE_MASK, <i32>protocol);
  if (right === null) {
    left.release();
    return creationError;
  }
  error = findFamily(<i32>family)!.pair(left, right);
  if (error < 0) {
    left.release();
    right.release();
    return error;
  }
  let first = installSocket(left, <u32>type);
  if (first < 0) {
    right.release();
    return first;
  }
  let table = currentProcess().descriptors;
  let second = installSocket(right, <u32>type);
  if (second < 0) {
    table.close(<i32>first);
    return second;
  }
  numbers[0] = <i32>first;
  numbers[1] = <i32>second;
  if (copyOut(vector, linearAddress(pointerOf(numbers)), 8) == 0) return 0;
  table.close(<i32>first);
  table.close(<i32>second);
  return -EFAULT;
}

function bind(descriptor: u64, address: u64, length: u64): i64 {
  let target = socketOf(descriptor);
  if (target === null) return lookupError;
  let error = scratch.take(address, length);
  return error < 0 ? error : target.bind(scratch);
}

function connect(descriptor: u64, address: u64, length: u64): i64 {
  let target = socketOf(descriptor);
  if (target === null) return lookupError;
  // It may block, and another call may come meanwhile.
  let to = new SocketAddress();
  let error = to.take(address, length);
  if (error < 0) return error;
  target.retain();
  error = target.connect(to);
  target.release();
  return error;
}

function listen(descriptor: u64, backlog: u64): i64 {
  let target = socketOf(descriptor);
  return target === null ? lookupError : target.listen(<i32>backlog);
}

function accept(descriptor: u64, address: u64, length: u64): i64 {
  return accept4(descriptor, address, length, 0);
}

function accept4(descriptor: u64, address: u64, length: u64, flags: u64): i64 {
  let bits = <u32>flags;
  if ((bits & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) != 0) return -EINVAL;
  let target = socketOf(descriptor);
  if (target === null) return lookupError;
  target.retain();
  let accepted = target.accept();
  target.release();
  if (accepted === null) return acceptError;
  if (address != 0) {
    let error = accepted.getPeerName(scratch);
    if (error < 0) scratch.clear();
    error = giveAddress(scratch, address, length);
    if (error < 0) {
      accepted.release();
      return error;
    }
  }
  return installSocket(accepted, bits);
}

/** A value-result address (man 2 accept): what fits, and how long it really is. Returns 0, -EFAULT or -EINVAL. */
export function giveAddress(address: SocketAddress, to: u64, lengthAddress: u64): i32 {
  if (fetch32(lengthAddress) < 0) return -EFAULT;
  let room = <i32>fetched;
  if (room < 0) return -EINVAL;
  let length = min(room, address.length);
  if (length > 0 && copyOut(to, address.at, <u64>length) < 0) return -EFAULT;
  return store32(lengthAddress, <u32>address.length);
}

function getsockname(descriptor: u64, address: u64, length: u64): i64 {
  let target = socketOf(descriptor);
  if (target === null) return lookupError;
  let error = target.getName(scratch);
  return error < 0 ? error : giveAddress(scratch, address, length);
}

function getpeername(descriptor: u64, address: u64, length: u64): i64 {
  let target = socketOf(descriptor);
  if (target === null) return lookupError;
  let error = target.getPeerName(scratch);
  return error < 0 ? error : giveAddress(scratch, address, length);
}

function shutdown(descriptor: u64, how: u64): i64 {
  let target = socketOf(descriptor);
  if (target === null) return lookupError;
  return <u32>how > <u32>SHUT_RDWR ? -EINVAL : target.shutdown(<i32>how);
}

function setsockopt(descriptor: u64, level: u64, name: u64, value: u64, length: u64): i64 {
  if (<i32>length < 0) return -EINVAL;
  let target = socketOf(descriptor);
  if (target === null) return lookupError;
  option.length = min(<i32>length, MAX_OPTION);
  if (option.length > 0 && copyIn(option.at, value, <u64>option.length) < 0) return -EFAULT;
  return target.setOption(<i32>level, <i32>name, option);
}

function getsockopt(descriptor: u64, level: u64, name: u64, value: u64, lengthAddress: u64): i64 {
  let target = socketOf(descriptor);
  if (target === null) return lookupError;
  if (fetch32(lengthAddress) < 0) return -EFAULT;
  let room = <i32>fetched;
  if (room < 0) return -EINVAL;
  option.length = min(room, MAX_OPTION);
  let error = target.getOption(<i32>level, <i32>name, option);
  if (error < 0) return error;
  let length = min(room, option.length);
  if (length > 0 && copyOut(value, option.at, <u64>length) < 0) return -EFAULT;
  return store32(lengthAddress, <u32>length);
}

/** The rows of this family. Registers the address families, too. */
export function defineSocketCalls(): void {
  setCaller(new ProcessCaller());
  registerUnix();
  registerInet();
  registerNetlink();
  startAnnouncements();
  define3(SYS_socket, "socket", "int int int", socket, "complete");
  define4(SYS_socketpair, "socketpair", "int int int ptr", socketpair, "complete");
  define3(SYS_bind, "bind", "fd ptr uint", bind, "complete");
  define3(SYS_connect, "connect", "fd ptr uint", connect, "complete");
  define2(SYS_listen, "listen", "fd int", listen, "complete");
  define3(SYS_accept, "accept", "fd ptr ptr", accept, "complete");
  define4(SYS_accept4, "accept4", "fd ptr ptr flags", accept4, "complete");
  define3(SYS_getsockname, "getsockname", "fd ptr ptr", getsockname, "complete");
  define3(SYS_getpeername, "getpeername", "fd ptr ptr", getpeername, "complete");
  define2(SYS_shutdown, "shutdown", "fd int", shutdown, "complete");
  define5(SYS_setsockopt, "setsockopt", "fd int int ptr uint", setsockopt, "without packet filters");
  define5(SYS_getsockopt, "getsockopt", "fd int int ptr ptr", getsockopt, "complete");
  defineMessageCalls();
}
