// What a process does on each signal: man 2 sigaction. Processes made with CLONE_SIGHAND share one.

import * as mem from "machine/mem";
import { addressOf } from "memory/address";
import { SA_NOCLDSTOP, SA_NOCLDWAIT, SIGCHLD, SIGNAL_COUNT, SIG_DFL, SIG_IGN } from "../abi/signal";
import { contains, IGNORED_BY_DEFAULT } from "./signal-set";

/** Words of an action: handler, flags, restorer, mask. */
const WORDS: i32 = 4;

export class SignalActions {
  private words: StaticArray<u64> = new StaticArray<u64>((SIGNAL_COUNT + 1) * WORDS);
  /** Processes that share it. */
  references: i32 = 1;

  handler(signal: i32): u64 {
    return this.words[signal * WORDS];
  }

  /** SA_*. */
  flags(signal: i32): u64 {
    return this.words[signal * WORDS + 1];
  }

  restorer(signal: i32): u64 {
    return this.words[signal * WORDS + 2];
  }

  /** What is blocked while the handler runs, beside the signal itself. */
  mask(signal: i32): u64 {
    return this.words[signal * WORDS + 3];
  }

  set(signal: i32, handler: u64, flags: u64, restorer: u64, mask: u64): void {
    let first = signal * WORDS;
    this.words[first] = handler;
    this.words[first + 1] = flags;
    this.words[first + 2] = restorer;
    this.words[first + 3] = mask;
  }

  /** Back to the default action (SA_RESETHAND, a forced signal). */
  reset(signal: i32): void {
    this.words[signal * WORDS] = SIG_DFL;
  }

  /** Whether the signal would do nothing. */
  isIgnored(signal: i32): bool {
    let handler = this.handler(signal);
    return handler == SIG_IGN || (handler == SIG_DFL && contains(IGNORED_BY_DEFAULT, signal));
  }

  /** Whether a handler of the program runs. */
  isHandled(signal: i32): bool {
    return this.handler(signal) > SIG_IGN;
  }

  /** Children leave no zombie: SIGCHLD set to ignore, or SA_NOCLDWAIT (man 2 wait). */
  get reapsChildren(): bool {
    return this.handler(SIGCHLD) == SIG_IGN || (this.flags(SIGCHLD) & SA_NOCLDWAIT) != 0;
  }

  /** SIGCHLD comes only for children that end. */
  get isStopSilent(): bool {
    return (this.flags(SIGCHLD) & SA_NOCLDSTOP) != 0;
  }

  copy(): SignalActions {
    let actions = new SignalActions();
    mem.copy(addressOf(actions.words), addressOf(this.words), <u64>this.words.length * 8);
    return actions;
  }

  /** execve, CLONE_CLEAR_SIGHAND: handled signals go back to the default, ignored ones stay ignored. */
  resetHandled(): void {
    for (let signal = 1; signal <= SIGNAL_COUNT; signal++) {
      let handler = this.handler(signal) == SIG_IGN ? SIG_IGN : SIG_DFL;
      this.set(signal, handler, 0, 0, 0);
    }
  }
}
