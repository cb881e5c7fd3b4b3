// The virtio GPU as a framebuffer (virtio 1.2 §5.7): memory of ours is the back of a picture that the device keeps, `flush` has
// it copied over and shown. One flush is under way at a time; what is drawn meanwhile is flushed in one piece after it.

import * as mem from "machine/mem";
import { direct } from "memory/address";
import * as frames from "memory/frames";
import * as pageTables from "memory/page-tables";
import { EINVAL, EIO, ENOMEM } from "../../abi/errno";
import { Framebuffer } from "../../display/framebuffer";
import { InterruptHandler } from "../../interrupt/vectors";
import { ExitHook } from "../../panic/power";
import { wait } from "../../sched/block";
import { IdleTask } from "../../sched/scheduler";
import { Thread } from "../../sched/thread";
import { WaitQueue } from "../../sched/wait";
import { GpuCommands } from "./gpu-commands";
import { INTERRUPT_CONFIG, VirtioTransport } from "./transport";

/** Configuration (§5.7.4). */
const CONFIG_EVENTS: u32 = 0;
const CONFIG_EVENTS_CLEAR: u32 = 4;
const EVENT_DISPLAY: u32 = 1;

const PAGE_SHIFT: u64 = 12;
/** The largest piece of memory in one block (memory/frames). */
const LARGEST_BYTES: u64 = (<u64>frames.FRAME_SIZE) << frames.MAX_ORDER;
const DEFAULT_WIDTH: u32 = 1024;
const DEFAULT_HEIGHT: u32 = 768;
const THREAD_NAME: string = "virtio-gpu";

export class VirtioGpu extends Framebuffer {
  private resource: u32 = 0;
  /** What is to be flushed when the flush under way is over: x, y to x, y; nothing when the ends are 0. */
  private left: u32 = 0;
  private top: u32 = 0;
  private right: u32 = 0;
  private bottom: u32 = 0;
  readonly displayChanges: WaitQueue = new WaitQueue();

  constructor(
    private readonly transport: VirtioTransport,
    private readonly commands: GpuCommands,
  ) {
    super();
    this.caching = pageTables.WRITE_BACK;
  }

  override get name(): string {
    return "virtio-gpu";
  }

  override get needsFlush(): bool {
    return true;
  }

  override get hasModes(): bool {
    return true;
  }

  protected override get capacityBytes(): u64 {
    return LARGEST_BYTES;
  }

  /** The host window's resolution, or a common one. False when the device shows neither. */
  setFirstMode(): bool {
    if (!this.commands.readDisplay()) return false;
    if (this.setMode(this.commands.displayWidth, this.commands.displayHeight, 32) == 0) return true;
    return this.setMode(DEFAULT_WIDTH, DEFAULT_HEIGHT, 32) == 0;
  }

  override flush(x: u32, y: u32, width: u32, height: u32): void {
    if (x >= this.widthPixels || y >= this.rows || width == 0 || height == 0) return;
    let right = min(x + width, this.widthPixels);
    let bottom = min(y + height, this.rows);
    if (this.right == 0) {
      this.left = x;
      this.top = y;
    } else {
      this.left = min(this.left, x);
      this.top = min(this.top, y);
    }
    this.right = max(this.right, right);
    this.bottom = max(this.bottom, bottom);
    this.advance();
  }

  /** Send what waits, unless a flush is under way. */
  advance(): void {
    if (this.right == 0 || this.resource == 0 || this.commands.isFlushing) return;
    let offset = <u64>this.top * <u64>this.strideBytes + <u64>this.left * 4;
    let width = this.right - this.left;
    let height = this.bottom - this.top;
    this.right = 0;
    this.bottom = 0;
    this.commands.flush(this.resource, this.left, this.top, width, height, offset);
  }

  /** Wait until everything drawn is shown: the machine is about to go. */
  settle(): void {
    while (this.right != 0 && !this.commands.isDead) this.advance();
    while (this.commands.isFlushing && !this.commands.isDead) this.commands.reap();
  }

  override pan(yPixels: u32): i32 {
    if (yPixels > this.rows - this.heightPixels) return -EINVAL;
    this.advance();
    if (!this.isBlanked && !this.commands.show(this.resource, yPixels, this.widthPixels, this.heightPixels))
      return -EIO;
    this.firstRow = yPixels;
    this.flush(0, yPixels, this.widthPixels, this.heightPixels);
    return 0;
  }

  override blank(isBlank: bool): i32 {
    let shown = isBlank ? 0 : this.resource;
    if (!this.commands.show(shown, this.firstRow, this.widthPixels, this.heightPixels)) return -EIO;
    this.isBlanked = isBlank;
    if (!isBlank) this.flush(0, this.firstRow, this.widthPixels, this.heightPixels);
    return 0;
  }

  protected override program(width: u32, height: u32, bits: u32, rows: u32): i32 {
    let stride = width * 4;
    let bytes = (<u64>stride * <u64>rows + frames.FRAME_SIZE - 1) & ~(frames.FRAME_SIZE - 1);
    // Memory that is there stays where it is, so that mappings stay good; it grows and never shrinks.
    let physical = this.physical;
    let isNew = bytes > this.sizeBytes;
    if (isNew) physical = frames.allocateContiguous(<u32>(bytes >> PAGE_SHIFT));
    if (physical == 0) return -ENOMEM;
    mem.fill(direct(physical), 0, bytes);
    let resource = this.resource + 1;
    if (!this.commands.create(resource, width, rows, physical, <u32>bytes)) {
      this.commands.destroy(resource);
      if (isNew) release(physical, bytes);
      return -EINVAL;
    }
    if (!this.commands.show(resource, 0, width, height)) {
      this.commands.destroy(resource);
      if (isNew) release(physical, bytes);
      return -EINVAL;
    }
    if (this.resource != 0) this.commands.destroy(this.resource);
    if (isNew) {
      if (this.physical != 0) release(this.physical, this.sizeBytes);
      this.physical = physical;
      this.sizeBytes = bytes;
      this.kernelAddress = direct(physical);
    }
    this.resource = resource;
    this.isBlanked = false;
    this.right = 0;
    this.bottom = 0;
    this.note(width, height, bits, stride, rows);
    this.flush(0, 0, width, height);
    return 0;
  }

  /** The device has answered, or its configuration changed. Runs with interrupts off. */
  interrupted(): void {
    let reason = this.transport.acknowledgeInterrupt();
    if (reason & INTERRUPT_CONFIG) this.displayChanges.wakeAll();
    this.commands.reap();
    this.advance();
    this.commands.arm();
  }

  /** The host's window has another size: the screen follows, as long as no program has taken it. */
  followDisplay(): void {
    if ((this.transport.readConfig32(CONFIG_EVENTS) & EVENT_DISPLAY) == 0) return;
    this.transport.writeConfig32(CONFIG_EVENTS_CLEAR, EVENT_DISPLAY);
    if (this.users > 0 || !this.commands.readDisplay()) return;
    if (this.commands.displayWidth != 0) {
      this.setMode(this.commands.displayWidth & ~7, this.commands.displayHeight, 32);
    }
  }

  get hasPending(): bool {
    return this.commands.hasAnswers;
  }
}

function release(physical: u64, bytes: u64): void {
  for (let offset: u64 = 0; offset < bytes; offset += frames.FRAME_SIZE) frames.release(physical + offset);
}

/** The interrupt is connected before there is a device to tell. */
export class GpuInterrupt extends InterruptHandler {
  device: VirtioGpu | null = null;

  override handle(): void {
    let device = this.device;
    if (device !== null) device.interrupted();
  }
}

export class GpuConfigurationInterrupt extends InterruptHandler {
  device: VirtioGpu | null = null;

  override handle(): void {
    let device = this.device;
    if (device !== null) device.displayChanges.wakeAll();
  }
}

/** An answer whose interrupt was lost (QEMU 7.2 with one CPU) is taken in before the machine idles. */
export class GpuCheck extends IdleTask {
  constructor(private readonly device: VirtioGpu) {
    super();
  }

  override run(): bool {
    if (this.device.hasPending) this.device.interrupted();
    return false;
  }
}

/** The last lines of a console are seen, also those of a panic. */
export class GpuExit extends ExitHook {
  constructor(private readonly device: VirtioGpu) {
    super();
  }

  override run(): void {
    this.device.settle();
  }
}

export class GpuThread extends Thread {
  constructor(private readonly device: VirtioGpu) {
    super();
    for (let i = 0; i < THREAD_NAME.length; i++) this.name[i] = <u8>THREAD_NAME.charCodeAt(i);
  }

  override main(): void {
    while (true) {
      this.device.followDisplay();
      wait(this.device.displayChanges);
    }
  }
}
