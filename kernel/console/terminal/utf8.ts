// UTF-8 to code points (RFC 3629). Malformed bytes become U+FFFD, one for each maximal part of a sequence
// (Unicode 17 §3.9, "Substitution of Maximal Subparts"), as everywhere else.

export const REPLACEMENT: u32 = 0xfffd;

export class Utf8Decoder {
  /** The code point so far, and how many bytes are still to come. */
  private partial: u32 = 0;
  private missing: i32 = 0;
  /** What the next byte must lie in: excludes overlong forms, surrogates and what is above U+10FFFF. */
  private lowest: u32 = 0x80;
  private highest: u32 = 0xbf;

  /** Whether the last byte ended a character. */
  get isIdle(): bool {
    return this.missing == 0;
  }

  /** Whether `byte` cannot go on with what was begun: then `abandon` and give the byte again. */
  breaks(byte: u32): bool {
    return this.missing > 0 && (byte < this.lowest || byte > this.highest);
  }

  /** Forget what was begun. */
  abandon(): void {
    this.missing = 0;
  }

  /** A byte that does not break: the code point that it ends, or -1 while more are to come. */
  decode(byte: u32): i32 {
    if (this.missing > 0) {
      this.lowest = 0x80;
      this.highest = 0xbf;
      this.partial = (this.partial << 6) | (byte & 0x3f);
      return --this.missing == 0 ? <i32>this.partial : -1;
    }
    if (byte < 0x80) return <i32>byte;
    if (byte < 0xc2 || byte > 0xf4) return <i32>REPLACEMENT;
    this.lowest = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
    this.highest = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
    this.missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    this.partial = byte & (0x3f >> this.missing);
    return -1;
  }
}
