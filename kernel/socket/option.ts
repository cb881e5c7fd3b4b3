// The value of a socket option on its way (man 2 getsockopt): mostly an int, sometimes a structure. One value serves all
// calls; nothing between filling and using it blocks.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";

/** The longest option anybody here has: struct tcp_info, group_req. */
export const MAX_OPTION: i32 = 512;

export class OptionValue {
  bytes: StaticArray<u8> = new StaticArray<u8>(MAX_OPTION);
  length: i32 = 0;

  get at(): u64 {
    return bytesAddress(this.bytes);
  }

  /** Whether there are enough bytes for an int. */
  get hasInt(): bool {
    return this.length >= 4;
  }

  get int(): i32 {
    return <i32>mem.load32(this.at);
  }

  get isOn(): bool {
    return mem.load32(this.at) != 0;
  }

  /** The answer is an int. */
  setInt(value: i32): i32 {
    mem.store32(this.at, <u32>value);
    this.length = 4;
    return 0;
  }

  setBool(value: bool): i32 {
    return this.setInt(value ? 1 : 0);
  }

  /** The answer is `length` bytes, zero so far. */
  setBytes(length: i32): u64 {
    mem.fill(this.at, 0, <u64>length);
    this.length = length;
    return this.at;
  }
}
