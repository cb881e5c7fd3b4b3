// The thread that draws: when something changed, at most sixty times a second, and never more than a fraction of the time, so
// that a program that writes fast is held up by little. Between rows it lets others run.

import { wait } from "../../sched/block";
import * as clock from "../../sched/clock";
import * as scheduler from "../../sched/scheduler";
import { Thread } from "../../sched/thread";
import { WaitQueue } from "../../sched/wait";
import { Text } from "../../lib/text";
import { TerminalListener } from "../terminal/terminal";
import { Screen } from "./screen";

const NAME: string = "screen";
const FRAME_NS: u64 = 16_666_667;
/** Bytes of answers that no program has read. */
const MOST_WAITING: i32 = 256;
/** After a drawing, so many times as long goes by before the next one. */
const SHARE: u64 = 4;
/** Drawing goes on for this long before others get a turn. */
const STRETCH_NS: u64 = 2_000_000;

const wakeups: WaitQueue = new WaitQueue();

/** Something is to be drawn, or answered. */
export function wakePainter(): void {
  if (!wakeups.isEmpty) wakeups.wakeAll();
}

/**
 * What the terminal answers goes to the program as if typed, later: the terminal answers while its output is being sent, and
 * what is typed is echoed.
 */
export class Answers extends TerminalListener {
  private waiting: Text = new Text(MOST_WAITING);

  override answer(text: Text): void {
    if (this.waiting.length + text.length > MOST_WAITING) return;
    this.waiting.text(text);
    wakePainter();
  }

  /** Type a byte. */
  protected type(_byte: u32): void {}

  deliver(): void {
    let waiting = this.waiting;
    let length = waiting.length;
    if (length == 0) return;
    waiting.length = 0;
    // Typing neither blocks nor lets others run: nothing is added meanwhile that could overtake.
    for (let i = 0; i < length; i++) this.type(<u32>waiting.bytes[i]);
  }
}

export class Painter extends Thread {
  constructor(
    private readonly screen: Screen,
    private readonly answers: Answers,
  ) {
    super();
    for (let i = 0; i < NAME.length; i++) this.name[i] = <u8>NAME.charCodeAt(i);
  }

  override main(): void {
    let screen = this.screen;
    let nextNs: u64 = 0;
    while (true) {
      this.answers.deliver();
      if (!screen.isPending) {
        wait(wakeups);
        continue;
      }
      let startNs = clock.nowNs();
      if (startNs < nextNs || screen.isHeld()) {
        wait(wakeups, max(nextNs, startNs + FRAME_NS));
        continue;
      }
      let spentNs = this.paint();
      nextNs = max(startNs + FRAME_NS, clock.nowNs() + spentNs * SHARE);
    }
  }

  /** One pass over the rows; how long drawing took. */
  private paint(): u64 {
    let screen = this.screen;
    let spentNs: u64 = 0;
    let sinceNs = clock.nowNs();
    screen.begin();
    for (let row = 0; row < screen.terminal.rows; row++) {
      screen.drawRow(row);
      let nowNs = clock.nowNs();
      if (nowNs - sinceNs < STRETCH_NS) continue;
      spentNs += nowNs - sinceNs;
      screen.finish();
      scheduler.yieldNow();
      sinceNs = clock.nowNs();
    }
    screen.finish();
    return spentNs + clock.nowNs() - sinceNs;
  }
}
