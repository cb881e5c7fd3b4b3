// Report descriptors: a small language in which a device says what the bits of its reports mean (HID 1.11 §5 and §6.2.2).
//
//   item   | tag 4 | type 2 | size 2 | data 0, 1, 2 or 4 |        type 0 main, 1 global, 2 local
//
// The bytes are the device's: there is a limit on everything, and what breaks the language ends the parse. A descriptor of n
// bytes costs time and memory in proportion to n.

import * as mem from "machine/mem";

/** Limits, far above what devices have. */
export const FIELD_LIMIT: i32 = 64;
const RANGE_LIMIT: i32 = 64;
const STACK_LIMIT: i32 = 4;
const COLLECTION_LIMIT: i32 = 16;
const ID_LIMIT: i32 = 32;
/** Bits of one report. */
const REPORT_BITS_LIMIT: u32 = 1024 * 8;

const LONG_ITEM: u32 = 0xfe;
const MAIN: u32 = 0;
const GLOBAL: u32 = 1;
const LOCAL: u32 = 2;
const COLLECTION_APPLICATION: u32 = 1;

/** Flags of a main item (§6.2.2.5). */
const CONSTANT: u32 = 1;
const VARIABLE: u32 = 2;
const RELATIVE: u32 = 4;
const NULL_STATE: u32 = 0x40;

export const enum ReportKind {
  INPUT,
  OUTPUT,
  FEATURE,
}

/** A run of equal values in a report. */
export class ReportField {
  /** First and last usage (page << 16 | id) of each range, in order. */
  ranges: StaticArray<u32> = new StaticArray<u32>(0);
  logicalMinimum: i32 = 0;
  logicalMaximum: i32 = 0;
  /** The application collection it is in. */
  application: u32 = 0;
  /** Of an array: the usages that were in the last report. */
  held: StaticArray<u32> = new StaticArray<u32>(0);

  constructor(
    readonly kind: ReportKind,
    readonly reportId: u32,
    /** From the first byte after the report's number. */
    readonly bitOffset: u32,
    readonly bitSize: u32,
    readonly count: u32,
    readonly flags: u32,
  ) {}

  /** Each value is one usage's; else each names a usage that is held. */
  get isVariable(): bool {
    return (this.flags & VARIABLE) != 0;
  }

  get isRelative(): bool {
    return (this.flags & RELATIVE) != 0;
  }

  /** Values out of range say nothing. */
  get hasNull(): bool {
    return (this.flags & NULL_STATE) != 0;
  }

  /** Usage `index` of the ranges; 0 beyond: one control has one value, so the last is not repeated (§6.2.2.8 would). */
  usage(index: u32): u32 {
    let left = index;
    for (let i = 0; i + 1 < this.ranges.length; i += 2) {
      let count = this.ranges[i + 1] - this.ranges[i] + 1;
      if (left < count) return this.ranges[i] + left;
      left -= count;
    }
    return 0;
  }

  /** How many usages the ranges have. */
  get usageCount(): u32 {
    let total: u32 = 0;
    for (let i = 0; i + 1 < this.ranges.length; i += 2)
      total += min<u32>(this.ranges[i + 1] - this.ranges[i] + 1, 0x10000);
    return total;
  }
}

/** Value `index` of a field in a report of `length` bytes; sign-extended where the range has negative numbers. */
export function extract(field: ReportField, address: u64, index: u32): i32 {
  let bit = field.bitOffset + index * field.bitSize;
  let value: u64 = 0;
  let shift: u64 = 0;
  // Up to 32 bits at any offset lie in five bytes.
  let last = (bit + field.bitSize - 1) >> 3;
  for (let at = bit >> 3; at <= last; at++) {
    value |= (<u64>mem.load8(address + <u64>at)) << shift;
    shift += 8;
  }
  value = value >> <u64>(bit & 7);
  let unused = 64 - <u64>field.bitSize;
  value = value << unused;
  return <i32>(field.logicalMinimum < 0 ? <i64>value >> unused : <i64>(value >> unused));
}

/** Whether value `index` of a field lies in a report of `length` bytes. */
export function isInside(field: ReportField, index: u32, length: u32): bool {
  return field.bitOffset + (index + 1) * field.bitSize <= length * 8;
}

class GlobalState {
  usagePage: u32 = 0;
  logicalMinimum: i32 = 0;
  logicalMaximum: u32 = 0;
  reportSize: u32 = 0;
  reportCount: u32 = 0;
  reportId: u32 = 0;

  copy(): GlobalState {
    let copied = new GlobalState();
    copied.usagePage = this.usagePage;
    copied.logicalMinimum = this.logicalMinimum;
    copied.logicalMaximum = this.logicalMaximum;
    copied.reportSize = this.reportSize;
    copied.reportCount = this.reportCount;
    copied.reportId = this.reportId;
    return copied;
  }
}

export class ReportDescriptor {
  readonly fields: Array<ReportField> = [] as ReportField[];
  /** Reports begin with their number. */
  hasIds: bool = false;
  private ids: StaticArray<u32> = new StaticArray<u32>(ID_LIMIT);
  /** Bits so far, by number and kind. */
  private bits: StaticArray<u32> = new StaticArray<u32>(ID_LIMIT * 3);
  private idCount: i32 = 0;
  private state: GlobalState = new GlobalState();
  private stack: Array<GlobalState> = [] as GlobalState[];
  private ranges: StaticArray<u32> = new StaticArray<u32>(RANGE_LIMIT * 2);
  private rangeCount: i32 = 0;
  private pendingMinimum: u32 = 0;
  private application: u32 = 0;
  private depth: i32 = 0;

  /** Read `length` bytes. False when they break the language, or a limit. */
  parse(address: u64, length: u32): bool {
    let at: u32 = 0;
    while (at < length) {
      let prefix = mem.load8(address + <u64>at);
      if (prefix == LONG_ITEM) {
        if (at + 2 > length) return false;
        at += 3 + mem.load8(address + <u64>at + 1);
        continue;
      }
      let size = prefix & 3;
      if (size == 3) size = 4;
      if (size > length - at - 1) return false;
      let data: u32 = 0;
      for (let i: u32 = 0; i < size; i++) data |= mem.load8(address + <u64>(at + 1 + i)) << (8 * i);
      if (!this.item((prefix >> 2) & 3, prefix >> 4, data, size)) return false;
      at += 1 + size;
    }
    return true;
  }

  /** Bytes of the longest report of a kind, its number included. */
  longest(kind: ReportKind): u32 {
    let most: u32 = 0;
    for (let i = 0; i < this.idCount; i++) most = max(most, this.bits[i * 3 + <i32>kind]);
    return most == 0 ? 0 : (most + 7) / 8 + (this.hasIds ? 1 : 0);
  }

  /** Bytes of one report, without its number. */
  reportLength(kind: ReportKind, id: u32): u32 {
    for (let i = 0; i < this.idCount; i++) if (this.ids[i] == id) return (this.bits[i * 3 + <i32>kind] + 7) / 8;
    return 0;
  }

  private item(type: u32, tag: u32, data: u32, size: u32): bool {
    if (type == MAIN) {
      let isRight = this.mainItem(tag, data);
      this.rangeCount = 0;
      this.pendingMinimum = 0;
      return isRight;
    }
    if (type == GLOBAL) return this.globalItem(tag, data, size);
    if (type == LOCAL) this.localItem(tag, data, size);
    return true;
  }

  private mainItem(tag: u32, data: u32): bool {
    switch (tag) {
      case 8:
        return this.addField(ReportKind.INPUT, data);
      case 9:
        return this.addField(ReportKind.OUTPUT, data);
      case 11:
        return this.addField(ReportKind.FEATURE, data);
      case 10:
        if (++this.depth > COLLECTION_LIMIT) return false;
        if (data == COLLECTION_APPLICATION && this.rangeCount > 0) this.application = this.ranges[0];
        return true;
      case 12:
        return --this.depth >= 0;
      default:
        return true;
    }
  }

  private globalItem(tag: u32, data: u32, size: u32): bool {
    let state = this.state;
    switch (tag) {
      case 0:
        state.usagePage = data & 0xffff;
        return true;
      case 1:
        state.logicalMinimum = signed(data, size);
        return true;
      case 2:
        state.logicalMaximum = data;
        if (state.logicalMinimum < 0) state.logicalMaximum = <u32>signed(data, size);
        return true;
      case 7:
        if (data > 256) return false;
        state.reportSize = data;
        return true;
      case 8:
        state.reportId = data;
        this.hasIds = true;
        return data != 0 && data < 256;
      case 9:
        if (data > REPORT_BITS_LIMIT) return false;
        state.reportCount = data;
        return true;
      case 10:
        if (this.stack.length >= STACK_LIMIT) return false;
        this.stack.push(state.copy());
        return true;
      case 11:
        if (this.stack.length == 0) return false;
        this.state = this.stack.pop();
        return true;
      default:
        return true;
    }
  }

  /** Usages with four bytes bring their page. */
  private localItem(tag: u32, data: u32, size: u32): void {
    let usage = size == 4 ? data : (this.state.usagePage << 16) | (data & 0xffff);
    if (tag == 0) this.addRange(usage, usage);
    else if (tag == 1) this.pendingMinimum = usage;
    else if (tag == 2 && usage >= this.pendingMinimum && usage >> 16 == this.pendingMinimum >> 16) {
      this.addRange(this.pendingMinimum, usage);
    }
  }

  private addRange(first: u32, last: u32): void {
    if (this.rangeCount >= RANGE_LIMIT) return;
    this.ranges[this.rangeCount * 2] = first;
    this.ranges[this.rangeCount * 2 + 1] = last;
    this.rangeCount++;
  }

  /** Where the bits of the present report stand; null-like -1 when there are too many reports. */
  private place(): i32 {
    for (let i = 0; i < this.idCount; i++) if (this.ids[i] == this.state.reportId) return i;
    if (this.idCount >= ID_LIMIT) return -1;
    this.ids[this.idCount] = this.state.reportId;
    return this.idCount++;
  }

  private addField(kind: ReportKind, flags: u32): bool {
    let state = this.state;
    let place = this.place();
    if (place < 0) return false;
    let slot = place * 3 + <i32>kind;
    let offset = this.bits[slot];
    let total = state.reportSize * state.reportCount;
    if (total > REPORT_BITS_LIMIT || offset + total > REPORT_BITS_LIMIT) return false;
    this.bits[slot] = offset + total;
    // Padding, and values wider than any number here, only take room.
    let isData = (flags & CONSTANT) == 0 && this.rangeCount > 0 && total > 0 && state.reportSize <= 32;
    if (!isData || kind == ReportKind.FEATURE) return true;
    if (this.fields.length >= FIELD_LIMIT) return false;
    let field = new ReportField(kind, state.reportId, offset, state.reportSize, state.reportCount, flags);
    field.logicalMinimum = state.logicalMinimum;
    field.logicalMaximum = <i32>state.logicalMaximum;
    field.application = this.application;
    field.ranges = StaticArray.slice<u32>(this.ranges, 0, this.rangeCount * 2);
    if (!field.isVariable) field.held = new StaticArray<u32>(<i32>min<u32>(state.reportCount, 64));
    this.fields.push(field);
    return true;
  }
}

function signed(data: u32, size: u32): i32 {
  if (size == 1) return <i32>(<i8>data);
  if (size == 2) return <i32>(<i16>data);
  return <i32>data;
}
