// The virtio GPU's driver (gpu.ts) as a module: `-device virtio-gpu-pci`, `-device virtio-vga`.

import * as framebuffers from "../../display/framebuffer";
import { addExitHook } from "../../panic/power";
import * as scheduler from "../../sched/scheduler";
import { addDriver, VirtioDriver } from "./drivers";
import { GpuCheck, GpuConfigurationInterrupt, GpuExit, GpuInterrupt, GpuThread, VirtioGpu } from "./gpu";
import { GpuCommands } from "./gpu-commands";
import { FEATURE_EVENT_INDEX, FEATURE_INDIRECT, VirtioTransport } from "./transport";

/** virtio 1.2 §5.7.1 and §5.7.2. */
const GPU: u32 = 16;
const CONTROL_QUEUE: u32 = 0;
const QUEUE_LIMIT: u32 = 64;

class VirtioGpuDriver extends VirtioDriver {
  override get name(): string {
    return "virtio-gpu";
  }

  override get type(): u32 {
    return GPU;
  }

  override start(transport: VirtioTransport): bool {
    if (!transport.negotiate(FEATURE_EVENT_INDEX | FEATURE_INDIRECT)) return false;
    let interrupt = new GpuInterrupt();
    let configuration = new GpuConfigurationInterrupt();
    let vector = transport.connect(interrupt, configuration);
    let queue = transport.createQueue(CONTROL_QUEUE, QUEUE_LIMIT, vector);
    if (queue === null) return transport.fail();
    let commands = new GpuCommands(queue);
    if (!commands.allocate()) return transport.fail();
    transport.ready();
    let gpu = new VirtioGpu(transport, commands);
    if (!gpu.setFirstMode()) return transport.fail();
    interrupt.device = gpu;
    configuration.device = gpu;
    commands.arm();
    scheduler.addIdleTask(new GpuCheck(gpu));
    addExitHook(new GpuExit(gpu));
    framebuffers.register(gpu);
    scheduler.start(new GpuThread(gpu));
    return true;
  }
}

export function register(): void {
  addDriver(new VirtioGpuDriver());
}
