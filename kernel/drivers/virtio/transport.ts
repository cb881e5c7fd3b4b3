// What every virtio device does, however it is attached (virtio 1.2 §3.1): status, features, queues, notifications.
// pci-transport.ts, legacy-pci-transport.ts and mmio-transport.ts say where the registers are.
//
// Devices from before version 1 ("legacy") do not check features and take their queues in one piece, over PCI of the
// size they say; what else is different is the device type's business (`isLegacy`).

import { InterruptHandler } from "../../interrupt/vectors";
import { Virtqueue } from "./queue";

/** Device status bits (§2.1). */
export const enum Status {
  ACKNOWLEDGE = 1,
  DRIVER = 2,
  DRIVER_OK = 4,
  FEATURES_OK = 8,
  FAILED = 128,
}

/** Feature bits for all devices (§6). */
export const FEATURE_INDIRECT: u64 = 1 << 28;
export const FEATURE_EVENT_INDEX: u64 = 1 << 29;
export const FEATURE_VERSION_1: u64 = (<u64>1) << 32;

/** Before version 1 a header shares its descriptor with what follows only where the device says so (§6.3). */
export const FEATURE_ANY_LAYOUT: u64 = 1 << 27;
/** Legacy queues: the used ring begins on a page, and the place is told as a page's number (§2.7.2). */
export const LEGACY_PAGE_SHIFT: u64 = 12;

export abstract class VirtioTransport {
  /** Features both sides agreed on. */
  features: u64 = 0;

  /** Whether the device speaks the protocol from before version 1. */
  get isLegacy(): bool {
    return false;
  }

  /** Whether a queue has the size that the device says, no smaller. */
  get hasFixedQueues(): bool {
    return false;
  }

  abstract readStatus(): u32;
  abstract writeStatus(status: u32): void;
  abstract readFeatures(): u64;
  abstract writeFeatures(features: u64): void;
  /** Largest size of a queue, 0 when there is none with this index. */
  abstract queueSize(index: u32): u32;
  /** Tell the device where a queue is and switch it on. `vector` is a message number, or NO_VECTOR. */
  abstract enableQueue(index: u32, queue: Virtqueue, vector: u32): void;
  /** Ring the doorbell of a queue. */
  abstract notify(index: u32): void;
  /** The device-specific configuration. */
  abstract readConfig8(offset: u32): u32;
  abstract readConfig16(offset: u32): u32;
  abstract readConfig32(offset: u32): u32;
  abstract writeConfig32(offset: u32, value: u32): void;
  abstract writeConfig8(offset: u32, value: u32): void;
  /**
   * Have `queues` called for the queues and `config` for configuration changes. Returns the vector to give `enableQueue`.
   * Without messages there is one interrupt for both: `queues` alone is called, and asks `acknowledgeInterrupt` which it was.
   */
  abstract connect(queues: InterruptHandler, config: InterruptHandler): u32;
  /** Why the device interrupted; reading quiets a line (§4.1.4.5). With messages there is nothing to ask. */
  abstract acknowledgeInterrupt(): u32;

  /** Reset, and agree on as many of `wanted` as the device has. False when the device refuses. */
  negotiate(wanted: u64): bool {
    this.writeStatus(0);
    for (let tries = 0; this.readStatus() != 0; tries++) if (tries > 1_000_000) return false;
    this.writeStatus(Status.ACKNOWLEDGE);
    this.writeStatus(Status.ACKNOWLEDGE | Status.DRIVER);
    let offered = this.readFeatures();
    let isLegacy = this.isLegacy;
    if (!isLegacy && (offered & FEATURE_VERSION_1) == 0) return this.fail();
    this.features = offered & (wanted | (isLegacy ? FEATURE_ANY_LAYOUT : FEATURE_VERSION_1));
    this.writeFeatures(this.features);
    if (isLegacy) return true;
    this.writeStatus(Status.ACKNOWLEDGE | Status.DRIVER | Status.FEATURES_OK);
    if ((this.readStatus() & Status.FEATURES_OK) == 0) return this.fail();
    return true;
  }

  has(feature: u64): bool {
    return (this.features & feature) != 0;
  }

  /** All queues are ready: the device may work. */
  ready(): void {
    this.writeStatus(Status.ACKNOWLEDGE | Status.DRIVER | Status.FEATURES_OK | Status.DRIVER_OK);
  }

  fail(): bool {
    this.writeStatus(Status.FAILED);
    return false;
  }

  /** Make a queue of at most `limit` entries and give it to the device. Null when there is none or no memory. */
  createQueue(index: u32, limit: u32, vector: u32): Virtqueue | null {
    let offered = this.queueSize(index);
    if (offered == 0 || (this.hasFixedQueues && offered > limit)) return null;
    let queue = new Virtqueue(this, index, min(offered, limit));
    let alignment: u32 = this.isLegacy ? 1 << (<u32>LEGACY_PAGE_SHIFT) : 4;
    if (!queue.allocate(this.has(FEATURE_EVENT_INDEX), this.has(FEATURE_INDIRECT), alignment)) return null;
    this.enableQueue(index, queue, vector);
    return queue;
  }
}

/** No message for this queue (§4.1.4.3). */
export const NO_VECTOR: u32 = 0xffff;

/** Interrupt reasons (§4.1.4.5). */
export const INTERRUPT_QUEUE: u32 = 1;
export const INTERRUPT_CONFIG: u32 = 2;
