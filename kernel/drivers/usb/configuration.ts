// A configuration descriptor and what follows it, taken apart (USB 2.0 §9.6.3 to §9.6.6, HID 1.11 §6.2.1). The bytes are the
// device's: nothing in them is believed before it is checked, and there is a limit on everything.

import * as mem from "machine/mem";
import {
  DESCRIPTOR_CONFIGURATION,
  DESCRIPTOR_ENDPOINT,
  DESCRIPTOR_HID,
  DESCRIPTOR_INTERFACE,
  DESCRIPTOR_REPORT,
  InterruptEndpoint,
  UsbInterface,
} from "./usb";

/** Interfaces of one device that are looked at. */
export const INTERFACE_LIMIT: i32 = 16;
const CONFIGURATION_SIZE: u32 = 9;
const INTERFACE_SIZE: u32 = 9;
const ENDPOINT_SIZE: u32 = 7;
const HID_SIZE: u32 = 6;
const TRANSFER_INTERRUPT: u32 = 3;
const IS_IN: u32 = 0x80;
/** Longest packet of an interrupt endpoint (§5.7.3). */
const PACKET_LIMIT: u32 = 1024;

/** bConfigurationValue; -1 when the bytes are no configuration. */
export function configurationValue(address: u64, length: u32): i32 {
  if (length < CONFIGURATION_SIZE || mem.load8(address) < CONFIGURATION_SIZE) return -1;
  if (mem.load8(address + 1) != DESCRIPTOR_CONFIGURATION) return -1;
  return <i32>mem.load8(address + 5);
}

/** The interfaces in `length` bytes at `address`, the first setting of each. */
export function parseInterfaces(address: u64, length: u32): Array<UsbInterface> {
  let found: Array<UsbInterface> = [] as UsbInterface[];
  let current: UsbInterface | null = null;
  let at: u32 = 0;
  while (at + 2 <= length) {
    let size = mem.load8(address + <u64>at);
    let type = mem.load8(address + <u64>at + 1);
    if (size < 2 || size > length - at) break;
    let descriptor = address + <u64>at;
    at += size;
    if (type == DESCRIPTOR_INTERFACE && size >= INTERFACE_SIZE) {
      // Other settings of an interface are passed over, their endpoints too.
      current = mem.load8(descriptor + 3) == 0 ? beginInterface(descriptor) : null;
      if (current !== null && found.length < INTERFACE_LIMIT) found.push(current);
    } else if (current === null) continue;
    else if (type == DESCRIPTOR_HID && size >= HID_SIZE) readHid(current, descriptor, size);
    else if (type == DESCRIPTOR_ENDPOINT && size >= ENDPOINT_SIZE) readEndpoint(current, descriptor);
  }
  return found;
}

function beginInterface(at: u64): UsbInterface {
  let made = new UsbInterface(mem.load8(at + 2));
  made.classCode = mem.load8(at + 5);
  made.subclass = mem.load8(at + 6);
  made.protocol = mem.load8(at + 7);
  return made;
}

/** | length | 21 | release 2 | country | count | (type 1, length 2) × count | */
function readHid(to: UsbInterface, at: u64, size: u32): void {
  let count = mem.load8(at + 5);
  for (let i: u32 = 0; i < count && HID_SIZE + 3 * i + 3 <= size; i++) {
    let entry = at + <u64>(HID_SIZE + 3 * i);
    if (mem.load8(entry) == DESCRIPTOR_REPORT) to.reportDescriptorLength = load16(entry + 1);
  }
}

function readEndpoint(to: UsbInterface, at: u64): void {
  let number = mem.load8(at + 2);
  if (to.endpoint !== null || (number & IS_IN) == 0 || (number & 15) == 0) return;
  if ((mem.load8(at + 3) & 3) != TRANSFER_INTERRUPT) return;
  let size = load16(at + 4) & 0x7ff;
  if (size == 0 || size > PACKET_LIMIT) return;
  to.endpoint = new InterruptEndpoint(number, size, mem.load8(at + 6));
}

function load16(at: u64): u32 {
  return mem.load8(at) | (mem.load8(at + 1) << 8);
}
