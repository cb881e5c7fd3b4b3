// Netlink messages under construction, one after the other in a buffer (man 7 netlink, man 3 netlink):
//
//   | nlmsghdr | family header | attribute: length u16, type u16, data | padding | attribute … | nlmsghdr …

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import * as abi from "../../abi/netlink";
import { Address } from "../../net/address";
import { writeAddress4, writeAddress6 } from "../inet/address";

const CAPACITY: i32 = 65536;

export class Reply {
  private bytes: StaticArray<u8> = new StaticArray<u8>(CAPACITY);
  length: i32 = 0;
  /** Where the message under construction begins. */
  private start: i32 = 0;
  private sequence: u32 = 0;
  private port: u32 = 0;
  isFull: bool = false;

  /** Begin answers to the request with that sequence number, of the socket with that port. */
  begin(sequence: u32, port: u32): void {
    this.length = 0;
    this.isFull = false;
    this.sequence = sequence;
    this.port = port;
  }

  get at(): u64 {
    return bytesAddress(this.bytes);
  }

  /** Begin a message with `size` zero bytes of its family's header; returns where that is. */
  message(type: u32, flags: u32, size: u64): u64 {
    this.start = this.length;
    let at = this.extend(abi.NLMSG_HEADER + size);
    mem.store16(at + 4, type);
    mem.store16(at + 6, flags);
    mem.store32(at + 8, this.sequence);
    mem.store32(at + 12, this.port);
    this.finish();
    return at + abi.NLMSG_HEADER;
  }

  /** Room for an attribute of `length` bytes, zero so far. */
  attribute(type: u32, length: u64): u64 {
    let at = this.extend(4 + length);
    mem.store16(at, <u32>(4 + length));
    mem.store16(at + 2, type);
    this.finish();
    return at + 4;
  }

  attribute32(type: u32, value: u32): void {
    mem.store32(this.attribute(type, 4), value);
  }

  attribute8(type: u32, value: u32): void {
    mem.store8(this.attribute(type, 1), value);
  }

  attributeText(type: u32, text: string): void {
    let at = this.attribute(type, <u64>text.length + 1);
    for (let i = 0; i < text.length; i++) mem.store8(at + <u64>i, <u32>text.charCodeAt(i));
  }

  attributeAddress(type: u32, address: Address): void {
    if (address.isIpv4) writeAddress4(this.attribute(type, 4), address);
    else writeAddress6(this.attribute(type, 16), address);
  }

  private extend(size: u64): u64 {
    let padded = <i32>((size + 3) & ~(<u64>3));
    if (this.length + padded > CAPACITY) {
      // More interfaces and routes than there can be: what is over is left out.
      this.isFull = true;
      this.length = this.start;
    }
    let at = this.at + <u64>this.length;
    mem.fill(at, 0, <u64>padded);
    this.length += padded;
    return at;
  }

  /** The message ends here so far. */
  private finish(): void {
    mem.store32(this.at + <u64>this.start, <u32>(this.length - this.start));
  }
}
