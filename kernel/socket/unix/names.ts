// Names of AF_UNIX sockets (man 7 unix, "Address format"): pathnames, which are inodes of their own; abstract ones, which
// vanish with the socket; and none.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { EACCES, EADDRINUSE, ECONNREFUSED, EEXIST, EINVAL, ENOENT, EPROTOTYPE } from "../../abi/errno";
import { AF_UNIX, SOCKADDR_UN_SIZE, SUN_PATH } from "../../abi/socket";
import { makeNode } from "../../vfs/change";
import { hashName } from "../../vfs/entry-cache";
import { Inode, S_IFSOCK } from "../../vfs/inode";
import { begin, end, Last } from "../../vfs/walk";
import { SocketAddress } from "../address";
import { caller } from "../caller";
import { UnixSocket } from "./socket";

const BUCKETS: u32 = 256;
/** Autobind: names of five hexadecimal digits. */
const AUTOMATIC_NAMES: u32 = 0x100000;

const abstractNames: StaticArray<UnixSocket | null> = new StaticArray<UnixSocket | null>(BUCKETS);
const inodes: StaticArray<UnixSocket | null> = new StaticArray<UnixSocket | null>(BUCKETS);
let nextAutomatic: u32 = 0;

/** Why the last `find` returned null. */
export let findError: i32 = 0;

export function failFind(error: i32): void {
  findError = error;
}

/** Whether an address is one of AF_UNIX: 0 or -EINVAL. */
export function check(address: SocketAddress): i32 {
  let isValid = address.length > SUN_PATH && address.length <= SOCKADDR_UN_SIZE && address.family == AF_UNIX;
  return isValid ? 0 : -EINVAL;
}

function isAbstract(address: SocketAddress): bool {
  return address.bytes[SUN_PATH] == 0;
}

/** The path in an address: up to its NUL or its end. */
function pathLength(address: SocketAddress): i32 {
  let length = 0;
  while (SUN_PATH + length < address.length && address.bytes[SUN_PATH + length] != 0) length++;
  return length;
}

/** sun_path as getsockname gives it: abstract names whole, paths with one NUL. */
function nameOf(address: SocketAddress): StaticArray<u8> {
  let length = isAbstract(address) ? address.length - SUN_PATH : pathLength(address) + 1;
  let name = new StaticArray<u8>(length);
  for (let i = 0; i < length && SUN_PATH + i < address.length; i++) name[i] = address.bytes[SUN_PATH + i];
  return name;
}

/** bind(2) to a checked address. Precondition: the socket has no name. Returns 0 or a negative errno. */
export function bindName(socket: UnixSocket, address: SocketAddress): i32 {
  let name = nameOf(address);
  if (isAbstract(address)) return takeAbstract(socket, name) ? 0 : -EADDRINUSE;
  return bindPath(socket, name);
}

/** Give a socket an abstract name that nobody has. */
export function bindAutomatically(socket: UnixSocket): i32 {
  if (socket.name !== null) return 0;
  for (let tries: u32 = 0; tries < AUTOMATIC_NAMES; tries++) {
    let number = nextAutomatic++ & (AUTOMATIC_NAMES - 1);
    let name = new StaticArray<u8>(6);
    for (let i = 0; i < 5; i++) {
      let digit = (number >> (16 - 4 * i)) & 15;
      name[i + 1] = <u8>(digit < 10 ? 0x30 + digit : 0x57 + digit);
    }
    if (takeAbstract(socket, name)) return 0;
  }
  return -EADDRINUSE;
}

function takeAbstract(socket: UnixSocket, name: StaticArray<u8>): bool {
  if (findAbstract(name, socket.type) !== null) return false;
  let slot = hashName(name, name.length) % BUCKETS;
  socket.name = name;
  socket.nextNamed = abstractNames[slot];
  abstractNames[slot] = socket;
  return true;
}

/** Each type has names of its own. */
function findAbstract(name: StaticArray<u8>, type: i32): UnixSocket | null {
  let socket = abstractNames[hashName(name, name.length) % BUCKETS];
  while (socket !== null) {
    let other = socket.name;
    if (socket.type == type && other !== null && isSame(other, name)) return socket;
    socket = socket.nextNamed;
  }
  return null;
}

function isSame(left: StaticArray<u8>, right: StaticArray<u8>): bool {
  if (left.length != right.length) return false;
  return mem.compare(bytesAddress(left), bytesAddress(right), <u64>left.length) == 0;
}

/** Make the inode (man 2 bind: EADDRINUSE when the name is there). */
function bindPath(socket: UnixSocket, name: StaticArray<u8>): i32 {
  let context = caller.context;
  let identity = caller.identity;
  if (context === null || identity === null) return -ENOENT;
  let walk = begin(context, identity);
  let error = walk.setText(name, name.length - 1);
  if (error == 0) error = walk.run(context, identity, context.directory!, Last.NAME);
  if (error == 0) error = makeNode(walk, identity, S_IFSOCK | (0o777 & ~context.umask), 0);
  if (error == 0) {
    let inode = walk.entry.inode!;
    inode.use();
    let slot = <u32>inode.number % BUCKETS;
    socket.boundInode = inode;
    socket.name = name;
    socket.nextNamed = inodes[slot];
    inodes[slot] = socket;
  }
  end(walk);
  return error == -EEXIST ? -EADDRINUSE : error;
}

function findInode(inode: Inode): UnixSocket | null {
  let socket = inodes[<u32>inode.number % BUCKETS];
  while (socket !== null) {
    if (socket.boundInode === inode) return socket;
    socket = socket.nextNamed;
  }
  return null;
}

/** The socket that a checked address names, for a caller of `type`; null with the reason in `findError`. */
export function find(address: SocketAddress, type: i32): UnixSocket | null {
  if (isAbstract(address)) {
    findError = -ECONNREFUSED;
    return findAbstract(nameOf(address), type);
  }
  let socket = findPath(address);
  if (socket === null || socket.type == type) return socket;
  findError = -EPROTOTYPE;
  return null;
}

function findPath(address: SocketAddress): UnixSocket | null {
  let context = caller.context;
  let identity = caller.identity;
  findError = -ENOENT;
  if (context === null || identity === null) return null;
  let name = nameOf(address);
  let walk = begin(context, identity);
  let error = walk.setText(name, name.length - 1);
  if (error == 0) error = walk.run(context, identity, context.directory!, Last.FOLLOW);
  let inode = error == 0 ? walk.inode : null;
  end(walk);
  findError = error;
  if (inode === null) return null;
  findError = -ECONNREFUSED;
  if (inode.permits(identity, 2) < 0) {
    findError = -EACCES;
    return null;
  }
  return findInode(inode);
}

/** The socket goes; its inode, if it has one, stays until somebody unlinks it. */
export function unbind(socket: UnixSocket): void {
  let name = socket.name;
  if (name === null) return;
  let inode = socket.boundInode;
  if (inode === null) {
    if (name.length > 0 && name[0] == 0) remove(abstractNames, hashName(name, name.length) % BUCKETS, socket);
    return;
  }
  remove(inodes, <u32>inode.number % BUCKETS, socket);
  socket.boundInode = null;
  inode.unuse();
}

function remove(table: StaticArray<UnixSocket | null>, slot: u32, socket: UnixSocket): void {
  let at = table[slot];
  if (at === socket) {
    table[slot] = socket.nextNamed;
    socket.nextNamed = null;
    return;
  }
  while (at !== null && at.nextNamed !== socket) at = at.nextNamed;
  if (at !== null) at.nextNamed = socket.nextNamed;
  socket.nextNamed = null;
}
