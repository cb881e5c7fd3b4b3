// The numbers of a control sequence: `CSI 38:2::255:0:0 ; 4:3 ; 7 m` has three parameters, two with parts after colons
// (ECMA-48 §5.4.2, ITU-T T.416). What is too much is left out.

const MOST: i32 = 32;
const LARGEST: i32 = 0x7fffffff;
/** A part that was left empty. */
export const ABSENT: i32 = -1;

export class Parameters {
  count: i32 = 0;
  private values: StaticArray<i32> = new StaticArray<i32>(MOST);
  private parts: StaticArray<i32> = new StaticArray<i32>(MOST);
  /** Parts that belong to parameter i: from partsEnd[i - 1] to partsEnd[i]. */
  private partsEnd: StaticArray<i32> = new StaticArray<i32>(MOST);
  private partCount: i32 = 0;
  private isInPart: bool = false;
  /** The number now being read does not fit any more. */
  private isFull: bool = false;

  /** One parameter, 0: what a sequence without any has. */
  clear(): void {
    this.count = 1;
    this.values[0] = 0;
    this.partsEnd[0] = 0;
    this.partCount = 0;
    this.isInPart = false;
    this.isFull = false;
  }

  digit(value: i32): void {
    if (this.isFull) return;
    if (this.isInPart) this.parts[this.partCount - 1] = grown(max(this.parts[this.partCount - 1], 0), value);
    else this.values[this.count - 1] = grown(this.values[this.count - 1], value);
  }

  /** A semicolon. */
  next(): void {
    this.isInPart = false;
    this.isFull = this.count == MOST;
    if (this.isFull) return;
    this.values[this.count] = 0;
    this.partsEnd[this.count] = this.partCount;
    this.count++;
  }

  /** A colon. */
  nextPart(): void {
    if (this.isFull && !this.isInPart) return;
    this.isFull = this.partCount == MOST;
    if (this.isFull) return;
    this.isInPart = true;
    this.parts[this.partCount++] = ABSENT;
    this.partsEnd[this.count - 1] = this.partCount;
  }

  /** A parameter; 0 when it is not there. */
  value(index: i32): i32 {
    return index < this.count ? this.values[index] : 0;
  }

  /** A parameter that counts: at least 1. */
  amount(index: i32): i32 {
    return max(this.value(index), 1);
  }

  /** How many parts follow parameter `index`. */
  partsOf(index: i32): i32 {
    return this.partsEnd[index] - this.firstPart(index);
  }

  part(index: i32, which: i32): i32 {
    return this.parts[this.firstPart(index) + which];
  }

  private firstPart(index: i32): i32 {
    return index > 0 ? this.partsEnd[index - 1] : 0;
  }
}

function grown(value: i32, digit: i32): i32 {
  return value > (LARGEST - 9) / 10 ? LARGEST : value * 10 + digit;
}
