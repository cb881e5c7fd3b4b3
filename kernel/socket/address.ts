// A socket address as programs give and take it: struct sockaddr, as bytes, with its length (man 7 socket, "Socket
// address structures"). Each family reads and writes its own layout at `at`.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { EINVAL } from "../abi/errno";
import { SOCKADDR_STORAGE_SIZE } from "../abi/socket";
import { copyIn } from "../memory/user";

export class SocketAddress {
  bytes: StaticArray<u8> = new StaticArray<u8>(SOCKADDR_STORAGE_SIZE);
  /** Bytes that count; 0 for no address. */
  length: i32 = 0;

  /** The kernel-virtual address of the first byte. */
  get at(): u64 {
    return bytesAddress(this.bytes);
  }

  /** sa_family; AF_UNSPEC when it is too short to have one. */
  get family(): i32 {
    return this.length < 2 ? 0 : <i32>mem.load16(this.at);
  }

  /** Take `length` bytes of the program. Returns 0, -EINVAL or -EFAULT. */
  take(address: u64, length: u64): i32 {
    if (<u64>(<u32>length) > <u64>SOCKADDR_STORAGE_SIZE) return -EINVAL;
    this.length = <i32>length;
    if (this.length == 0) return 0;
    return copyIn(this.at, address, <u64>this.length);
  }

  /** Begin an address of `length` zero bytes and a family. */
  start(family: i32, length: i32): void {
    mem.fill(this.at, 0, <u64>length);
    mem.store16(this.at, <u32>family);
    this.length = length;
  }

  assign(other: SocketAddress): void {
    this.length = other.length;
    if (other.length > 0) mem.copy(this.at, other.at, <u64>other.length);
  }

  clear(): void {
    this.length = 0;
  }
}
