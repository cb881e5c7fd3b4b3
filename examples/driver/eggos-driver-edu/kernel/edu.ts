// QEMU's teaching device (QEMU docs/specs/edu.rst): computes factorials and copies between its own memory and ours, telling by
// interrupt when it is done.
//
//   region 0   0x00 identification   0x04 what is written comes back inverted   0x08 factorial   0x20 status
//              0x24 why it interrupted   0x64 acknowledges   0x80 from  0x88 to  0x90 count  0x98 command
//   its own memory: 4096 bytes, at 0x40000 to a DMA

import { clock, DeviceMemory, DmaBuffer, EIO, InterruptHandler, threads, WaitQueue } from "eggos/kernel";

const IDENTIFICATION: u64 = 0x00;
const LIVENESS: u64 = 0x04;
const FACTORIAL: u64 = 0x08;
const STATUS: u64 = 0x20;
const CAUSE: u64 = 0x24;
const ACKNOWLEDGE: u64 = 0x64;
const DMA_FROM: u64 = 0x80;
const DMA_TO: u64 = 0x88;
const DMA_COUNT: u64 = 0x90;
const DMA_COMMAND: u64 = 0x98;

/** 0xRRrr00ed: the last byte is always the same. */
const ID_MASK: u32 = 0xffff;
const ID: u32 = 0x00ed;
const STATUS_INTERRUPT: u32 = 0x80;
const CAUSE_FACTORIAL: u32 = 0x01;
const CAUSE_DMA: u32 = 0x100;
const COMMAND_START: u64 = 1;
const COMMAND_TO_MEMORY: u64 = 2;
const COMMAND_INTERRUPT: u64 = 4;
/** Addresses that the device reaches, unless it was told another `dma_mask`: 28 bits. */
const REACH: u64 = 1 << 28;

export const MEMORY_SIZE: u64 = 4096;
const MEMORY_START: u64 = 0x40000;
/** Nothing it does takes longer. */
const PATIENCE_NS: u64 = 5_000_000_000;

class Interrupt extends InterruptHandler {
  constructor(private device: Edu) {
    super();
  }

  override handle(): void {
    this.device.interrupted();
  }
}

export class Edu {
  private registers: DeviceMemory;
  private buffer: DmaBuffer = new DmaBuffer(MEMORY_SIZE);
  /** What the interrupts said since `begin`. */
  private causes: u32 = 0;
  private isBusy: bool = false;
  private done: WaitQueue = new WaitQueue();
  private free: WaitQueue = new WaitQueue();

  constructor(registers: DeviceMemory) {
    this.registers = registers;
  }

  /** Whether the device answers, and reaches the buffer. */
  probe(): bool {
    if (!this.registers.isThere || !this.buffer.isThere) return false;
    if ((this.registers.read32(IDENTIFICATION) & ID_MASK) != ID) return false;
    this.registers.write32(LIVENESS, 0x12345678);
    if (this.registers.read32(LIVENESS) != ~0x12345678) return false;
    return this.buffer.physical + this.buffer.length <= REACH;
  }

  handler(): InterruptHandler {
    return new Interrupt(this);
  }

  /** Runs with interrupts off. */
  interrupted(): void {
    let cause = this.registers.read32(CAUSE);
    if (cause == 0) return;
    this.registers.write32(ACKNOWLEDGE, cause);
    this.causes |= cause;
    this.done.wakeAll();
  }

  /** n! modulo 2³², or a negative errno. */
  factorial(number: u32): i64 {
    let error = this.begin();
    if (error < 0) return error;
    this.registers.write32(STATUS, STATUS_INTERRUPT);
    this.registers.write32(FACTORIAL, number);
    let why = this.finish(CAUSE_FACTORIAL);
    let result = <i64>this.registers.read32(FACTORIAL);
    this.end();
    return why < 0 ? why : result;
  }

  /** Copy bytes of the device's memory into `bytes`. 0 or a negative errno. */
  read(offset: u64, bytes: StaticArray<u8>, count: i32): i64 {
    let error = this.begin();
    if (error < 0) return error;
    this.transfer(MEMORY_START + offset, this.buffer.physical, <u64>count, COMMAND_TO_MEMORY);
    let why = this.finish(CAUSE_DMA);
    if (why == 0) this.buffer.read(0, bytes, count);
    this.end();
    return why;
  }

  /** Copy `bytes` into the device's memory. Results as `read`. */
  write(offset: u64, bytes: StaticArray<u8>, count: i32): i64 {
    let error = this.begin();
    if (error < 0) return error;
    this.buffer.write(0, bytes, count);
    this.transfer(this.buffer.physical, MEMORY_START + offset, <u64>count, 0);
    let why = this.finish(CAUSE_DMA);
    this.end();
    return why;
  }

  private transfer(from: u64, to: u64, count: u64, direction: u64): void {
    this.registers.write64(DMA_FROM, from);
    this.registers.write64(DMA_TO, to);
    this.registers.write64(DMA_COUNT, count);
    this.registers.write64(DMA_COMMAND, COMMAND_START | COMMAND_INTERRUPT | direction);
  }

  /** The device does one thing at a time: wait for one's turn. */
  private begin(): i64 {
    while (this.isBusy) {
      let why = threads.wait(this.free);
      if (why < 0) return why;
    }
    this.isBusy = true;
    this.causes = 0;
    return 0;
  }

  /** Wait until the interrupt came that says `cause`. A signal does not end it: the device would go on into the buffer. */
  private finish(cause: u32): i64 {
    let deadline = clock.nowNs() + PATIENCE_NS;
    while ((this.causes & cause) == 0) {
      if (clock.nowNs() >= deadline) return -EIO;
      threads.waitUninterruptibly(this.done, deadline);
    }
    return 0;
  }

  private end(): void {
    this.isBusy = false;
    this.free.wakeOne();
  }
}
