// What tests/unit/display runs: the Bochs display by its ports, the loader's screen, and the edges of modes.

import * as frames from "memory/frames";
import * as pageTables from "memory/page-tables";
import { direct } from "memory/address";
import { DEVICE_BASE, DEVICE_END } from "machine/linear";
import * as clock from "../../../kernel/sched/clock";
import { ColorField, Framebuffer, FramebufferListener } from "../../../kernel/display/framebuffer";
import * as framebuffers from "../../../kernel/display/framebuffer";
import { BochsDisplay } from "../../../kernel/drivers/display/bochs";
import { BootDisplay, isTaken } from "../../../kernel/drivers/display/boot-display";

const PHYSICAL: u64 = 0x400000;
const SIZE: u64 = 0x400000;

let bochs: BochsDisplay = new BochsDisplay(0, PHYSICAL, direct(PHYSICAL), SIZE);
let boot: BootDisplay = new BootDisplay();
let shown: Framebuffer = bochs;
let changes: i32 = 0;
let arrivals: i32 = 0;

class Counter extends FramebufferListener {
  override came(_framebuffer: Framebuffer): void {
    arrivals++;
  }
  override modeChanged(_framebuffer: Framebuffer): void {
    changes++;
  }
}

export function prepare(): bool {
  clock.calibrate(1_000_000_000, 0);
  frames.initialize(0x1000000, 0x100000);
  frames.addRange(0x200000, PHYSICAL);
  return pageTables.initialize(false) && pageTables.reserveKernel(DEVICE_BASE, DEVICE_END);
}

export function probe(): bool {
  return bochs.probe();
}

export function register(): i32 {
  framebuffers.addListener(new Counter());
  framebuffers.register(bochs);
  return arrivals;
}

export function setFirstMode(): bool {
  shown = bochs;
  return bochs.setFirstMode();
}

export function setMode(width: u32, height: u32, bits: u32, rows: u32): i32 {
  return shown.setMode(width, height, bits, rows);
}

export function pan(row: u32): i32 {
  return shown.pan(row);
}

export function blank(isBlank: bool): i32 {
  return shown.blank(isBlank);
}

export function modeChanges(): i32 {
  return changes;
}

/** width, height, bits, stride, rows, first row. */
export function field(which: i32): u32 {
  switch (which) {
    case 0:
      return shown.widthPixels;
    case 1:
      return shown.heightPixels;
    case 2:
      return shown.bitsPerPixel;
    case 3:
      return shown.strideBytes;
    case 4:
      return shown.rows;
    default:
      return shown.firstRow;
  }
}

export function pixel(red: u32, green: u32, blue: u32): u32 {
  return shown.pixel(red, green, blue);
}

export function describeBoot(physical: u64, width: u32, height: u32, stride: u32, bits: u32): bool {
  boot = new BootDisplay();
  shown = boot;
  return boot.describe(physical, width, height, stride, bits);
}

export function setColors(red: u32, redBits: u32, green: u32, greenBits: u32, blue: u32, blueBits: u32): bool {
  return boot.setColors(new ColorField(red, redBits), new ColorField(green, greenBits), new ColorField(blue, blueBits));
}

export function nowNs(): u64 {
  return clock.nowNs();
}

export function nextRefreshNs(nowNs: u64): u64 {
  return shown.nextRefreshNs(nowNs);
}

export function awaitRefresh(): void {
  shown.awaitRefresh();
}

export function taken(physical: u64): bool {
  return isTaken(physical);
}
