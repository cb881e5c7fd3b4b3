// Virtio over plain device memory (virtio 1.2 §4.2): microvm, Firecracker, and machines without PCI. The command line
// or ACPI says where (mmio-devices.ts). Version 2 registers, and the legacy version 1 (§4.2.4), QEMU's default.

import * as mmio from "machine/mmio";
import * as pageTables from "memory/page-tables";
import * as log from "../../log/log";
import { AcpiDevice } from "../../acpi/devices";
import { connectInterrupt } from "../acpi/interrupt";
import { InterruptHandler } from "../../interrupt/vectors";
import { Virtqueue } from "./queue";
import { LEGACY_PAGE_SHIFT, NO_VECTOR, VirtioTransport } from "./transport";

/** Registers (§4.2.2). */
const MAGIC: u64 = 0x000;
const VERSION: u64 = 0x004;
const DEVICE_ID: u64 = 0x008;
const DEVICE_FEATURES: u64 = 0x010;
const DEVICE_FEATURES_SELECT: u64 = 0x014;
const DRIVER_FEATURES: u64 = 0x020;
const DRIVER_FEATURES_SELECT: u64 = 0x024;
const QUEUE_SELECT: u64 = 0x030;
const QUEUE_SIZE_MAX: u64 = 0x034;
const QUEUE_SIZE: u64 = 0x038;
const QUEUE_READY: u64 = 0x044;
/** Version 1 only. */
const GUEST_PAGE_SIZE: u64 = 0x028;
const QUEUE_ALIGN: u64 = 0x03c;
const QUEUE_PAGE: u64 = 0x040;
const QUEUE_NOTIFY: u64 = 0x050;
const INTERRUPT_STATUS: u64 = 0x060;
const INTERRUPT_ACKNOWLEDGE: u64 = 0x064;
const STATUS: u64 = 0x070;
const QUEUE_DESCRIPTORS: u64 = 0x080;
const QUEUE_DRIVER: u64 = 0x090;
const QUEUE_DEVICE: u64 = 0x0a0;
const CONFIG: u64 = 0x100;

/** "virt". */
const MAGIC_VALUE: u32 = 0x7472_6976;
const LEGACY_VERSION: u32 = 1;
const MODERN_VERSION: u32 = 2;
const REGION_LENGTH: u64 = 0x200;

export class MmioTransport extends VirtioTransport {
  private registers: u64 = 0;
  private isOld: bool = false;

  constructor(private device: AcpiDevice) {
    super();
  }

  /** The device type there (§5), 0 when there is none that we can drive. */
  find(): u32 {
    this.registers = pageTables.mapDevice(this.device.memory, REGION_LENGTH, pageTables.UNCACHED);
    if (this.registers == 0 || mmio.read32(this.registers + MAGIC) != MAGIC_VALUE) return 0;
    let version = mmio.read32(this.registers + VERSION);
    if (version != MODERN_VERSION && version != LEGACY_VERSION) {
      log
        .begin(log.WARNING)
        .string("virtio-mmio: a device of unknown version ")
        .decimal(version)
        .string(" is left alone");
      log.end();
      return 0;
    }
    this.isOld = version == LEGACY_VERSION;
    return mmio.read32(this.registers + DEVICE_ID);
  }

  override get isLegacy(): bool {
    return this.isOld;
  }

  readStatus(): u32 {
    return mmio.read32(this.registers + STATUS);
  }

  writeStatus(status: u32): void {
    mmio.write32(this.registers + STATUS, status);
  }

  readFeatures(): u64 {
    mmio.write32(this.registers + DEVICE_FEATURES_SELECT, 0);
    let low = mmio.read32(this.registers + DEVICE_FEATURES);
    mmio.write32(this.registers + DEVICE_FEATURES_SELECT, 1);
    return <u64>low | ((<u64>mmio.read32(this.registers + DEVICE_FEATURES)) << 32);
  }

  writeFeatures(features: u64): void {
    mmio.write32(this.registers + DRIVER_FEATURES_SELECT, 0);
    mmio.write32(this.registers + DRIVER_FEATURES, <u32>features);
    mmio.write32(this.registers + DRIVER_FEATURES_SELECT, 1);
    mmio.write32(this.registers + DRIVER_FEATURES, <u32>(features >> 32));
  }

  queueSize(index: u32): u32 {
    mmio.write32(this.registers + QUEUE_SELECT, index);
    return mmio.read32(this.registers + QUEUE_SIZE_MAX);
  }

  enableQueue(index: u32, queue: Virtqueue, _vector: u32): void {
    let at = this.registers;
    mmio.write32(at + QUEUE_SELECT, index);
    mmio.write32(at + QUEUE_SIZE, queue.size);
    if (this.isOld) {
      mmio.write32(at + GUEST_PAGE_SIZE, 1 << (<u32>LEGACY_PAGE_SHIFT));
      mmio.write32(at + QUEUE_ALIGN, 1 << (<u32>LEGACY_PAGE_SHIFT));
      mmio.write32(at + QUEUE_PAGE, <u32>(queue.descriptorsPhysical >> LEGACY_PAGE_SHIFT));
      return;
    }
    this.writeAddress(QUEUE_DESCRIPTORS, queue.descriptorsPhysical);
    this.writeAddress(QUEUE_DRIVER, queue.availablePhysical);
    this.writeAddress(QUEUE_DEVICE, queue.usedPhysical);
    mmio.write32(at + QUEUE_READY, 1);
  }

  private writeAddress(register: u64, physical: u64): void {
    mmio.write32(this.registers + register, <u32>physical);
    mmio.write32(this.registers + register + 4, <u32>(physical >> 32));
  }

  notify(index: u32): void {
    mmio.write32(this.registers + QUEUE_NOTIFY, index);
  }

  readConfig8(offset: u32): u32 {
    return mmio.read8(this.registers + CONFIG + <u64>offset);
  }

  readConfig16(offset: u32): u32 {
    return mmio.read16(this.registers + CONFIG + <u64>offset);
  }

  readConfig32(offset: u32): u32 {
    return mmio.read32(this.registers + CONFIG + <u64>offset);
  }

  writeConfig32(offset: u32, value: u32): void {
    mmio.write32(this.registers + CONFIG + <u64>offset, value);
  }

  writeConfig8(offset: u32, value: u32): void {
    mmio.write8(this.registers + CONFIG + <u64>offset, value);
  }

  connect(queues: InterruptHandler, _config: InterruptHandler): u32 {
    let device = this.device;
    connectInterrupt(device, queues);
    return NO_VECTOR;
  }

  acknowledgeInterrupt(): u32 {
    let status = mmio.read32(this.registers + INTERRUPT_STATUS);
    mmio.write32(this.registers + INTERRUPT_ACKNOWLEDGE, status);
    return status;
  }
}
