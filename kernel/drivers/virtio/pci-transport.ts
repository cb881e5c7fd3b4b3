// Virtio over PCI (virtio 1.2 §4.1), devices of version 1 and transitional ones by their modern registers: vendor
// capabilities say in which memory regions those are.
//
//   capability  | 09 | next | length | type | bar | id | pad 2 | offset 4 | length 4 | (notify: multiplier 4) |

import * as mmio from "machine/mmio";
import { InterruptHandler } from "../../interrupt/vectors";
import { Capability, PciDevice } from "../pci/device";
import { Virtqueue } from "./queue";
import { INTERRUPT_QUEUE, NO_VECTOR, VirtioTransport } from "./transport";

const VENDOR: u32 = 0x1af4;
/** Transitional device IDs begin here, modern ones at 0x1040 plus the device type (§4.1.2.1). */
const TRANSITIONAL_FIRST: u32 = 0x1000;
const TRANSITIONAL_LAST: u32 = 0x103f;
const MODERN_FIRST: u32 = 0x1040;

/** Kinds of registers (§4.1.4). */
const enum Region {
  COMMON = 1,
  NOTIFY = 2,
  INTERRUPT = 3,
  DEVICE = 4,
}

/** The common registers (§4.1.4.3). */
const DEVICE_FEATURE_SELECT: u64 = 0x00;
const DEVICE_FEATURE: u64 = 0x04;
const DRIVER_FEATURE_SELECT: u64 = 0x08;
const DRIVER_FEATURE: u64 = 0x0c;
const CONFIG_VECTOR: u64 = 0x10;
const DEVICE_STATUS: u64 = 0x14;
const QUEUE_SELECT: u64 = 0x16;
const QUEUE_SIZE: u64 = 0x18;
const QUEUE_VECTOR: u64 = 0x1a;
const QUEUE_ENABLE: u64 = 0x1c;
const QUEUE_NOTIFY_OFFSET: u64 = 0x1e;
const QUEUE_DESCRIPTORS: u64 = 0x20;
const QUEUE_DRIVER: u64 = 0x28;
const QUEUE_DEVICE: u64 = 0x30;

const MAX_QUEUES: i32 = 64;
/** The message that every queue shares, and that of the configuration. */
const QUEUES_VECTOR: u32 = 0;
const CONFIG_CHANGED_VECTOR: u32 = 1;

/** The virtio device type of a PCI function (§5), 0 when it is none. */
export function deviceType(device: PciDevice): u32 {
  if (device.vendor != VENDOR) return 0;
  if (device.device >= MODERN_FIRST) return device.device - MODERN_FIRST;
  // The subsystem of a transitional device is its type.
  return device.device >= TRANSITIONAL_FIRST && device.device <= TRANSITIONAL_LAST ? device.subsystem : 0;
}

export class PciTransport extends VirtioTransport {
  private common: u64 = 0;
  private notification: u64 = 0;
  private multiplier: u32 = 0;
  private interruptStatus: u64 = 0;
  private config: u64 = 0;
  private hasMessages: bool = false;
  private doorbells: StaticArray<u64> = new StaticArray<u64>(MAX_QUEUES);

  constructor(private device: PciDevice) {
    super();
  }

  /** Find the registers. False when they are not where they should be. */
  find(): bool {
    this.device.enable();
    let at = this.device.findCapability(Capability.VENDOR, 0);
    while (at != 0) {
      this.noteRegion(at);
      at = this.device.findCapability(Capability.VENDOR, at);
    }
    return this.common != 0 && this.notification != 0 && this.interruptStatus != 0;
  }

  private noteRegion(at: u32): void {
    let kind = this.device.read8(at + 3);
    if (kind < <u32>Region.COMMON || kind > <u32>Region.DEVICE) return;
    let base = this.device.map(<i32>this.device.read8(at + 4));
    if (base == 0) return;
    let address = base + <u64>this.device.read32(at + 8);
    // The first of a kind is the preferred one (§4.1.4).
    if (kind == Region.COMMON && this.common == 0) this.common = address;
    else if (kind == Region.INTERRUPT && this.interruptStatus == 0) this.interruptStatus = address;
    else if (kind == Region.DEVICE && this.config == 0) this.config = address;
    else if (kind == Region.NOTIFY && this.notification == 0) {
      this.notification = address;
      this.multiplier = this.device.read32(at + 16);
    }
  }

  readStatus(): u32 {
    return mmio.read8(this.common + DEVICE_STATUS);
  }

  writeStatus(status: u32): void {
    mmio.write8(this.common + DEVICE_STATUS, status);
  }

  readFeatures(): u64 {
    mmio.write32(this.common + DEVICE_FEATURE_SELECT, 0);
    let low = mmio.read32(this.common + DEVICE_FEATURE);
    mmio.write32(this.common + DEVICE_FEATURE_SELECT, 1);
    return <u64>low | ((<u64>mmio.read32(this.common + DEVICE_FEATURE)) << 32);
  }

  writeFeatures(features: u64): void {
    mmio.write32(this.common + DRIVER_FEATURE_SELECT, 0);
    mmio.write32(this.common + DRIVER_FEATURE, <u32>features);
    mmio.write32(this.common + DRIVER_FEATURE_SELECT, 1);
    mmio.write32(this.common + DRIVER_FEATURE, <u32>(features >> 32));
  }

  queueSize(index: u32): u32 {
    mmio.write16(this.common + QUEUE_SELECT, index);
    return mmio.read16(this.common + QUEUE_SIZE);
  }

  enableQueue(index: u32, queue: Virtqueue, vector: u32): void {
    let common = this.common;
    mmio.write16(common + QUEUE_SELECT, index);
    mmio.write16(common + QUEUE_SIZE, queue.size);
    mmio.write16(common + QUEUE_VECTOR, vector);
    writeAddress(common + QUEUE_DESCRIPTORS, queue.descriptorsPhysical);
    writeAddress(common + QUEUE_DRIVER, queue.availablePhysical);
    writeAddress(common + QUEUE_DEVICE, queue.usedPhysical);
    let offset = mmio.read16(common + QUEUE_NOTIFY_OFFSET);
    if (index < <u32>MAX_QUEUES) this.doorbells[index] = this.notification + <u64>(offset * this.multiplier);
    mmio.write16(common + QUEUE_ENABLE, 1);
  }

  notify(index: u32): void {
    mmio.write16(this.doorbells[index], index);
  }

  readConfig8(offset: u32): u32 {
    return this.config == 0 ? 0 : mmio.read8(this.config + <u64>offset);
  }

  readConfig16(offset: u32): u32 {
    return this.config == 0 ? 0 : mmio.read16(this.config + <u64>offset);
  }

  readConfig32(offset: u32): u32 {
    return this.config == 0 ? 0 : mmio.read32(this.config + <u64>offset);
  }

  writeConfig32(offset: u32, value: u32): void {
    if (this.config != 0) mmio.write32(this.config + <u64>offset, value);
  }

  writeConfig8(offset: u32, value: u32): void {
    if (this.config != 0) mmio.write8(this.config + <u64>offset, value);
  }

  connect(queues: InterruptHandler, config: InterruptHandler): u32 {
    if (this.device.prepareMessages() > CONFIG_CHANGED_VECTOR && this.device.connectMessage(QUEUES_VECTOR, queues)) {
      this.hasMessages = true;
      let hasConfig = this.device.connectMessage(CONFIG_CHANGED_VECTOR, config);
      mmio.write16(this.common + CONFIG_VECTOR, hasConfig ? CONFIG_CHANGED_VECTOR : NO_VECTOR);
      return QUEUES_VECTOR;
    }
    this.device.connectInterrupt(queues);
    mmio.write16(this.common + CONFIG_VECTOR, NO_VECTOR);
    return NO_VECTOR;
  }

  acknowledgeInterrupt(): u32 {
    return this.hasMessages ? INTERRUPT_QUEUE : mmio.read8(this.interruptStatus);
  }
}

function writeAddress(register: u64, physical: u64): void {
  mmio.write32(register, <u32>physical);
  mmio.write32(register + 4, <u32>(physical >> 32));
}
