import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { instantiate, type Instance } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  setUp(): void;
  dropFirstThread(): void;
  makeProcess(parent: number): number;
  makeThread(process: number, script: number, argument: bigint, deadlineNs: bigint): number;
  settle(): void;
  journalLength(): number;
  journalEntry(index: number): bigint;
  endStatus(): number;
  wakeFrom(process: number, kind: number, address: bigint, count: number, target: bigint): void;
  sendToProcess(process: number, signal: number): void;
  sendToThread(thread: number, signal: number): void;
  blockSignals(thread: number, mask: bigint): void;
  setHandler(process: number, signal: number, handler: bigint, flags: bigint, mask: bigint): void;
  stateOf(process: number): number;
  threadsOf(process: number): number;
  parentOf(process: number): number;
  pendingOf(process: number): bigint;
  isThread(id: number): number;
  setRobustList(thread: number, head: bigint): void;
  clearTidOf(thread: number, address: bigint): void;
  setRegisters(thread: number, rip: bigint, rsp: bigint, rax: bigint, callNumber: bigint): void;
  register(thread: number, which: number): bigint;
  setSignalStack(thread: number, address: bigint, size: bigint): void;
  maskOf(thread: number): bigint;
  deliver(thread: number, mayRestart: number): void;
  sigreturn(thread: number): void;
}

const script = { futexWait: 0, lockHoldUnlock: 1, block: 2, waitChild: 3, exitWith7: 4, exitGroup9: 5, kill: 6 };
const state = { running: 0, zombie: 1, reaped: 2 };
const reg = { rip: 0, rsp: 1, rax: 2, rdi: 3, rsi: 4, rdx: 5, r15: 6, vector: 7, rflags: 8 };
const WEXITED = 4n;
const WSTOPPED = 2n;
const WCONTINUED = 8n;
const SIGKILL = 9;
const SIGUSR1 = 10;
const SIGSEGV = 11;
const SIGTERM = 15;
const SIGCHLD = 17;
const SIGCONT = 18;
const SIGSTOP = 19;
const SA_RESTORER = 0x04000000n;
const SA_ONSTACK = 0x08000000n;
const SA_RESTART = 0x10000000n;
const EINTR = 4n;
const ETIMEDOUT = 110n;
const ERESTARTSYS = 512n;
const ERESTARTNOHAND = 514n;
const word = 0x400000n;
const otherWord = 0x400040n;
const bit = (signal: number) => 1n << BigInt(signal - 1);

const wasm = await buildWasm(new URL("./threads.as.ts", import.meta.url), { initialMemory: 0x800000 });

let machine: Instance<Exports>["machine"];
let kernel: Exports;
let settle: () => Promise<void>;
let wakeFrom: (process: number, kind: number, address: bigint, count: number, target?: bigint) => Promise<bigint>;

/** What threads noted since the start: [thread, result] pairs. */
function journal(): [number, bigint][] {
  const pairs: [number, bigint][] = [];
  for (let i = 0; i < kernel.journalLength(); i += 2) {
    pairs.push([Number(kernel.journalEntry(i)), kernel.journalEntry(i + 1)]);
  }
  return pairs;
}
const notesOf = (thread: number) =>
  journal()
    .filter(([id]) => id === thread)
    .map(([, result]) => result);
const storeWord = (address: bigint, value: number) => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  machine.user.write(address, bytes);
};
const loadWord = (address: bigint) => {
  const bytes = machine.user.read(address, 4);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
};
const loadLong = (address: bigint) => {
  const bytes = machine.user.read(address, 8);
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
};
const storeLong = (address: bigint, value: bigint) => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  machine.user.write(address, bytes);
};
const unsigned = (value: bigint) => BigInt.asUintN(64, value);

beforeEach(() => {
  const instance = instantiate<Exports>(wasm);
  machine = instance.machine;
  kernel = instance.exports;
  machine.user.map(0x400000n, 0x10000);
  kernel.setUp();
  settle = async () => void (await instance.call("settle"));
  wakeFrom = async (process, kind, address, count, target = 0n) => {
    await instance.call("wakeFrom", process, kind, address, count, target);
    return notesOf(-1).at(-1) ?? -1n;
  };
});

// ── Futexes ──

test("a futex wake takes the waiters in the order they came", async () => {
  const threads = [1, 2, 3].map(() => kernel.makeThread(1, script.futexWait, word, 0n));
  await settle();
  assert.deepEqual(journal(), []);
  assert.equal(await wakeFrom(1, 0, word, 1), 1n);
  assert.deepEqual(notesOf(threads[0] ?? 0), [0n]);
  assert.deepEqual(notesOf(threads[1] ?? 0), []);
  assert.equal(await wakeFrom(1, 0, word, 100), 2n);
  assert.deepEqual(notesOf(threads[2] ?? 0), [0n]);
  assert.equal(await wakeFrom(1, 0, word, 100), 0n);
});

test("a futex wait for another value fails at once", async () => {
  storeWord(word, 5);
  const thread = kernel.makeThread(1, script.futexWait, word, 0n);
  await settle();
  assert.deepEqual(notesOf(thread), [-11n]);
});

test("a futex wait ends at its deadline", async () => {
  const thread = kernel.makeThread(1, script.futexWait, word, 1_000_000n);
  await settle();
  machine.clock.advanceNs(999_999);
  await settle();
  assert.deepEqual(notesOf(thread), []);
  machine.clock.advanceNs(1);
  await settle();
  assert.deepEqual(notesOf(thread), [-ETIMEDOUT]);
  assert.equal(await wakeFrom(1, 0, word, 1), 0n, "and leaves no waiter behind");
});

test("requeue wakes some and moves the rest to the other word", async () => {
  for (let i = 0; i < 4; i++) kernel.makeThread(1, script.futexWait, word, 0n);
  await settle();
  assert.equal(await wakeFrom(1, 1, word, 1, otherWord), 4n);
  assert.equal(await wakeFrom(1, 0, word, 100), 0n);
  assert.equal(await wakeFrom(1, 0, otherWord, 100), 3n);
});

test("processes do not wake each other's private futexes", async () => {
  const other = kernel.makeProcess(1);
  const thread = kernel.makeThread(other, script.futexWait, word, 0n);
  await settle();
  assert.equal(await wakeFrom(1, 0, word, 100), 0n);
  assert.equal(await wakeFrom(other, 0, word, 100), 1n);
  assert.deepEqual(notesOf(thread), [0n]);
});

test("a lock in the kernel is handed over in the order of waiting", async () => {
  const threads = [1, 2, 3].map(() => kernel.makeThread(1, script.lockHoldUnlock, word, 0n));
  await settle();
  for (const thread of threads) assert.deepEqual(notesOf(thread), [0n, 0n]);
  assert.equal(loadWord(word), 0);
});

test("a dying thread marks the robust locks it held and wakes a waiter", async () => {
  const head = 0x400100n;
  const entry = 0x400200n;
  const lock = entry + 0x20n;
  const owner = kernel.makeThread(1, script.block, 0n, 1000n);
  storeLong(head, entry);
  storeLong(head + 8n, 0x20n);
  storeLong(head + 16n, 0n);
  storeLong(entry, head);
  kernel.setRobustList(owner, head);
  storeWord(lock, 0);
  const waiter = kernel.makeThread(1, script.futexWait, lock, 0n);
  await settle();
  storeWord(lock, owner | 0x80000000);
  kernel.sendToProcess(1, SIGKILL);
  await settle();
  assert.equal(loadWord(lock) >>> 0, 0xc0000000, "waiters stay marked, the owner died");
  assert.equal(kernel.isThread(waiter), 0);
});

// ── Signals ──

test("a signal with a handler ends an interruptible wait", async () => {
  kernel.setHandler(1, SIGUSR1, 0x5000n, SA_RESTORER, 0n);
  const thread = kernel.makeThread(1, script.futexWait, word, 0n);
  await settle();
  kernel.sendToThread(thread, SIGUSR1);
  kernel.setRegisters(thread, 0x7000n, 0x408000n, 0n, -1n);
  await settle();
  assert.deepEqual(notesOf(thread), [-EINTR]);
});

test("an ignored signal and a blocked signal end no wait", async () => {
  const thread = kernel.makeThread(1, script.futexWait, word, 0n);
  await settle();
  kernel.sendToThread(thread, SIGCHLD);
  kernel.blockSignals(thread, bit(SIGTERM));
  kernel.sendToThread(thread, SIGTERM);
  await settle();
  assert.deepEqual(notesOf(thread), []);
});

test("a handler's frame holds the registers, the mask and the signal, and sigreturn brings them back", () => {
  const thread = kernel.makeThread(1, script.block, 0n, 0n);
  kernel.setHandler(1, SIGUSR1, 0x5000n, SA_RESTORER, bit(SIGTERM));
  kernel.blockSignals(thread, bit(SIGCHLD));
  kernel.setRegisters(thread, 0x7000n, 0x408000n, 42n, -1n);
  kernel.sendToThread(thread, SIGUSR1);
  kernel.deliver(thread, 0);

  const rsp = kernel.register(thread, reg.rsp);
  assert.equal(kernel.register(thread, reg.rip), 0x5000n);
  assert.equal(kernel.register(thread, reg.rdi), BigInt(SIGUSR1));
  assert.equal(kernel.register(thread, reg.rdx), rsp + 8n);
  assert.equal(rsp % 16n, 8n, "as after a call");
  assert.ok(rsp + 440n <= 0x408000n - 128n, "the red zone is left alone");
  assert.equal(loadLong(rsp), 0x1234n, "returns to the restorer");
  assert.equal(loadWord(kernel.register(thread, reg.rsi)), SIGUSR1);
  const context = rsp + 48n;
  assert.equal(loadLong(context + 128n), 0x7000n, "rip");
  assert.equal(loadLong(context + 120n), 0x408000n, "rsp");
  assert.equal(loadLong(context + 104n), 42n, "rax");
  const state = loadLong(context + 184n);
  assert.equal(state % 64n, 0n);
  assert.equal(kernel.maskOf(thread), bit(SIGCHLD) | bit(SIGTERM) | bit(SIGUSR1));

  kernel.setRegisters(thread, 0x5010n, rsp + 8n, 7n, 15n);
  kernel.sigreturn(thread);
  assert.equal(kernel.register(thread, reg.rip), 0x7000n);
  assert.equal(kernel.register(thread, reg.rsp), 0x408000n);
  assert.equal(kernel.register(thread, reg.rax), 42n);
  assert.equal(kernel.register(thread, reg.r15), 15n);
  assert.equal(kernel.maskOf(thread), bit(SIGCHLD));
  assert.notEqual(kernel.register(thread, reg.vector), 0x100n, "every register is loaded");
});

test("SA_ONSTACK runs the handler on the signal stack, but not twice", () => {
  const thread = kernel.makeThread(1, script.block, 0n, 0n);
  kernel.setHandler(1, SIGUSR1, 0x5000n, SA_RESTORER | SA_ONSTACK, 0n);
  kernel.setHandler(1, SIGTERM, 0x6000n, SA_RESTORER | SA_ONSTACK, 0n);
  kernel.setSignalStack(thread, 0x404000n, 0x3000n);
  kernel.setRegisters(thread, 0x7000n, 0x40f000n, 0n, -1n);
  kernel.sendToThread(thread, SIGUSR1);
  kernel.deliver(thread, 0);
  const first = kernel.register(thread, reg.rsp);
  assert.ok(first > 0x406000n && first < 0x407000n, "at the stack's end");
  kernel.sendToThread(thread, SIGTERM);
  kernel.deliver(thread, 0);
  const second = kernel.register(thread, reg.rsp);
  assert.ok(second < first && second > 0x404000n, "below the first frame");
});

test("calls that a signal broke off start over, fail, or go on, as the man page says", () => {
  const outcome = (result: bigint, flags: bigint, hasHandler: boolean) => {
    const thread = kernel.makeThread(1, script.block, 0n, 0n);
    kernel.setHandler(1, SIGUSR1, hasHandler ? 0x5000n : 0n, SA_RESTORER | flags, 0n);
    kernel.setRegisters(thread, 0x7000n, 0x408000n, -result, 202n);
    if (hasHandler) {
      kernel.sendToThread(thread, SIGUSR1);
      kernel.deliver(thread, 1);
      const context = kernel.register(thread, reg.rsp) + 48n;
      return [loadLong(context + 128n), loadLong(context + 104n)];
    }
    kernel.blockSignals(thread, 0n);
    kernel.sendToThread(thread, SIGCONT); // wakes it and then does nothing
    kernel.setHandler(1, SIGCONT, 0x5000n, 0n, 0n);
    kernel.sendToThread(thread, SIGCONT);
    kernel.setHandler(1, SIGCONT, 0n, 0n, 0n);
    kernel.deliver(thread, 1);
    return [kernel.register(thread, reg.rip), kernel.register(thread, reg.rax)];
  };
  const again = [0x6ffen, 202n];
  const failed = [0x7000n, unsigned(-EINTR)];
  assert.deepEqual(outcome(ERESTARTSYS, SA_RESTART, true), again);
  assert.deepEqual(outcome(ERESTARTSYS, 0n, true).map(unsigned), failed);
  assert.deepEqual(outcome(ERESTARTNOHAND, SA_RESTART, true).map(unsigned), failed);
  assert.deepEqual(outcome(ERESTARTSYS, 0n, false), again);
  assert.deepEqual(outcome(ERESTARTNOHAND, 0n, false), again);
  assert.deepEqual(outcome(516n, 0n, false), [0x6ffen, 219n], "restart_syscall");
  assert.deepEqual(outcome(0n, SA_RESTART, true), [0x7000n, 0n], "a finished call is left alone");
});

test("a signal to the process goes to a thread that does not block it", async () => {
  kernel.setHandler(1, SIGUSR1, 0x5000n, SA_RESTORER, 0n);
  const first = kernel.makeThread(1, script.futexWait, word, 0n);
  const second = kernel.makeThread(1, script.futexWait, word, 0n);
  await settle();
  for (const thread of [1, first]) kernel.blockSignals(thread, bit(SIGUSR1));
  kernel.setRegisters(second, 0x7000n, 0x408000n, 0n, -1n);
  kernel.sendToProcess(1, SIGUSR1);
  await settle();
  assert.deepEqual(notesOf(first), []);
  assert.deepEqual(notesOf(second), [-EINTR]);
});

test("a pending signal moves on when the thread it was meant for blocks it", async () => {
  kernel.setHandler(1, SIGUSR1, 0x5000n, SA_RESTORER, 0n);
  const waiter = kernel.makeThread(1, script.futexWait, word, 0n);
  await settle();
  kernel.blockSignals(waiter, bit(SIGUSR1));
  kernel.sendToProcess(1, SIGUSR1); // process 1's first thread takes it
  kernel.blockSignals(waiter, 0n);
  kernel.setRegisters(waiter, 0x7000n, 0x408000n, 0n, -1n);
  kernel.blockSignals(1, bit(SIGUSR1));
  await settle();
  assert.deepEqual(notesOf(waiter), [-EINTR]);
});

// ── Ends ──

test("a child's end is told to its parent, which reads its status once", async () => {
  const child = kernel.makeProcess(1);
  const waiter = kernel.makeThread(1, script.waitChild, WEXITED, 0n);
  await settle();
  assert.deepEqual(notesOf(waiter), []);
  kernel.makeThread(child, script.exitWith7, 0n, 0n);
  await settle();
  assert.deepEqual(notesOf(waiter), [BigInt(child) * 0x10000n + 0x700n]);
  assert.equal(kernel.stateOf(child), -1, "its number is free");
});

test("a child that nobody waits for stays a zombie, unless its parent ignores SIGCHLD", async () => {
  const first = kernel.makeProcess(1);
  kernel.makeThread(first, script.exitWith7, 0n, 0n);
  await settle();
  assert.equal(kernel.stateOf(first), state.zombie);
  kernel.setHandler(1, SIGCHLD, 1n, 0n, 0n);
  const second = kernel.makeProcess(1);
  kernel.makeThread(second, script.exitWith7, 0n, 0n);
  await settle();
  assert.equal(kernel.stateOf(second), -1);
});

test("exit_group ends threads that block, and the first status counts", async () => {
  const child = kernel.makeProcess(1);
  for (let i = 0; i < 3; i++) kernel.makeThread(child, script.block, 0n, 0n);
  kernel.makeThread(child, script.futexWait, word, 0n);
  await settle();
  kernel.makeThread(child, script.exitGroup9, 0n, 0n);
  kernel.makeThread(1, script.waitChild, WEXITED, 0n);
  await settle();
  assert.equal(kernel.stateOf(child), -1);
  assert.equal(journal().at(-1)?.[1], BigInt(child) * 0x10000n + 0x900n);
});

test("SIGKILL ends a process whose threads block every signal", async () => {
  const child = kernel.makeProcess(1);
  const thread = kernel.makeThread(child, script.block, 0n, 0n);
  await settle();
  kernel.blockSignals(thread, ~(bit(SIGKILL) | bit(SIGSTOP)));
  kernel.sendToProcess(child, SIGKILL);
  const waiter = kernel.makeThread(1, script.waitChild, WEXITED, 0n);
  await settle();
  assert.deepEqual(notesOf(waiter), [BigInt(child) * 0x10000n + BigInt(SIGKILL)]);
});

test("a fatal signal's status says which", async () => {
  const child = kernel.makeProcess(1);
  const thread = kernel.makeThread(child, script.block, 0n, 0n);
  await settle();
  kernel.sendToThread(thread, SIGSEGV);
  const waiter = kernel.makeThread(1, script.waitChild, WEXITED, 0n);
  await settle();
  assert.deepEqual(notesOf(waiter), [BigInt(child) * 0x10000n + BigInt(SIGSEGV)]);
});

test("orphans go to the first process and leave no zombie", async () => {
  const parent = kernel.makeProcess(1);
  const child = kernel.makeProcess(parent);
  kernel.makeThread(parent, script.exitWith7, 0n, 0n);
  const thread = kernel.makeThread(child, script.block, 0n, 0n);
  await settle();
  assert.equal(kernel.parentOf(child), 1);
  kernel.sendToThread(thread, SIGTERM);
  await settle();
  assert.equal(kernel.stateOf(child), -1);
});

test("a stopped process waits for SIGCONT, and its parent learns of both", async () => {
  const child = kernel.makeProcess(1);
  const thread = kernel.makeThread(child, script.block, 0n, 0n);
  await settle();
  kernel.sendToProcess(child, SIGSTOP);
  const stopWaiter = kernel.makeThread(1, script.waitChild, WEXITED | WSTOPPED | WCONTINUED, 0n);
  await settle();
  assert.deepEqual(notesOf(stopWaiter), [BigInt(child) * 0x10000n + BigInt(SIGSTOP) * 256n + 0x7fn]);
  const before = notesOf(thread).length;
  kernel.sendToThread(thread, SIGTERM);
  await settle();
  assert.equal(notesOf(thread).length, before, "a signal does not run while it is stopped");
  const waiter = kernel.makeThread(1, script.waitChild, WEXITED | WCONTINUED, 0n);
  kernel.sendToProcess(child, SIGCONT);
  await settle();
  assert.deepEqual(notesOf(waiter), [BigInt(child) * 0x10000n + 0xffffn]);
});

test("SIGKILL ends a stopped process", async () => {
  const child = kernel.makeProcess(1);
  kernel.makeThread(child, script.block, 0n, 0n);
  await settle();
  kernel.sendToProcess(child, SIGSTOP);
  await settle();
  kernel.sendToProcess(child, SIGKILL);
  await settle();
  assert.equal(kernel.stateOf(child), state.zombie);
});

test("a thread that ends clears its word and wakes one who joins it", async () => {
  const thread = kernel.makeThread(1, script.block, 0n, 0n);
  await settle();
  storeWord(word, 77);
  kernel.clearTidOf(thread, word);
  kernel.sendToProcess(1, SIGKILL);
  await settle();
  assert.equal(loadWord(word), 0);
});

test("the machine ends with the first process's status", async () => {
  kernel.dropFirstThread();
  kernel.makeThread(1, script.block, 0n, 0n);
  await settle();
  assert.equal(kernel.endStatus(), -1);
  kernel.makeThread(1, script.exitGroup9, 0n, 0n);
  await settle();
  assert.equal(kernel.endStatus(), 0x900);
});

test("another process cannot end or stop the first one with a signal it does not handle", async () => {
  const child = kernel.makeProcess(1);
  for (const signal of [SIGKILL, SIGSTOP, SIGTERM]) {
    const thread = kernel.makeThread(child, script.kill, (1n << 8n) | BigInt(signal), 0n);
    kernel.makeThread(child, script.block, 0n, 0n);
    await settle();
    assert.deepEqual(notesOf(thread), [0n]);
    assert.equal(kernel.pendingOf(1), 0n);
  }
  kernel.setHandler(1, SIGTERM, 0x5000n, SA_RESTORER, 0n);
  kernel.makeThread(child, script.kill, (1n << 8n) | BigInt(SIGTERM), 0n);
  await settle();
  assert.equal(kernel.pendingOf(1) & bit(SIGTERM), bit(SIGTERM), "what it handles, it gets");
});
