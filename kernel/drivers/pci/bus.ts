// Finding PCI functions and the drivers for them.
//
//   pci.addDriver(new VirtioNetDriver());
//   pci.start();

import * as module from "../../lib/module";
import * as log from "../../log/log";
import * as configuration from "./configuration";
import { PciDevice } from "./device";
import { placeAll } from "./placement";

const SLOTS: u32 = 32;
const FUNCTIONS: u32 = 8;
const MULTIPLE_FUNCTIONS: u32 = 0x80;
const BRIDGE_HEADER: u32 = 1;
/** PCI-to-PCI bridges behind one another. */
const MAX_DEPTH: u32 = 8;

/** A driver for some kind of function. */
export abstract class PciDriver {
  /** The module that brought it. */
  module: string = "";

  abstract get name(): string;
  /** Whether this driver is for the device. */
  abstract matches(device: PciDevice): bool;
  /** Bring it up; false when that fails, and the device is left alone. */
  abstract start(device: PciDevice): bool;
}

const drivers: Array<PciDriver> = [] as PciDriver[];
/** Every function found, for /sys and for other drivers. */
export const devices: Array<PciDevice> = [] as PciDevice[];

export function addDriver(driver: PciDriver): void {
  driver.module = module.current;
  drivers.push(driver);
}

/** Look at every bus, then start each function's driver. `endOfMemory` is where RAM below 4 GB ends. */
export function start(endOfMemory: u64): void {
  configuration.initialize();
  scan(0, 0);
  placeAll(devices, endOfMemory);
  for (let i = 0; i < devices.length; i++) startDriver(devices[i]);
}

function scan(bus: u32, depth: u32): void {
  for (let slot: u32 = 0; slot < SLOTS; slot++) {
    let first = configuration.place(bus, slot, 0);
    if (configuration.read16(first, configuration.VENDOR) == configuration.NO_VENDOR) continue;
    let hasMore = (configuration.read8(first, configuration.HEADER_TYPE) & MULTIPLE_FUNCTIONS) != 0;
    let count: u32 = hasMore ? FUNCTIONS : 1;
    for (let part: u32 = 0; part < count; part++) {
      let at = configuration.place(bus, slot, part);
      if (configuration.read16(at, configuration.VENDOR) != configuration.NO_VENDOR) add(at, depth);
    }
  }
}

function add(at: u32, depth: u32): void {
  let type = configuration.read8(at, configuration.HEADER_TYPE) & 0x7f;
  if (type == BRIDGE_HEADER) {
    let behind = configuration.read8(at, configuration.SECONDARY_BUS);
    if (behind != 0 && depth < MAX_DEPTH) scan(behind, depth + 1);
    return;
  }
  if (type == 0) devices.push(new PciDevice(at));
}

function startDriver(device: PciDevice): void {
  for (let i = 0; i < drivers.length; i++) {
    let driver = drivers[i];
    if (!driver.matches(device)) continue;
    let hasStarted = driver.start(device);
    log
      .begin(hasStarted ? log.INFO : log.WARNING)
      .string("pci: ")
      .string(driver.name)
      .string(hasStarted ? " started, slot " : " failed, slot ")
      .decimal(device.slot)
      .string(" (module ")
      .string(driver.module)
      .byte(0x29);
    log.end();
    if (hasStarted) return;
  }
}
