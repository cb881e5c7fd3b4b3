// Virtio drivers by device type (virtio 1.2 §5): on PCI and in plain device memory alike. Buffers for a queue are DmaBuffers:
// `queue.add(buffer.physical, length, isDeviceWritable)`.

import * as drivers from "../drivers/virtio/drivers";
import { VirtioDriver } from "../drivers/virtio/drivers";

export { VirtioDriver } from "../drivers/virtio/drivers";
export { Virtqueue } from "../drivers/virtio/queue";
export { VirtioTransport } from "../drivers/virtio/transport";

export function register(driver: VirtioDriver): void {
  drivers.addDriver(driver);
}
