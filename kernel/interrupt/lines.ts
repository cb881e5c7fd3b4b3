// Connecting devices: ISA lines, PCI lines, and messages (MSI), which need no line.

import { InterruptControllers, readControllers } from "../acpi/madt";
import * as ioApic from "./io-apic";
import * as localApic from "./local-apic";
import * as pic from "./pic";
import { allocate, InterruptHandler, register, SPURIOUS_VECTOR } from "./vectors";

/** Where a CPU listens for messages (Intel SDM 3A §11.11). */
const MESSAGE_ADDRESS: u64 = 0xfee00000;
const POLARITY_LOW: u32 = 3;
const TRIGGER_LEVEL: u32 = 3;
const LINE_COUNT: i32 = 256;

let controllers: InterruptControllers = new InterruptControllers();
/** The vector of each line that is connected; 0: none yet. */
const vectorOfLine: StaticArray<u32> = new StaticArray<u32>(LINE_COUNT);

/** Bring up the interrupt controllers, everything masked. False: no memory to map them. */
export function initialize(hasX2apic: bool): bool {
  controllers = readControllers();
  pic.disable();
  return localApic.enable(controllers.localApicPhysical, hasX2apic, SPURIOUS_VECTOR) && ioApic.initialize(controllers);
}

/** APIC ids of the machine's CPUs. */
export function cpuApicIds(): Array<u32> {
  return controllers.apicIds;
}

/** Connect an ISA line (0–15) to a handler. Returns whether that worked. */
export function connectIsa(line: u32, handler: InterruptHandler): bool {
  let flags = controllers.isaFlags[line];
  let isActiveLow = (flags & 3) == POLARITY_LOW;
  let isLevel = ((flags >> 2) & 3) == TRIGGER_LEVEL;
  return connectGlobal(controllers.isaGlobals[line], isLevel, isActiveLow, handler);
}

/** Connect a PCI line by its global interrupt number: level-triggered, active low, perhaps shared. Returns whether that worked. */
export function connectPci(line: u32, handler: InterruptHandler): bool {
  return connectGlobal(line, true, true, handler);
}

/** Connect a line by its global interrupt number, triggered as the firmware says. Returns whether that worked. */
export function connectGlobal(line: u32, isLevel: bool, isActiveLow: bool, handler: InterruptHandler): bool {
  if (line >= <u32>LINE_COUNT) return false;
  let vector = vectorOfLine[line];
  if (vector != 0) {
    register(vector, handler);
    return true;
  }
  vector = allocate();
  if (vector == 0) return false;
  register(vector, handler);
  vectorOfLine[line] = vector;
  return ioApic.route(line, vector, localApic.id(), isLevel, isActiveLow);
}

/** A vector for a device that sends messages; 0 when none is left. The device writes `messageData` to `messageAddress`. */
export function connectMessage(handler: InterruptHandler): u32 {
  let vector = allocate();
  if (vector != 0) register(vector, handler);
  return vector;
}

export function messageAddress(): u64 {
  return MESSAGE_ADDRESS | ((<u64>localApic.id()) << 12);
}

/** Edge-triggered, fixed delivery. */
export function messageData(vector: u32): u32 {
  return vector;
}
