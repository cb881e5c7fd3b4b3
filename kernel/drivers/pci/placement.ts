// Addresses for functions that the firmware gave none: where there is no firmware to speak of (microvm, Firecracker).
//
// Device memory goes behind all of RAM and behind what is placed already, below the chips' fixed places at 0xfec00000,
// each region aligned to its own size (PCI Local Bus 3.0 §6.2.5.1).

import * as configuration from "./configuration";
import { BAR_COUNT, PciDevice } from "./device";

/** I/O APICs, timers, local APICs and firmware are from here on. */
const FIXED_PLACES: u64 = 0xfec0_0000;
const BUS_MEMORY: u64 = 0x1000_0000;

let next: u64 = 0;
let end: u64 = FIXED_PLACES;

/** Give each memory region that has no address one. `floor` is the end of RAM below 4 GB. */
export function placeAll(devices: Array<PciDevice>, floor: u64): void {
  next = floor;
  end = FIXED_PLACES;
  avoidConfiguration();
  for (let i = 0; i < devices.length; i++) avoid(devices[i]);
  for (let i = 0; i < devices.length; i++) place(devices[i]);
}

/** The configuration registers may stand in the way: take the larger part. */
function avoidConfiguration(): void {
  let window = configuration.memoryWindow();
  if (window < next || window >= end) return;
  if (window - next >= end - min(window + BUS_MEMORY, end)) end = window;
  else next = window + BUS_MEMORY;
}

function avoid(device: PciDevice): void {
  for (let index = 0; index < BAR_COUNT; index += device.isWide(index) ? 2 : 1) {
    if (device.isIo(index)) continue;
    let address = device.memoryAddress(index);
    if (address >= next && address < end) next = address + device.memorySize(index);
  }
}

function place(device: PciDevice): void {
  for (let index = 0; index < BAR_COUNT; index += device.isWide(index) ? 2 : 1) {
    if (device.isIo(index) || device.memoryAddress(index) != 0) continue;
    let size = device.memorySize(index);
    if (size == 0) continue;
    let address = (next + size - 1) & ~(size - 1);
    if (address + size > end) continue; // no room: its driver will say so
    device.setMemoryAddress(index, address);
    next = address + size;
  }
}
