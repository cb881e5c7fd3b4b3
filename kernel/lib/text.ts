// Building text as bytes: a fixed buffer and appenders that never allocate and never overrun (what does not fit is cut).
//
//   const line = new Text(256);
//   line.clear().string("mapped ").decimal(count).string(" pages at ").hex(address);

import { linearAddress, pointerOf } from "memory/address";

export class Text {
  bytes: StaticArray<u8>;
  length: i32 = 0;

  constructor(capacity: i32) {
    this.bytes = new StaticArray<u8>(capacity);
  }

  get capacity(): i32 {
    return this.bytes.length;
  }

  /** The kernel-virtual address of the first byte; the caller keeps the Text alive. */
  get address(): u64 {
    return linearAddress(pointerOf(this.bytes));
  }

  /** As `length`, whatever was done to that: never more than there is. */
  get size(): i32 {
    return max(0, min(this.length, this.bytes.length));
  }

  /** Called when `needed` more bytes do not fit: whether there is room now. */
  makeRoom(_needed: i32): bool {
    return false;
  }

  clear(): Text {
    this.length = 0;
    return this;
  }

  /** One byte. */
  byte(value: u32): Text {
    if (this.length < this.bytes.length || this.makeRoom(1)) this.bytes[this.length++] = <u8>value;
    return this;
  }

  /** A string, as UTF-8; meant for constants. */
  string(text: string): Text {
    for (let i = 0; i < text.length; i++) {
      let code = <u32>text.charCodeAt(i);
      if (code < 0x80) this.byte(code);
      else if (code < 0x800) this.byte(0xc0 | (code >> 6)).byte(0x80 | (code & 63));
      else
        this.byte(0xe0 | (code >> 12))
          .byte(0x80 | ((code >> 6) & 63))
          .byte(0x80 | (code & 63));
    }
    return this;
  }

  /** `length` bytes of a static array, from `start`. */
  array(source: StaticArray<u8>, start: i32 = 0, length: i32 = source.length - start): Text {
    for (let i = 0; i < length; i++) this.byte(source[start + i]);
    return this;
  }

  /** Bytes up to a NUL or the end of the array: names as Linux's comm. */
  nulTerminated(source: StaticArray<u8>): Text {
    for (let i = 0; i < source.length && source[i] != 0; i++) this.byte(source[i]);
    return this;
  }

  /** Another text. */
  text(other: Text): Text {
    return this.array(other.bytes, 0, other.length);
  }

  /** A signed number in base 10. */
  signed(value: i64): Text {
    if (value < 0) return this.byte(0x2d).decimal(0 - <u64>value);
    return this.decimal(<u64>value);
  }

  /** An unsigned number in base 10, padded on the left with spaces to `width`. */
  decimal(value: u64, width: i32 = 0): Text {
    return this.number(value, 10, width, 0x20);
  }

  /** An unsigned number in base 10, padded with zeros. */
  padded(value: u64, width: i32): Text {
    return this.number(value, 10, width, 0x30);
  }

  /** 0x and base 16. */
  hex(value: u64): Text {
    return this.byte(0x30).byte(0x78).number(value, 16, 0, 0x30);
  }

  /** Base 16 without prefix, padded with zeros to `width`. */
  hexPadded(value: u64, width: i32): Text {
    return this.number(value, 16, width, 0x30);
  }

  /** 0 and base 8. */
  octal(value: u64): Text {
    this.byte(0x30);
    return value == 0 ? this : this.number(value, 8, 0, 0x30);
  }

  private number(value: u64, base: u64, width: i32, pad: u32): Text {
    let digits = 1;
    let rest = value / base;
    while (rest > 0) {
      digits++;
      rest /= base;
    }
    for (let i = digits; i < width; i++) this.byte(pad);
    if (this.length + digits > this.bytes.length && !this.makeRoom(digits)) return this;
    let end = this.length + digits;
    rest = value;
    for (let at = end - 1; at >= this.length; at--) {
      let digit = <u32>(rest % base);
      this.bytes[at] = <u8>(digit < 10 ? 0x30 + digit : 0x57 + digit);
      rest /= base;
    }
    this.length = end;
    return this;
  }

  /** Spaces up to column `column`. */
  padTo(column: i32): Text {
    for (let missing = column - this.length; missing > 0; missing--) this.byte(0x20);
    return this;
  }
}

/** A Text that grows as needed, up to a limit: for what is made to be read, like /proc files. */
export class GrowingText extends Text {
  constructor(
    capacity: i32,
    private limit: i32,
  ) {
    super(capacity);
  }

  override makeRoom(needed: i32): bool {
    let wanted = this.length + needed;
    if (wanted > this.limit) return false;
    let larger = new StaticArray<u8>(min(this.limit, max(wanted, this.bytes.length * 2)));
    for (let i = 0; i < this.length; i++) larger[i] = this.bytes[i];
    this.bytes = larger;
    return true;
  }
}
