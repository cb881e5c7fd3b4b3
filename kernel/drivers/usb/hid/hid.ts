// Keyboards, mice and tablets on USB (Device Class Definition for Human Interface Devices 1.11).

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import * as codes from "../../../abi/input-codes";
import { InputDevice } from "../../../input/device";
import { register as registerInput, unregister } from "../../../input/registry";
import { Text } from "../../../lib/text";
import { addClassDriver, ClassDriver } from "../classes";
import * as usb from "../usb";
import { CONTROL_LIMIT, InterfaceDriver, UsbDevice, UsbInterface } from "../usb";
import { ReportDescriptor, ReportKind } from "./report-descriptor";
import { LED_REPORT_LIMIT, Reports } from "./reports";

// Requests (§7.2).
const SET_REPORT: u32 = 0x09;
const SET_IDLE: u32 = 0x0a;
const SET_PROTOCOL: u32 = 0x0b;
const OUTPUT_REPORT: u32 = 2;
const BOOT_PROTOCOL: u32 = 0;
const REPORT_PROTOCOL: u32 = 1;
/** bInterfaceSubClass, bInterfaceProtocol (§4.2, §4.3). */
const BOOT_SUBCLASS: u32 = 1;
const BOOT_KEYBOARD: u32 = 1;
const BOOT_MOUSE: u32 = 2;

/** What the boot protocol's reports are (appendix B), as a report descriptor would say it. */
const KEYBOARD_REPORT: StaticArray<u8> = [
  0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95,
  0x08, 0x81, 0x02, 0x95, 0x01, 0x75, 0x08, 0x81, 0x01, 0x95, 0x05, 0x75, 0x01, 0x05, 0x08, 0x19, 0x01, 0x29, 0x05,
  0x91, 0x02, 0x95, 0x01, 0x75, 0x03, 0x91, 0x01, 0x95, 0x06, 0x75, 0x08, 0x15, 0x00, 0x26, 0xff, 0x00, 0x05, 0x07,
  0x19, 0x00, 0x2a, 0xff, 0x00, 0x81, 0x00, 0xc0,
];
const MOUSE_REPORT: StaticArray<u8> = [
  0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x09, 0x01, 0xa1, 0x00, 0x05, 0x09, 0x19, 0x01, 0x29, 0x03, 0x15, 0x00, 0x25,
  0x01, 0x95, 0x03, 0x75, 0x01, 0x81, 0x02, 0x95, 0x01, 0x75, 0x05, 0x81, 0x01, 0x05, 0x01, 0x09, 0x30, 0x09, 0x31,
  0x15, 0x81, 0x25, 0x7f, 0x75, 0x08, 0x95, 0x02, 0x81, 0x06, 0xc0, 0xc0,
];

class HidInput extends InputDevice {
  driver: Hid | null = null;

  protected override ledsChanged(): void {
    let driver = this.driver;
    if (driver !== null) driver.wantLeds();
  }
}

class Hid extends InterfaceDriver {
  private input: HidInput = new HidInput();
  private reports: Reports | null = null;
  private ledReport: i32 = -1;
  private areLedsWanted: bool = false;

  constructor(
    readonly device: UsbDevice,
    readonly part: UsbInterface,
  ) {
    super();
  }

  override get transferLength(): u32 {
    let reports = this.reports;
    if (reports === null) return 0;
    let endpoint = this.part.endpoint!;
    // A transfer ends with a packet that is not full: room for whole packets keeps a report in one transfer.
    let size = endpoint.packetSize;
    let length = reports.descriptor.longest(ReportKind.INPUT);
    return ((length + size - 1) / size) * size;
  }

  override start(): bool {
    let device = this.device;
    let part = this.part;
    let descriptor = this.readDescriptor();
    let isBoot = descriptor === null;
    if (descriptor === null) {
      descriptor = this.bootDescriptor();
      if (descriptor === null) return false;
    }
    if (part.subclass == BOOT_SUBCLASS) {
      let protocol = isBoot ? BOOT_PROTOCOL : REPORT_PROTOCOL;
      device.control(usb.CLASS_TO_INTERFACE, SET_PROTOCOL, protocol, part.number, 0);
    }
    // Reports when something changes, and only then; a device that cannot says so, and is harmless.
    device.control(usb.CLASS_TO_INTERFACE, SET_IDLE, 0, part.number, 0);
    let reports = new Reports(descriptor, this.input);
    if (!reports.describe()) return false;
    this.reports = reports;
    this.ledReport = reports.ledReport();
    this.present();
    return this.input.index >= 0;
  }

  private readDescriptor(): ReportDescriptor | null {
    let length = min(this.part.reportDescriptorLength, CONTROL_LIMIT);
    if (length == 0) return null;
    let type = usb.DESCRIPTOR_REPORT << 8;
    let moved = this.device.control(usb.FROM_INTERFACE, usb.GET_DESCRIPTOR, type, this.part.number, length);
    if (moved <= 0) return null;
    let descriptor = new ReportDescriptor();
    return descriptor.parse(this.device.buffer, <u32>moved) ? descriptor : null;
  }

  /** Without a report descriptor that makes sense, what every keyboard and mouse for a PC's firmware can do. */
  private bootDescriptor(): ReportDescriptor | null {
    if (this.part.subclass != BOOT_SUBCLASS) return null;
    let descriptor = new ReportDescriptor();
    if (this.part.protocol == BOOT_KEYBOARD)
      descriptor.parse(bytesAddress(KEYBOARD_REPORT), <u32>KEYBOARD_REPORT.length);
    else if (this.part.protocol == BOOT_MOUSE) descriptor.parse(bytesAddress(MOUSE_REPORT), <u32>MOUSE_REPORT.length);
    else return null;
    return descriptor;
  }

  private present(): void {
    let device = this.device;
    let input = this.input;
    let name = new Text(300).array(device.manufacturer);
    if (name.length > 0 && device.productName.length > 0) name.byte(0x20);
    name.array(device.productName);
    if (name.length == 0) {
      name
        .string("USB HID ")
        .hexPadded(<u64>device.vendor, 4)
        .byte(0x3a)
        .hexPadded(<u64>device.product, 4);
    }
    input.name = StaticArray.slice<u8>(name.bytes, 0, name.length);
    let place = new Text(64)
      .string("usb-")
      .array(device.path)
      .string("/input")
      .decimal(<u64>this.part.number);
    input.physical = StaticArray.slice<u8>(place.bytes, 0, place.length);
    input.unique = device.serial;
    input.bus = codes.BUS_USB;
    input.vendor = device.vendor;
    input.product = device.product;
    input.version = device.version;
    input.driver = this;
    registerInput(input);
  }

  override received(address: u64, length: u32): void {
    let reports = this.reports;
    if (reports !== null) reports.received(address, length);
  }

  /** LEDs changed. Runs anywhere. */
  wantLeds(): void {
    if (this.ledReport < 0) return;
    this.areLedsWanted = true;
    this.device.wantWork();
  }

  override work(): void {
    let reports = this.reports;
    if (!this.areLedsWanted || reports === null) return;
    this.areLedsWanted = false;
    let id = <u32>this.ledReport;
    let length = reports.writeLeds(bytesAddress(ledBytes), id);
    if (length == 0) return;
    mem.copy(this.device.buffer, bytesAddress(ledBytes), <u64>length);
    this.device.control(usb.CLASS_TO_INTERFACE, SET_REPORT, (OUTPUT_REPORT << 8) | id, this.part.number, length);
  }

  override stop(): void {
    this.input.driver = null;
    unregister(this.input);
  }
}

const ledBytes = new StaticArray<u8>(<i32>LED_REPORT_LIMIT);

class HidDriver extends ClassDriver {
  override match(device: UsbDevice, part: UsbInterface): InterfaceDriver | null {
    return part.classCode == usb.CLASS_HID && part.endpoint !== null ? new Hid(device, part) : null;
  }
}

export function register(): void {
  addClassDriver(new HidDriver());
}
