// Reports of a HID device become events of an input device, and its LEDs a report.

import * as mem from "machine/mem";
import * as codes from "../../../abi/input-codes";
import { InputDevice } from "../../../input/device";
import { extract, isInside, ReportDescriptor, ReportField, ReportKind } from "./report-descriptor";
import { eventOf, LAST_KEYBOARD_ERROR, ledOf, PAGE_KEYBOARD } from "./usages";

/** Usages of one field that are told as capabilities. */
const USAGE_LIMIT: u32 = 1024;
/** The most that LEDs take. */
export const LED_REPORT_LIMIT: u32 = 64;

export class Reports {
  constructor(
    readonly descriptor: ReportDescriptor,
    readonly device: InputDevice,
  ) {}

  /** Tell the device what it can say. Whether that is anything. */
  describe(): bool {
    let fields = this.descriptor.fields;
    for (let i = 0; i < fields.length; i++) {
      if (fields[i].kind == ReportKind.INPUT) this.describeField(fields[i]);
      else if (fields[i].isVariable) this.describeLeds(fields[i]);
    }
    let device = this.device;
    if (device.keys.has(codes.KEY_A)) device.allowRepeat();
    if (device.isMouse) device.properties.add(codes.INPUT_PROP_POINTER);
    return !device.keys.isEmpty || !device.relatives.isEmpty || !device.absolutes.isEmpty;
  }

  private describeField(field: ReportField): void {
    let count = min(field.isVariable ? field.count : field.usageCount, USAGE_LIMIT);
    for (let i: u32 = 0; i < count; i++) {
      let event = eventOf(field.usage(i), field.application, field.isRelative);
      let code = event & 0xffff;
      switch (event >> 16) {
        case codes.EV_KEY:
          this.device.allowKey(code);
          break;
        case codes.EV_REL:
          if (field.isVariable) this.device.allowRelative(code);
          break;
        case codes.EV_ABS:
          if (field.isVariable) this.device.allowAbsolute(code, field.logicalMinimum, field.logicalMaximum);
          break;
        default:
          break;
      }
    }
  }

  private describeLeds(field: ReportField): void {
    for (let i: u32 = 0; i < field.count; i++) {
      let led = ledOf(field.usage(i));
      if (led >= 0) this.device.allowLed(<u32>led);
    }
  }

  /** A report of `length` bytes came. Runs in interrupt handlers: allocates nothing. */
  received(address: u64, length: u32): void {
    let data = address;
    let left = length;
    let id: u32 = 0;
    if (this.descriptor.hasIds) {
      if (left == 0) return;
      id = mem.load8(data);
      data++;
      left--;
    }
    let fields = this.descriptor.fields;
    for (let i = 0; i < fields.length; i++) {
      let field = fields[i];
      if (field.kind != ReportKind.INPUT || field.reportId != id) continue;
      if (field.isVariable) this.takeValues(field, data, left);
      else this.takeHeld(field, data, left);
    }
    this.device.sync();
  }

  private takeValues(field: ReportField, data: u64, length: u32): void {
    for (let i: u32 = 0; i < field.count && isInside(field, i, length); i++) {
      let event = eventOf(field.usage(i), field.application, field.isRelative);
      if (event == 0) continue;
      let value = extract(field, data, i);
      if (field.hasNull && (value < field.logicalMinimum || value > field.logicalMaximum)) continue;
      let type = event >> 16;
      this.device.report(type, event & 0xffff, type == codes.EV_KEY ? (value != 0 ? 1 : 0) : value);
    }
  }

  /** What an array says at `index`: a usage, 0 for nothing. */
  private usageAt(field: ReportField, data: u64, index: u32): u32 {
    let value = extract(field, data, index);
    if (value < field.logicalMinimum || value > field.logicalMaximum) return 0;
    return field.usage(<u32>(value - field.logicalMinimum));
  }

  /** An array names what is held: what was held before and is not named has come up. */
  private takeHeld(field: ReportField, data: u64, length: u32): void {
    let held = field.held;
    let count = <u32>held.length;
    if (count == 0 || !isInside(field, count - 1, length)) return;
    for (let i: u32 = 0; i < count; i++) {
      let usage = this.usageAt(field, data, i);
      // Too many keys at once: the keyboard cannot tell, so nothing changes.
      let id = usage & 0xffff;
      if (usage >> 16 == PAGE_KEYBOARD && id != 0 && id <= LAST_KEYBOARD_ERROR) return;
    }
    for (let i: u32 = 0; i < count; i++) {
      let usage = held[i];
      if (usage != 0 && !this.isNamed(field, data, usage, count)) this.reportHeld(field, usage, 0);
    }
    for (let i: u32 = 0; i < count; i++) {
      let usage = this.usageAt(field, data, i);
      held[i] = usage;
      // A key that is down already is passed over by the device.
      if (usage != 0) this.reportHeld(field, usage, 1);
    }
  }

  private isNamed(field: ReportField, data: u64, usage: u32, count: u32): bool {
    for (let i: u32 = 0; i < count; i++) if (this.usageAt(field, data, i) == usage) return true;
    return false;
  }

  private reportHeld(field: ReportField, usage: u32, value: i32): void {
    let event = eventOf(usage, field.application, true);
    if (event >> 16 == codes.EV_KEY) this.device.report(codes.EV_KEY, event & 0xffff, value);
  }

  /** The number of the report that lights LEDs; -1 when there is none. */
  ledReport(): i32 {
    let fields = this.descriptor.fields;
    for (let i = 0; i < fields.length; i++) {
      let field = fields[i];
      if (field.kind == ReportKind.OUTPUT && field.isVariable && ledOf(field.usage(0)) >= 0) return <i32>field.reportId;
    }
    return -1;
  }

  /** Write that report as the LEDs are now: its bytes, its number in front where reports have numbers; 0: it is too long. */
  writeLeds(address: u64, reportId: u32): u32 {
    let descriptor = this.descriptor;
    let start: u32 = descriptor.hasIds ? 1 : 0;
    let length = start + descriptor.reportLength(ReportKind.OUTPUT, reportId);
    if (length > LED_REPORT_LIMIT) return 0;
    mem.fill(address, 0, <u64>length);
    if (descriptor.hasIds) mem.store8(address, reportId);
    for (let i = 0; i < descriptor.fields.length; i++) {
      let field = descriptor.fields[i];
      if (field.kind != ReportKind.OUTPUT || field.reportId != reportId || !field.isVariable) continue;
      for (let j: u32 = 0; j < field.count; j++) {
        let led = ledOf(field.usage(j));
        if (led < 0 || !this.device.ledsLit.has(<u32>led)) continue;
        let bit = field.bitOffset + j * field.bitSize;
        let byte = address + <u64>(start + (bit >> 3));
        mem.store8(byte, mem.load8(byte) | ((<u32>1) << (bit & 7)));
      }
    }
    return length;
  }
}
