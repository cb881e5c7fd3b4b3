// A kernel that counts in a linked list and then breaks an invariant: what debugging.test.ts looks at.

import { bootMachine } from "../../../kernel/boot/boot";
import { panicOnFrame } from "../../../kernel/panic/panic";

class Account {
  next: Account | null = null;
  balance: i32 = -5;
  isOpen: bool = true;

  constructor(readonly owner: string) {}

  /** The sum of all balances from here on. */
  total(depth: i32): i32 {
    let sum = this.balance;
    let next = this.next;
    if (next !== null) sum += next.total(depth + 1);
    else sum += lastEntry(depth);
    return sum;
  }
}

const entries: StaticArray<i32> = [10, 20, 30];

function lastEntry(index: i32): i32 {
  return entries[index + 2];
}

let first: Account = new Account("first");

export function boot(info: usize): void {
  bootMachine(info);
  let second = new Account("second");
  first.next = second;
  first.total(0);
}

export function trap(frame: usize): void {
  panicOnFrame(frame);
}

export function syscall(frame: usize): void {
  panicOnFrame(frame);
}

export function threadMain(_argument: usize): void {}
