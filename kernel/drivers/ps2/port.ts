// One of the controller's two serial ports and the device on it: commands that wait for their answers, and the stream of
// what the device has to say.

import { waitUninterruptibly } from "../../sched/block";
import * as clock from "../../sched/clock";
import { WaitQueue } from "../../sched/wait";
import { callThread, drain, send } from "./controller";

/** Answers to a byte sent (PS/2 Technical Reference, "Keyboard commands"). */
const ACKNOWLEDGE: u32 = 0xfa;
const RESEND: u32 = 0xfe;
const FAILED: u32 = 0xfc;
const NS_PER_MS: u64 = 1_000_000;
const ANSWER_TIMEOUT_MS: u64 = 250;
const TRIES: i32 = 3;
/** Looks at the controller before the thread sleeps: an emulated device answers at once. */
const SHORT_PATIENCE: i32 = 20;
/** Bytes of an answer that may wait. */
const ANSWER_LIMIT: i32 = 8;

/** What is plugged in. */
export class Ps2Device {
  /** A byte that is no answer to a command. Runs in interrupt handlers. */
  receive(_byte: u32): void {}

  /** Bring it up, the first time or again; threads only. */
  start(): void {}

  /** Something is to be sent. Threads only. */
  update(): void {}
}

const enum Wait {
  NOTHING,
  ACKNOWLEDGE,
  DATA,
}

export class Ps2Port {
  private device: Ps2Device = new Ps2Device();
  private expected: Wait = Wait.NOTHING;
  /** The byte that answered: ACKNOWLEDGE, RESEND; 0: none yet. */
  private reply: u32 = 0;
  private answers: StaticArray<u8> = new StaticArray<u8>(ANSWER_LIMIT);
  private answerCount: i32 = 0;
  private answersExpected: i32 = 0;
  private readonly waiting: WaitQueue = new WaitQueue();
  private isStartWanted: bool = false;
  private isUpdateWanted: bool = false;

  constructor(readonly isSecond: bool) {}

  /** Have the thread bring the device up. */
  attach(device: Ps2Device): void {
    this.device = device;
    this.isStartWanted = true;
  }

  /** The device was replaced or reset itself. */
  wantStart(): void {
    this.isStartWanted = true;
    callThread();
  }

  /** The device has something to send. */
  wantUpdate(): void {
    this.isUpdateWanted = true;
    callThread();
  }

  /** The thread's turn. Whether there was something to do. */
  work(): bool {
    if (this.isStartWanted) {
      this.isStartWanted = false;
      this.device.start();
      return true;
    }
    if (this.isUpdateWanted) {
      this.isUpdateWanted = false;
      this.device.update();
      return true;
    }
    return false;
  }

  /** A byte came. Runs in interrupt handlers. */
  receive(byte: u32): void {
    switch (this.expected) {
      case Wait.ACKNOWLEDGE:
        if (byte == ACKNOWLEDGE || byte == RESEND || byte == FAILED) {
          this.reply = byte;
          // What follows the answer is the device's own again: a key that comes now is not lost.
          this.expected = byte == ACKNOWLEDGE && this.answersExpected > 0 ? Wait.DATA : Wait.NOTHING;
          this.waiting.wakeAll();
        } else this.device.receive(byte);
        return;
      case Wait.DATA:
        if (this.answerCount < ANSWER_LIMIT) this.answers[this.answerCount++] = <u8>byte;
        if (this.answerCount >= this.answersExpected) this.expected = Wait.NOTHING;
        this.waiting.wakeAll();
        return;
      case Wait.NOTHING:
        this.device.receive(byte);
        return;
    }
  }

  /**
   * Send a command's byte and wait for the device's acknowledgment; `answers` bytes are to follow it. False when it does not
   * come. Threads only.
   */
  command(byte: u32, answers: i32 = 0): bool {
    this.answersExpected = answers;
    for (let i = 0; i < TRIES; i++) {
      this.answerCount = 0;
      this.reply = 0;
      this.expected = Wait.ACKNOWLEDGE;
      if (!send(this.isSecond, byte)) break;
      for (let j = 0; j < SHORT_PATIENCE && this.reply == 0; j++) drain();
      let deadlineNs = clock.nowNs() + ANSWER_TIMEOUT_MS * NS_PER_MS;
      while (this.reply == 0 && clock.nowNs() < deadlineNs) waitUninterruptibly(this.waiting, deadlineNs);
      if (this.reply == ACKNOWLEDGE) return true;
      if (this.reply != RESEND) break;
    }
    this.finish();
    return false;
  }

  /** A command with a parameter. */
  command2(byte: u32, parameter: u32): bool {
    return this.command(byte) && this.command(parameter);
  }

  /** Byte `index` of what follows the acknowledgment; -1 when it does not come within `timeoutMs`. Threads only. */
  answer(index: i32, timeoutMs: u64 = ANSWER_TIMEOUT_MS): i32 {
    for (let i = 0; i < SHORT_PATIENCE && this.answerCount <= index; i++) drain();
    let deadlineNs = clock.nowNs() + timeoutMs * NS_PER_MS;
    while (this.answerCount <= index && clock.nowNs() < deadlineNs) waitUninterruptibly(this.waiting, deadlineNs);
    return index < this.answerCount ? <i32>this.answers[index] : -1;
  }

  /** Wait for no more answers: what comes from here on is the device's own. */
  finish(): void {
    this.expected = Wait.NOTHING;
  }
}
