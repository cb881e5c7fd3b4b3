// Virtio over PCI as it was before version 1 (virtio 1.2 §4.1.4.10 "Legacy interface"): a few ports, 32 feature bits, rings
// in one piece whose place is told as a page number.

import * as port from "machine/port";
import { InterruptHandler } from "../../interrupt/vectors";
import { PciDevice } from "../pci/device";
import { Virtqueue } from "./queue";
import { INTERRUPT_QUEUE, LEGACY_PAGE_SHIFT, NO_VECTOR, Status, VirtioTransport } from "./transport";

/** The ports. */
const DEVICE_FEATURES: u32 = 0x00;
const DRIVER_FEATURES: u32 = 0x04;
const QUEUE_PAGE: u32 = 0x08;
const QUEUE_SIZE: u32 = 0x0c;
const QUEUE_SELECT: u32 = 0x0e;
const QUEUE_NOTIFY: u32 = 0x10;
const STATUS: u32 = 0x12;
const INTERRUPT_STATUS: u32 = 0x13;
/** Only there while MSI-X is on; the device's configuration begins behind them. */
const CONFIG_VECTOR: u32 = 0x14;
const QUEUE_VECTOR: u32 = 0x16;
const CONFIG_WITHOUT_MESSAGES: u32 = 0x14;
const CONFIG_WITH_MESSAGES: u32 = 0x18;

const QUEUES_VECTOR: u32 = 0;
const CONFIG_CHANGED_VECTOR: u32 = 1;

export class LegacyPciTransport extends VirtioTransport {
  private ports: u32 = 0;
  private hasMessages: bool = false;

  constructor(private device: PciDevice) {
    super();
  }

  /** Find the ports: region 0. False when it is none of ports. */
  find(): bool {
    this.device.enable();
    if (!this.device.isIo(0)) return false;
    this.ports = this.device.ioPort(0);
    return this.ports != 0;
  }

  override get isLegacy(): bool {
    return true;
  }

  override get hasFixedQueues(): bool {
    return true;
  }

  readStatus(): u32 {
    return port.in8(this.ports + STATUS);
  }

  writeStatus(status: u32): void {
    // There is no FEATURES_OK to set.
    port.out8(this.ports + STATUS, status & ~(<u32>Status.FEATURES_OK));
  }

  readFeatures(): u64 {
    return <u64>port.in32(this.ports + DEVICE_FEATURES);
  }

  writeFeatures(features: u64): void {
    port.out32(this.ports + DRIVER_FEATURES, <u32>features);
  }

  queueSize(index: u32): u32 {
    port.out16(this.ports + QUEUE_SELECT, index);
    return port.in16(this.ports + QUEUE_SIZE);
  }

  enableQueue(index: u32, queue: Virtqueue, vector: u32): void {
    port.out16(this.ports + QUEUE_SELECT, index);
    if (this.hasMessages) port.out16(this.ports + QUEUE_VECTOR, vector);
    port.out32(this.ports + QUEUE_PAGE, <u32>(queue.descriptorsPhysical >> LEGACY_PAGE_SHIFT));
  }

  notify(index: u32): void {
    port.out16(this.ports + QUEUE_NOTIFY, index);
  }

  private get config(): u32 {
    return this.ports + (this.hasMessages ? CONFIG_WITH_MESSAGES : CONFIG_WITHOUT_MESSAGES);
  }

  readConfig8(offset: u32): u32 {
    return port.in8(this.config + offset);
  }

  readConfig16(offset: u32): u32 {
    return port.in16(this.config + offset);
  }

  readConfig32(offset: u32): u32 {
    return port.in32(this.config + offset);
  }

  writeConfig32(offset: u32, value: u32): void {
    port.out32(this.config + offset, value);
  }

  writeConfig8(offset: u32, value: u32): void {
    port.out8(this.config + offset, value);
  }

  connect(queues: InterruptHandler, config: InterruptHandler): u32 {
    if (this.device.prepareMessages() > CONFIG_CHANGED_VECTOR && this.device.connectMessage(QUEUES_VECTOR, queues)) {
      this.hasMessages = true;
      let hasConfig = this.device.connectMessage(CONFIG_CHANGED_VECTOR, config);
      port.out16(this.ports + CONFIG_VECTOR, hasConfig ? CONFIG_CHANGED_VECTOR : NO_VECTOR);
      return QUEUES_VECTOR;
    }
    this.device.connectInterrupt(queues);
    return NO_VECTOR;
  }

  acknowledgeInterrupt(): u32 {
    return this.hasMessages ? INTERRUPT_QUEUE : port.in8(this.ports + INTERRUPT_STATUS);
  }
}
