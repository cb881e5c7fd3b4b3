// The interrupt controllers of the machine, from the MADT (ACPI 6.5 §5.2.12).

import * as mem from "machine/mem";
import { find, MADT, tableLength } from "./tables";

const LOCAL_APIC_ADDRESS: u64 = 36;
const FIRST_STRUCTURE: u64 = 44;
const LOCAL_APIC: u32 = 0;
const IO_APIC: u32 = 1;
const SOURCE_OVERRIDE: u32 = 2;
const LOCAL_APIC_ADDRESS_OVERRIDE: u32 = 5;
const LOCAL_X2APIC: u32 = 9;
const CPU_ENABLED: u32 = 1;
const ISA_LINES: i32 = 16;

export class IoApicInfo {
  constructor(
    readonly physical: u64,
    /** The first global interrupt that it serves. */
    readonly firstGlobal: u32,
  ) {}
}

export class InterruptControllers {
  localApicPhysical: u64 = 0xfee00000;
  readonly ioApics: Array<IoApicInfo> = [] as IoApicInfo[];
  /** APIC ids of the enabled CPUs, in the firmware's order. */
  readonly apicIds: Array<u32> = [] as u32[];
  /** ISA line → global interrupt. */
  readonly isaGlobals: StaticArray<u32> = new StaticArray<u32>(ISA_LINES);
  /** ISA line → flags: bits 0–1 polarity, bits 2–3 trigger mode (ACPI 6.5 table 5.26); 0 as the bus has it. */
  readonly isaFlags: StaticArray<u32> = new StaticArray<u32>(ISA_LINES);
}

/** Read the table; without one, what every PC has: one CPU, an I/O APIC at its usual place, the timer on line 2. */
export function readControllers(): InterruptControllers {
  let controllers = new InterruptControllers();
  for (let line = 0; line < ISA_LINES; line++) controllers.isaGlobals[line] = <u32>line;
  let table = find(MADT);
  if (table == 0) {
    controllers.isaGlobals[0] = 2;
  } else {
    controllers.localApicPhysical = <u64>mem.load32(table + LOCAL_APIC_ADDRESS);
    let end = table + tableLength(table);
    let at = table + FIRST_STRUCTURE;
    while (at + 2 <= end) {
      let size = <u64>mem.load8(at + 1);
      if (size < 2 || at + size > end) break;
      readStructure(at, controllers);
      at += size;
    }
  }
  if (controllers.ioApics.length == 0) controllers.ioApics.push(new IoApicInfo(0xfec00000, 0));
  if (controllers.apicIds.length == 0) controllers.apicIds.push(0);
  return controllers;
}

function readStructure(at: u64, controllers: InterruptControllers): void {
  switch (mem.load8(at)) {
    case LOCAL_APIC:
      if ((mem.load32(at + 4) & CPU_ENABLED) != 0) controllers.apicIds.push(mem.load8(at + 3));
      break;
    case LOCAL_X2APIC:
      if ((mem.load32(at + 8) & CPU_ENABLED) != 0) controllers.apicIds.push(mem.load32(at + 4));
      break;
    case IO_APIC:
      controllers.ioApics.push(new IoApicInfo(<u64>mem.load32(at + 4), mem.load32(at + 8)));
      break;
    case SOURCE_OVERRIDE: {
      let line = mem.load8(at + 3);
      if (line >= <u32>ISA_LINES) break;
      controllers.isaGlobals[line] = mem.load32(at + 4);
      controllers.isaFlags[line] = mem.load16(at + 8);
      break;
    }
    case LOCAL_APIC_ADDRESS_OVERRIDE:
      controllers.localApicPhysical = mem.load64(at + 4);
      break;
    default:
      break;
  }
}
