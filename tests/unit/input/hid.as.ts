// A HID device's report descriptor and reports; configuration descriptors.

import { bytesAddress } from "memory/address";
import * as mem from "machine/mem";
import { INPUT_EVENT_SIZE } from "../../../kernel/abi/input";
import * as codes from "../../../kernel/abi/input-codes";
import { configurationValue, parseInterfaces } from "../../../kernel/drivers/usb/configuration";
import { ReportDescriptor, ReportKind } from "../../../kernel/drivers/usb/hid/report-descriptor";
import { Reports } from "../../../kernel/drivers/usb/hid/reports";
import { UsbInterface } from "../../../kernel/drivers/usb/usb";
import { EventClient } from "../../../kernel/input/client";
import { InputDevice } from "../../../kernel/input/device";

const buffer = new StaticArray<u8>(8192);
let descriptor = new ReportDescriptor();
let device = new InputDevice();
let client = new EventClient();
let reports = new Reports(descriptor, device);

export function bufferAddress(): u64 {
  return bytesAddress(buffer);
}

/** Parse the buffer's first bytes. */
export function parse(length: u32): bool {
  descriptor = new ReportDescriptor();
  return descriptor.parse(bytesAddress(buffer), length);
}

/** Make a device of what was parsed; whether it is one. */
export function describe(): bool {
  device = new InputDevice();
  client = new EventClient();
  device.clients.push(client);
  reports = new Reports(descriptor, device);
  return reports.describe();
}

export function fieldCount(): i32 {
  return descriptor.fields.length;
}
export function longestInput(): u32 {
  return descriptor.longest(ReportKind.INPUT);
}
export function hasKey(code: u32): bool {
  return device.keys.has(code);
}
export function hasLed(code: u32): bool {
  return device.leds.has(code);
}
export function isMouse(): bool {
  return device.isMouse;
}
export function repeats(): bool {
  return device.types.has(codes.EV_REP);
}
export function axisMaximum(code: u32): i32 {
  let axis = device.axis(code);
  return axis === null ? -1 : axis.maximum;
}

/** A report: the buffer's first bytes. */
export function receive(length: u32): void {
  reports.received(bytesAddress(buffer), length);
}

export function readEvent(): bool {
  if (!client.hasPacket) return false;
  mem.copy(bytesAddress(buffer), client.first, INPUT_EVENT_SIZE);
  client.drop();
  return true;
}

/** Light an LED; the report for it in the buffer: its length. */
export function light(code: u32): u32 {
  device.setLed(code, true);
  let id = reports.ledReport();
  return id < 0 ? 0 : reports.writeLeds(bytesAddress(buffer), <u32>id);
}

// Configuration descriptors.

let interfaces: Array<UsbInterface> = [] as UsbInterface[];

export function configuration(length: u32): i32 {
  return configurationValue(bytesAddress(buffer), length);
}
export function parseConfiguration(length: u32): i32 {
  interfaces = parseInterfaces(bytesAddress(buffer), length);
  return interfaces.length;
}
/** class, subclass, protocol, report descriptor length, endpoint address, packet size, interval: by `what`. */
export function interfaceFact(index: i32, what: i32): u32 {
  let part = interfaces[index];
  let endpoint = part.endpoint;
  switch (what) {
    case 0:
      return part.classCode;
    case 1:
      return part.subclass;
    case 2:
      return part.protocol;
    case 3:
      return part.reportDescriptorLength;
    case 4:
      return endpoint === null ? 0 : endpoint.address;
    case 5:
      return endpoint === null ? 0 : endpoint.packetSize;
    default:
      return endpoint === null ? 0 : endpoint.interval;
  }
}
