// Routes of device lines to vectors (82093AA data sheet). A line is named by its global interrupt number.

import * as mmio from "machine/mmio";
import * as pageTables from "memory/page-tables";
import { InterruptControllers } from "../acpi/madt";

const SELECT: u64 = 0x00;
const WINDOW: u64 = 0x10;
const VERSION: u32 = 1;
const FIRST_ROUTE: u32 = 0x10;
const ROUTE_ACTIVE_LOW: u32 = 1 << 13;
const ROUTE_LEVEL: u32 = 1 << 15;
const ROUTE_MASKED: u32 = 1 << 16;

class IoApic {
  constructor(
    readonly registers: u64,
    readonly firstGlobal: u32,
    readonly lineCount: u32,
  ) {}
}

const chips: Array<IoApic> = [] as IoApic[];

/** Map the chips and mask every line. False: no memory for it. */
export function initialize(controllers: InterruptControllers): bool {
  for (let i = 0; i < controllers.ioApics.length; i++) {
    let info = controllers.ioApics[i];
    let registers = pageTables.mapDevice(info.physical, 0x20, pageTables.UNCACHED);
    if (registers == 0) return false;
    let version = readRegister(registers, VERSION);
    if (version == 0xffffffff) continue; // nothing there
    let chip = new IoApic(registers, info.firstGlobal, ((version >> 16) & 0xff) + 1);
    chips.push(chip);
    for (let line: u32 = 0; line < chip.lineCount; line++) writeRoute(chip, line, ROUTE_MASKED, 0);
  }
  return true;
}

/** Deliver a line as `vector` to the CPU with that APIC id. Returns whether there is such a line. */
export function route(line: u32, vector: u32, apicId: u32, isLevel: bool, isActiveLow: bool): bool {
  let chip = chipOf(line);
  if (chip === null) return false;
  let low = vector;
  if (isLevel) low |= ROUTE_LEVEL;
  if (isActiveLow) low |= ROUTE_ACTIVE_LOW;
  writeRoute(chip, line - chip.firstGlobal, low, apicId << 24);
  return true;
}

function chipOf(line: u32): IoApic | null {
  for (let i = 0; i < chips.length; i++) {
    let chip = chips[i];
    if (line >= chip.firstGlobal && line - chip.firstGlobal < chip.lineCount) return chip;
  }
  return null;
}

/** The high half first: the line is masked or unchanged until the low half is written. */
function writeRoute(chip: IoApic, line: u32, low: u32, high: u32): void {
  writeRegister(chip.registers, FIRST_ROUTE + line * 2 + 1, high);
  writeRegister(chip.registers, FIRST_ROUTE + line * 2, low);
}

function readRegister(registers: u64, index: u32): u32 {
  mmio.write32(registers + SELECT, index);
  return mmio.read32(registers + WINDOW);
}

function writeRegister(registers: u64, index: u32, value: u32): void {
  mmio.write32(registers + SELECT, index);
  mmio.write32(registers + WINDOW, value);
}
