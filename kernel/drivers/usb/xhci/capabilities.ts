// The list of extended capabilities (xHCI 1.2 §7): the firmware's hold on the controller, and which ports speak what.

import * as mmio from "machine/mmio";
import * as log from "../../../log/log";
import { waitUninterruptibly } from "../../../sched/block";
import * as clock from "../../../sched/clock";
import { WaitQueue } from "../../../sched/wait";
import * as reg from "./registers";

export const PORT_LIMIT: u32 = 255;
const CAPABILITY_LIMIT: i32 = 64;
/** The longest of those that are read. */
const CAPABILITY_SIZE: u64 = 16;
/** "USB ", of a supported protocol (§7.2). */
const PROTOCOL_NAME: u32 = 0x2042_5355;
const HANDOFF_TIMEOUT_NS: u64 = 1_000_000_000;
const POLL_NS: u64 = 1_000_000;

const naps: WaitQueue = new WaitQueue();

/** What is known of each port. */
export class Protocols {
  /** The slot type that its devices take (§7.2.2.1.4). */
  readonly slotTypes: StaticArray<u8> = new StaticArray<u8>(<i32>PORT_LIMIT + 1);
  private majors: StaticArray<u8> = new StaticArray<u8>(<i32>PORT_LIMIT + 1);

  /** Whether it is a USB 3 port. */
  isSuperSpeed(port: u32): bool {
    return this.majors[port] >= 3;
  }

  /** | id 1, next 1, minor 1, major 1 | "USB " | first port 1, count 1, … | slot type 5 bits | */
  read(at: u64): void {
    if (mmio.read32(at + 4) != PROTOCOL_NAME) return;
    let major = mmio.read32(at) >> 24;
    let range = mmio.read32(at + 8);
    let port = range & 0xff;
    let end = port + ((range >> 8) & 0xff);
    for (; port < end && port <= PORT_LIMIT; port++) {
      this.slotTypes[port] = <u8>(mmio.read32(at + 12) & 31);
      this.majors[port] = <u8>major;
    }
  }
}

/** Walk the list, which begins at offset `first` of `length` bytes of registers. Threads only: it may wait for the firmware. */
export function readCapabilities(registers: u64, length: u64, first: u32, protocols: Protocols): void {
  let offset = first;
  for (let i = 0; offset != 0 && <u64>offset + CAPABILITY_SIZE <= length && i < CAPABILITY_LIMIT; i++) {
    let at = registers + <u64>offset;
    let head = mmio.read32(at);
    if ((head & 0xff) == reg.CAPABILITY_LEGACY) takeFromFirmware(at);
    else if ((head & 0xff) == reg.CAPABILITY_PROTOCOL) protocols.read(at);
    let next = ((head >> 8) & 0xff) << 2;
    if (next == 0) return;
    offset += next;
  }
}

/** The firmware may be driving a keyboard through it (§4.22.1): it is asked to let go, and after a second not asked. */
function takeFromFirmware(at: u64): void {
  if ((mmio.read32(at) & reg.BIOS_OWNS) != 0) {
    mmio.write32(at, mmio.read32(at) | reg.SYSTEM_OWNS);
    let deadlineNs = clock.nowNs() + HANDOFF_TIMEOUT_NS;
    while ((mmio.read32(at) & reg.BIOS_OWNS) != 0 && clock.nowNs() < deadlineNs) {
      waitUninterruptibly(naps, clock.nowNs() + POLL_NS);
    }
    if ((mmio.read32(at) & reg.BIOS_OWNS) != 0) {
      log.say(log.WARNING, "xhci: the firmware does not let go of the controller: it is taken");
      mmio.write32(at, (mmio.read32(at) & ~reg.BIOS_OWNS) | reg.SYSTEM_OWNS);
    }
  }
  mmio.write32(at + 4, (mmio.read32(at + 4) & reg.LEGACY_KEEP) | reg.LEGACY_EVENTS);
}
