import * as bus from "../../../kernel/drivers/pci/bus";
import { VirtioNetDriver, startDevice } from "../../../kernel/drivers/virtio/net";
import { MmioTransport } from "../../../kernel/drivers/virtio/mmio-transport";
export function go(): void { bus.addDriver(new VirtioNetDriver()); bus.start(); let t = new MmioTransport(0, 0); if (t.find() == 1) startDevice(t); }
