// Sockets below the system calls, driven by the tests. Nothing here blocks: every message is sent and received as with
// MSG_DONTWAIT, and who is in flight over whom is the tests' choice.

import { linearAddress, pointerOf } from "memory/address";
import * as frames from "memory/frames";
import { MSG_DONTWAIT, MSG_PEEK } from "../../../kernel/abi/socket";
import { IoVector } from "../../../kernel/memory/io-vector";
import { creationError, createSocket, findFamily } from "../../../kernel/socket/family";
import { giveBack, Message, obtain } from "../../../kernel/socket/message";
import { acceptError, Socket } from "../../../kernel/socket/socket";
import { ByteRing } from "../../../kernel/socket/unix/byte-ring";
import { registerUnix } from "../../../kernel/socket/unix/factory";
import { File } from "../../../kernel/vfs/file";

const data = new StaticArray<u8>(1 << 20);
const io = new IoVector();
const sockets: Array<Socket | null> = [] as (Socket | null)[];
let closedCount = 0;

/** A file that tells when it is closed. */
class Witness extends File {
  override close(): void {
    closedCount++;
  }
}

export function dataBuffer(): usize {
  return pointerOf(data);
}

export function setUp(ramBytes: u64, firstFree: u64): void {
  frames.initialize(ramBytes, firstFree);
  frames.addRange((firstFree + frames.tableSize(ramBytes) + 4095) & ~(<u64>4095), ramBytes);
  registerUnix();
}

export function freeFrames(): u64 {
  return frames.freeCount();
}
export function closedWitnesses(): i32 {
  return closedCount;
}

function keep(socket: Socket): i32 {
  sockets.push(socket);
  return sockets.length - 1;
}

/** Two connected sockets, numbers n and n + 1. */
export function pair(family: i32, type: i32): i32 {
  let left = createSocket(family, type, 0);
  if (left === null) return creationError;
  let right = createSocket(family, type, 0)!;
  let error = findFamily(family)!.pair(left, right);
  if (error < 0) return error;
  keep(left);
  return keep(right) - 1;
}

export function create(family: i32, type: i32): i32 {
  let socket = createSocket(family, type, 0);
  return socket === null ? creationError : keep(socket);
}

export function close(number: i32): void {
  let socket = sockets[number];
  sockets[number] = null;
  if (socket !== null) socket.release();
}

function begin(length: i32, flags: u32): Message {
  io.setKernel(linearAddress(pointerOf(data)), <u64>length);
  return obtain(io, flags | MSG_DONTWAIT);
}

/** Send `length` bytes of the buffer; with a witness and socket `carried` (-1: none) along. */
export function send(number: i32, length: i32, withWitness: bool, carried: i32): i32 {
  let message = begin(length, 0);
  let count = (withWitness ? 1 : 0) + (carried >= 0 ? 1 : 0);
  if (count > 0) {
    let files = new StaticArray<File | null>(count);
    let next = 0;
    if (withWitness) files[next++] = new Witness();
    if (carried >= 0) {
      let socket = sockets[carried]!;
      socket.retain();
      files[next++] = socket;
    }
    message.files = files;
    message.fileCount = count;
  }
  let result = <i32>sockets[number]!.send(message);
  giveBack(message);
  return result;
}

let receivedFiles = 0;

/** Receive into the buffer; files that come are dropped, and counted. */
export function receive(number: i32, length: i32, isPeek: bool): i32 {
  let message = begin(length, isPeek ? MSG_PEEK : 0);
  let result = <i32>sockets[number]!.receive(message);
  receivedFiles = message.fileCount;
  giveBack(message);
  return result;
}

export function filesReceived(): i32 {
  return receivedFiles;
}

export function poll(number: i32): u32 {
  return sockets[number]!.poll();
}
export function shutdown(number: i32, how: i32): i32 {
  return sockets[number]!.shutdown(how);
}

/** Bind to, or connect to, the abstract name of one byte. */
export function bind(number: i32, name: i32): i32 {
  let message = begin(0, 0);
  message.address.start(1, 4);
  message.address.bytes[3] = <u8>name;
  let result = sockets[number]!.bind(message.address);
  giveBack(message);
  return result;
}
export function connect(number: i32, name: i32): i32 {
  let message = begin(0, 0);
  message.address.start(1, 4);
  message.address.bytes[3] = <u8>name;
  let socket = sockets[number]!;
  socket.flags |= 0o4000;
  let result = socket.connect(message.address);
  giveBack(message);
  return result;
}
export function listen(number: i32, backlog: i32): i32 {
  return sockets[number]!.listen(backlog);
}
export function accept(number: i32): i32 {
  let socket = sockets[number]!;
  socket.flags |= 0o4000;
  let accepted = socket.accept();
  return accepted === null ? acceptError : keep(accepted);
}

const ring = new ByteRing();

export function ringAppend(length: i32): i32 {
  io.setKernel(linearAddress(pointerOf(data)), <u64>length);
  return <i32>ring.append(io, <u64>length);
}
export function ringCopy(offset: i32, length: i32): i32 {
  io.setKernel(linearAddress(pointerOf(data)), <u64>length);
  return <i32>ring.copy(io, <u64>offset, <u64>length);
}
export function ringDrop(length: i32): void {
  ring.drop(<u64>length);
}
/** Take back the last `length` bytes. */
export function ringCut(length: i32): void {
  ring.cut(ring.written - <u64>length);
}
export function ringLength(): i32 {
  return <i32>ring.length;
}
