// Devices around devices: each passes on what it does not change. A driver's device is wrapped before it is
// registered; received packets come through `receive` of the outermost one.

import { Packet } from "../packet/packet";
import { NetworkDevice } from "./device";

export class DeviceWrapper extends NetworkDevice {
  constructor(protected inner: NetworkDevice) {
    super();
    this.name = inner.name;
    this.kind = inner.kind;
    this.hardware = inner.hardware;
    this.mtu = inner.mtu;
    this.features = inner.features;
    this.hasCarrier = inner.hasCarrier;
  }

  transmit(packet: Packet): void {
    this.inner.transmit(packet);
  }

  flush(): void {
    this.inner.flush();
  }

  poll(): void {
    this.inner.poll();
  }

  get hasPending(): bool {
    return this.inner.hasPending;
  }

  setMulticast(hardware: u64, isJoined: bool): void {
    this.inner.setMulticast(hardware, isJoined);
  }
}
