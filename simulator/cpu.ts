// machine/cpu in TypeScript: registers as variables, and kernel threads as suspended promises.
//
// `switchTo` uses JavaScript Promise Integration: each kernel thread is one `promising` call of the module's
// `threadMain`, parked at an unresolved promise while another runs. A test that switches threads therefore enters
// through `machine.call(name, …)`; plain exports must not switch.

import type { MemoryMap } from "./memory-map.ts";
import { LINEAR_BASE } from "./memory-map.ts";

/** The machine stopped for good: `cpu.stop`. */
export class MachineStopped extends Error {
  override readonly name = "MachineStopped";
}

export class SimulatedCpu {
  readonly #memory: MemoryMap;
  /** Stack pointer → what to do when somebody switches to it. */
  readonly #parked = new Map<number, () => void>();
  #nextStackPointer = 0x7f000000;
  /** Starts a new kernel thread; `instantiate` sets it when the module exports `threadMain`. */
  startThread: ((argument: number) => Promise<unknown>) | null = null;
  /** A kernel thread died of this error: every later switch throws it. */
  failure: unknown = null;
  /** Called when the thread that a test waits in will never run again. */
  onFailure: (error: unknown) => void = () => {};

  cr0 = 0x80050033n;
  cr2 = 0n;
  cr3 = 0n;
  cr4 = 0n;
  xcr0 = 0n;
  fsBase = 0n;
  userGsBase = 0n;
  kernelStack = 0;
  readonly msrs = new Map<number, bigint>();
  /** Addresses that were invalidated, oldest first. */
  readonly invalidated: bigint[] = [];
  /** What CPUID answers: [eax, ebx, ecx, edx]. */
  cpuid: (leaf: number, subleaf: number) => readonly [number, number, number, number] = () => [0, 0, 0, 0];
  /** `hlt`: a test moves the clock and raises interrupts here. */
  onHalt: () => void = () => {
    throw new MachineStopped("cpu.halt: no test code would wake this machine (set machine.cpu.onHalt)");
  };
  onPollInterrupts: () => void = () => {};
  onEnterUser: (frame: number) => void = () => {
    throw new MachineStopped("cpu.enterUser: there is no user mode here (set machine.cpu.onEnterUser)");
  };

  constructor(memory: MemoryMap) {
    this.#memory = memory;
  }

  prepareStack(top: number, argument: number): number {
    const stackPointer = (top - 64) >>> 0;
    this.#parked.set(stackPointer, () => {
      if (this.startThread === null) throw new Error("cpu.switchTo: the module exports no threadMain");
      this.startThread(argument).then(
        () => this.#fail(new Error("threadMain returned")),
        (error: unknown) => this.#fail(error),
      );
    });
    return stackPointer;
  }

  switchTo(from: number, to: number): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const target = this.#slot(to);
    const wake = this.#parked.get(target);
    if (!wake) return Promise.reject(new Error(`cpu.switchTo: no stack was parked at 0x${target.toString(16)}`));
    this.#parked.delete(target);
    const here = this.#nextStackPointer;
    this.#nextStackPointer += 16;
    this.#setSlot(from, here);
    const parked = new Promise<void>((resume) => this.#parked.set(here, resume));
    wake();
    return parked;
  }

  #fail(error: unknown): void {
    this.failure = error;
    this.onFailure(error);
  }

  #slot(pointer: number): number {
    const offset = this.#memory.resolve(LINEAR_BASE + BigInt(pointer >>> 0), 4);
    return this.#memory.view.getUint32(offset, true);
  }

  #setSlot(pointer: number, value: number): void {
    const offset = this.#memory.resolve(LINEAR_BASE + BigInt(pointer >>> 0), 4);
    this.#memory.view.setUint32(offset, value, true);
  }
}

export function cpuImports(cpu: SimulatedCpu) {
  return {
    halt: () => cpu.onHalt(),
    pollInterrupts: () => cpu.onPollInterrupts(),
    stop: () => {
      throw new MachineStopped("cpu.stop");
    },
    trap: () => {
      throw new MachineStopped("cpu.trap");
    },
    pause: () => {},
    switchTo: new WebAssembly.Suspending((from: number, to: number) => cpu.switchTo(from, to)),
    prepareStack: (top: number, argument: number) => cpu.prepareStack(top, argument),
    stackPointer: () => 0,
    enterUser: (frame: number) => cpu.onEnterUser(frame),
    setKernelStack: (top: number) => {
      cpu.kernelStack = top;
    },
    readCr0: () => cpu.cr0,
    writeCr0: (value: bigint) => {
      cpu.cr0 = BigInt.asUintN(64, value);
    },
    readCr2: () => cpu.cr2,
    readCr3: () => cpu.cr3,
    writeCr3: (value: bigint) => {
      cpu.cr3 = BigInt.asUintN(64, value);
    },
    readCr4: () => cpu.cr4,
    writeCr4: (value: bigint) => {
      cpu.cr4 = BigInt.asUintN(64, value);
    },
    writeXcr0: (value: bigint) => {
      cpu.xcr0 = BigInt.asUintN(64, value);
    },
    invalidatePage: (address: bigint) => {
      cpu.invalidated.push(BigInt.asUintN(64, address));
    },
    cpuidEax: (leaf: number, subleaf: number) => cpu.cpuid(leaf >>> 0, subleaf)[0],
    cpuidEbx: (leaf: number, subleaf: number) => cpu.cpuid(leaf >>> 0, subleaf)[1],
    cpuidEcx: (leaf: number, subleaf: number) => cpu.cpuid(leaf >>> 0, subleaf)[2],
    cpuidEdx: (leaf: number, subleaf: number) => cpu.cpuid(leaf >>> 0, subleaf)[3],
    readMsr: (register: number) => cpu.msrs.get(register >>> 0) ?? 0n,
    writeMsr: (register: number, value: bigint) => {
      cpu.msrs.set(register >>> 0, BigInt.asUintN(64, value));
    },
    readFsBase: () => cpu.fsBase,
    writeFsBase: (value: bigint) => {
      cpu.fsBase = BigInt.asUintN(64, value);
    },
    readUserGsBase: () => cpu.userGsBase,
    writeUserGsBase: (value: bigint) => {
      cpu.userGsBase = BigInt.asUintN(64, value);
    },
    saveExtendedState: (_area: bigint) => {},
    restoreExtendedState: (_area: bigint) => {},
    installTraps: () => {},
  };
}
