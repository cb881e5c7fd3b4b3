// Virtio devices without a bus. ACPI declares them under the id LNRO0005, or the command line names them as Linux's does
// (Documentation/admin-guide/kernel-parameters):
//
//   virtio_mmio.device=512@0xfeb00e00:12      size @ physical address : interrupt line

import { AcpiDevice, findDevice } from "../../acpi/devices";
import * as log from "../../log/log";
import { driverFor } from "./drivers";
import { MmioTransport } from "./mmio-transport";

const ACPI_ID: string = "LNRO0005";
/** More than any machine has. */
const MAX_DEVICES: i32 = 64;
const ISA_LINES: i32 = 16;
const KEY: string = "virtio_mmio.device=";
const SPACE: u32 = 0x20;

let position: i32 = 0;

/** Start every device that ACPI or a command line names. */
export function startMmioDevices(commandLine: StaticArray<u8>): void {
  for (let nth = 0; nth < MAX_DEVICES; nth++) {
    let device = findDevice(ACPI_ID, nth);
    if (device === null) break;
    startDevice(device);
  }
  for (let i = 0; i < commandLine.length; i++) {
    let isStart = i == 0 || commandLine[i - 1] == SPACE;
    if (isStart && hasKey(commandLine, i)) startOne(commandLine, i + KEY.length);
  }
}

function hasKey(text: StaticArray<u8>, at: i32): bool {
  if (at + KEY.length > text.length) return false;
  for (let i = 0; i < KEY.length; i++) if (<i32>text[at + i] != KEY.charCodeAt(i)) return false;
  return true;
}

function startOne(text: StaticArray<u8>, at: i32): void {
  position = at;
  number(text);
  if (!accept(text, 0x40)) return;
  let address = number(text);
  if (!accept(text, 0x3a)) return;
  let device = new AcpiDevice(ACPI_ID);
  device.memory = address;
  device.interrupt = <i32>number(text);
  device.isIsa = device.interrupt >= 0 && device.interrupt < ISA_LINES;
  startDevice(device);
}

function startDevice(device: AcpiDevice): void {
  let transport = new MmioTransport(device);
  let driver = driverFor(transport.find());
  if (driver === null || driver.start(transport)) return;
  log
    .begin(log.WARNING)
    .string("virtio-mmio: ")
    .string(driver.name)
    .string(" failed at ")
    .hex(device.memory)
    .string(" (module ")
    .string(driver.module)
    .byte(0x29);
  log.end();
}

function accept(text: StaticArray<u8>, byte: u32): bool {
  if (position >= text.length || text[position] != byte) return false;
  position++;
  return true;
}

/** A number, hexadecimal after 0x. */
function number(text: StaticArray<u8>): u64 {
  let base: u64 = 10;
  if (position + 1 < text.length && text[position] == 0x30 && (text[position + 1] | 0x20) == 0x78) {
    base = 16;
    position += 2;
  }
  let value: u64 = 0;
  for (; position < text.length; position++) {
    let byte: u32 = text[position];
    let letter = byte | SPACE;
    let digit: u32 = 99;
    if (byte >= 0x30 && byte <= 0x39) digit = byte - 0x30;
    else if (letter >= 0x61 && letter <= 0x66) digit = letter - 0x57;
    if (<u64>digit >= base) break;
    value = value * base + <u64>digit;
  }
  return value;
}
