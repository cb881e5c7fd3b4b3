// A set of small numbers as a bitmap, laid out as evdev's requests hand it out: bit n of byte n/8.

export class Bits {
  readonly bytes: StaticArray<u8>;

  /** For the numbers 0 to `last`. Whole 64-bit words, as Linux's bitmaps. */
  constructor(readonly last: u32) {
    this.bytes = new StaticArray<u8>(<i32>((last >> 6) + 1) * 8);
  }

  has(number: u32): bool {
    if (number > this.last) return false;
    return ((<u32>this.bytes[number >> 3] >> (number & 7)) & 1) != 0;
  }

  /** Numbers beyond the last are passed over. */
  put(number: u32, isIn: bool): void {
    if (number > this.last) return;
    let bit = (<u32>1) << (number & 7);
    let byte = <u32>this.bytes[number >> 3];
    this.bytes[number >> 3] = <u8>(isIn ? byte | bit : byte & ~bit);
  }

  add(number: u32): void {
    this.put(number, true);
  }

  get isEmpty(): bool {
    for (let i = 0; i < this.bytes.length; i++) if (this.bytes[i] != 0) return false;
    return true;
  }

  /** The first member that is `from` or more, -1 when there is none. */
  next(from: u32): i32 {
    let number = from;
    while (number <= this.last) {
      if ((number & 7) == 0 && this.bytes[number >> 3] == 0) {
        number += 8;
        continue;
      }
      if (this.has(number)) return <i32>number;
      number++;
    }
    return -1;
  }
}
