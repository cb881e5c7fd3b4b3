// The network device's driver (net.ts) as a module.

import { addDriver, VirtioDriver } from "./drivers";
import { startDevice } from "./net";
import { VirtioTransport } from "./transport";

/** virtio 1.2 §5.1. */
const NETWORK: u32 = 1;

class VirtioNetDriver extends VirtioDriver {
  override get name(): string {
    return "virtio-net";
  }

  override get type(): u32 {
    return NETWORK;
  }

  override start(transport: VirtioTransport): bool {
    return startDevice(transport);
  }
}

export function register(): void {
  addDriver(new VirtioNetDriver());
}
