// An interrupt endpoint that carries data in: a few transfers wait at any time, each with a buffer of its own; when one
// ends its driver hears of it, in the interrupt, and it waits again.

import { direct } from "memory/address";
import * as frames from "memory/frames";
import { InterruptEndpoint, UsbInterface } from "../usb";
import * as reg from "./registers";
import { Completion, Trb } from "./registers";
import { allocatePage, Ring } from "./ring";

const DEPTH: i32 = 4;
const BUFFER_SIZE: u32 = 1024;
/** Failures in a row after which the endpoint is given up. */
const FAILURE_LIMIT: i32 = 8;

export class Pipe {
  readonly ring: Ring;
  private buffersPhysical: u64;
  /** The request block of each buffer. */
  private blocks: StaticArray<u64> = new StaticArray<u64>(DEPTH);
  private oldest: i32 = 0;
  private length: u32 = 0;
  private failures: i32 = 0;
  /** Stopped by an error: the thread is to start it again. */
  isHalted: bool = false;
  wasStall: bool = false;

  /** On two zeroed pages. */
  constructor(
    readonly endpoint: InterruptEndpoint,
    readonly part: UsbInterface,
    ringPhysical: u64,
    buffersPhysical: u64,
  ) {
    this.ring = new Ring(ringPhysical);
    this.buffersPhysical = buffersPhysical;
  }

  /** The endpoint's number among the device's contexts (xHCI 1.2 §4.5.1): 2n + 1 for data in. */
  get contextIndex(): u32 {
    return this.endpoint.number * 2 + 1;
  }

  get isGivenUp(): bool {
    return this.failures >= FAILURE_LIMIT;
  }

  /** Queue all buffers, for transfers of up to `length` bytes. */
  listen(length: u32): void {
    this.length = min(length, BUFFER_SIZE);
    this.oldest = 0;
    this.isHalted = false;
    for (let i = 0; i < DEPTH; i++) this.queue(i);
  }

  private queue(index: i32): void {
    let buffer = this.buffersPhysical + <u64>index * <u64>BUFFER_SIZE;
    this.blocks[index] = this.ring.put(Trb.NORMAL, buffer, this.length, reg.ON_SHORT | reg.ON_COMPLETION);
  }

  /** Start again after an error: as `listen`, with the length it had. */
  restart(): void {
    this.listen(this.length);
  }

  /** A transfer ended. Returns whether the endpoint has room again, so that its doorbell is to be rung. Runs in interrupt handlers. */
  completed(block: u64, code: u32, residual: u32): bool {
    if (code == Completion.STOPPED || code == Completion.STOPPED_INVALID || code == Completion.STOPPED_SHORT)
      return false;
    if (code != Completion.SUCCESS && code != Completion.SHORT_PACKET) {
      this.failures++;
      this.isHalted = true;
      this.wasStall = code == Completion.STALL;
      return false;
    }
    // They end in order; one that nobody queued is the controller's mistake.
    let index = this.oldest;
    if (this.blocks[index] != block) return false;
    this.oldest = (index + 1) % DEPTH;
    this.failures = 0;
    let length = residual <= this.length ? this.length - residual : 0;
    let driver = this.part.driver;
    if (driver !== null && length > 0)
      driver.received(direct(this.buffersPhysical) + <u64>index * <u64>BUFFER_SIZE, length);
    this.queue(index);
    return true;
  }

  free(): void {
    frames.release(this.ring.physical);
    frames.release(this.buffersPhysical);
  }
}

/** A pipe with its memory; null when there is none. */
export function createPipe(endpoint: InterruptEndpoint, part: UsbInterface, isBelow4GB: bool): Pipe | null {
  let ring = allocatePage(isBelow4GB);
  let buffers = allocatePage(isBelow4GB);
  if (ring != 0 && buffers != 0) return new Pipe(endpoint, part, ring, buffers);
  if (ring != 0) frames.release(ring);
  if (buffers != 0) frames.release(buffers);
  return null;
}
