// What tests/unit/process/signals.test.ts runs: sets, queues and actions of signals.

import { SIGNAL_COUNT } from "../../../kernel/abi/signal";
import { SignalActions } from "../../../kernel/process/signal-actions";
import { replenish, SignalQueue, SignalRecord } from "../../../kernel/process/signal-queue";
import { contains, lowest, setOf } from "../../../kernel/process/signal-set";

const queue = new SignalQueue();
const sent = new SignalRecord();
const taken = new SignalRecord();
const timerRecord = new SignalRecord();
const actions = new SignalActions();

export function send(signal: i32, code: i32, value: u64, limit: u64): i32 {
  replenish();
  sent.set(signal, code, 1, value);
  return queue.add(sent, limit);
}

/** The value of the signal taken. */
export function take(signal: i32): u64 {
  queue.take(signal, taken);
  return taken.word1;
}

export function pending(): u64 {
  return queue.set;
}

export function length(): i32 {
  return queue.length;
}

export function discard(set: u64): void {
  queue.discard(set);
}

export function expireTimer(signal: i32): void {
  timerRecord.isOwned = true;
  if (!timerRecord.isLinked) timerRecord.set(signal, -2, 0, 0);
  queue.add(timerRecord, 100);
}

export function takeOverrun(signal: i32): i32 {
  queue.take(signal, taken);
  return taken.overrun;
}

export function withdrawTimer(): void {
  queue.withdraw(timerRecord);
}

export function setHolds(signal: i32): bool {
  return contains(setOf(signal), signal) && lowest(setOf(signal)) == signal;
}

export function setAction(signal: i32, handler: u64, flags: u64): void {
  actions.set(signal, handler, flags, 0, 0);
}

export function isIgnored(signal: i32): bool {
  return actions.isIgnored(signal);
}

export function reapsChildren(): bool {
  return actions.reapsChildren;
}

export function resetHandled(): u64 {
  actions.resetHandled();
  let handled: u64 = 0;
  for (let signal = 1; signal <= SIGNAL_COUNT; signal++) if (actions.isHandled(signal)) handled |= setOf(signal);
  return handled;
}
