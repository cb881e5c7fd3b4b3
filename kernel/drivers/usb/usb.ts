// USB as its devices see it: requests and descriptors (Universal Serial Bus Specification 2.0 §9.3 to §9.6), speeds, and
// what a driver for an interface of a device gets.

/** Speeds as xHCI numbers them (xHCI 1.2 §7.2.1). */
export const SPEED_FULL: u32 = 1;
export const SPEED_LOW: u32 = 2;
export const SPEED_HIGH: u32 = 3;
export const SPEED_SUPER: u32 = 4;

// bmRequestType (§9.3.1).
export const TO_DEVICE: u32 = 0x00;
export const FROM_DEVICE: u32 = 0x80;
export const TO_INTERFACE: u32 = 0x01;
export const FROM_INTERFACE: u32 = 0x81;
export const TO_ENDPOINT: u32 = 0x02;
export const CLASS_TO_DEVICE: u32 = 0x20;
export const CLASS_FROM_DEVICE: u32 = 0xa0;
export const CLASS_TO_INTERFACE: u32 = 0x21;
export const CLASS_TO_PORT: u32 = 0x23;
export const CLASS_FROM_PORT: u32 = 0xa3;

// bRequest (§9.4).
export const GET_STATUS: u32 = 0;
export const CLEAR_FEATURE: u32 = 1;
export const SET_FEATURE: u32 = 3;
export const GET_DESCRIPTOR: u32 = 6;
export const SET_CONFIGURATION: u32 = 9;
export const ENDPOINT_HALT: u32 = 0;

// Descriptor types (§9.4, HID 1.11 §7.1).
export const DESCRIPTOR_DEVICE: u32 = 1;
export const DESCRIPTOR_CONFIGURATION: u32 = 2;
export const DESCRIPTOR_STRING: u32 = 3;
export const DESCRIPTOR_INTERFACE: u32 = 4;
export const DESCRIPTOR_ENDPOINT: u32 = 5;
export const DESCRIPTOR_HID: u32 = 0x21;
export const DESCRIPTOR_REPORT: u32 = 0x22;

// Classes.
export const CLASS_HID: u32 = 3;
export const CLASS_HUB: u32 = 9;

/** An interrupt endpoint that carries data in. */
export class InterruptEndpoint {
  constructor(
    /** bEndpointAddress. */
    readonly address: u32,
    readonly packetSize: u32,
    /** bInterval, whose unit depends on the speed (§9.6.6). */
    readonly interval: u32,
  ) {}

  get number(): u32 {
    return this.address & 15;
  }
}

/** One interface of a configuration, its first setting, as far as the drivers here care. */
export class UsbInterface {
  classCode: u32 = 0;
  subclass: u32 = 0;
  protocol: u32 = 0;
  /** Bytes of the report descriptor that a HID descriptor names; 0: none. */
  reportDescriptorLength: u32 = 0;
  /** The first interrupt endpoint that carries data in. */
  endpoint: InterruptEndpoint | null = null;
  /** Who drives it. */
  driver: InterfaceDriver | null = null;

  constructor(readonly number: u32) {}
}

/** A driver at work on one interface. All but `received` run in the controller's thread and may block. */
export abstract class InterfaceDriver {
  /** The device is configured: begin. False: it cannot be used, and is left alone. */
  abstract start(): bool;

  /** The most bytes of one transfer on the interrupt endpoint: known once started. */
  get transferLength(): u32 {
    return 0;
  }

  /** `length` bytes came at `address`. Runs in interrupt handlers: must not block or allocate. */
  received(_address: u64, _length: u32): void {}

  /** Something that the thread is to do: asked for by `UsbDevice.wantWork`. */
  work(): void {}

  /** The device is gone. */
  stop(): void {}
}

/** A device as interface drivers know it: the controller's side is in xhci/. */
export abstract class UsbDevice {
  vendor: u32 = 0;
  product: u32 = 0;
  version: u32 = 0;
  /** bDeviceClass, bDeviceProtocol. */
  classCode: u32 = 0;
  protocol: u32 = 0;
  speed: u32 = SPEED_FULL;
  /** What its strings say; empty: nothing. */
  manufacturer: StaticArray<u8> = new StaticArray<u8>(0);
  productName: StaticArray<u8> = new StaticArray<u8>(0);
  serial: StaticArray<u8> = new StaticArray<u8>(0);
  /** "1.4": ports from the root down. */
  path: StaticArray<u8> = new StaticArray<u8>(0);

  /**
   * A control transfer through `buffer` (see below): `length` bytes to or from it, by the request's direction. Bytes moved, or
   * -EPIPE when the device refuses, -EIO, -ETIMEDOUT, -ENODEV. Blocks.
   */
  abstract control(requestType: u32, request: u32, value: u32, index: u32, length: u32): i32;

  /** The kernel-virtual address of the page that control transfers go through. */
  abstract get buffer(): u64;

  /** It is a hub with that many ports: tell the controller. Threads only. */
  abstract becomeHub(portCount: u32, thinkTime: u32): bool;

  /** A device was connected and reset behind a port of this hub: bring it up. False when it does not work. */
  abstract attachChild(port: u32, speed: u32): bool;

  /** The device behind a port of this hub is gone. */
  abstract detachChild(port: u32): void;

  /** How many hubs are above it. */
  abstract get depth(): u32;

  /** Have the thread call the drivers' `work`. Runs anywhere. */
  abstract wantWork(): void;

  /** Whether it was unplugged. */
  abstract get isGone(): bool;
}

/** The most that a control transfer moves. */
export const CONTROL_LIMIT: u32 = 4096;
