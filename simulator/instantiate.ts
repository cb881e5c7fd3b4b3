// A kernel module with a simulated machine around it.
//
//   const wasm = await buildWasm(new URL("./thing.as.ts", import.meta.url));
//   const { exports, machine } = instantiate<{ add(a: number, b: number): number }>(wasm);
//
// Numbers cross as JavaScript does it: i32/u32/usize/bool as number (u32 results arrive signed: `>>> 0`), i64/u64 as
// BigInt (u64 results arrive signed: `BigInt.asUintN(64, x)`).

import { clockImports, SimulatedClock } from "./clock.ts";
import { cpuImports, SimulatedCpu } from "./cpu.ts";
import { entropyImports, SeededRandom } from "./entropy.ts";
import { imageImports, SimulatedImage } from "./image.ts";
import { memImports } from "./mem.ts";
import { MemoryMap } from "./memory-map.ts";
import { DeviceMap, mmioImports } from "./mmio.ts";
import { Ports, portImports } from "./port.ts";
import { symbolsImports } from "./symbols.ts";
import { UserSpace, userImports } from "./user.ts";

export interface MachineOptions {
  /** Bytes of simulated physical memory; 16 MiB by default. */
  readonly ramBytes?: number;
  /** Seed of the machine's randomness; 1 by default. */
  readonly seed?: number | bigint;
  /** Imports beyond the machine's: a test's own `declare function`s, by file base name. They win over the machine's. */
  readonly imports?: WebAssembly.Imports;
}

/** Everything behind the machine boundary, for tests to look at and to move. */
export class Machine {
  readonly memory: MemoryMap;
  readonly clock = new SimulatedClock();
  readonly random: SeededRandom;
  readonly ports = new Ports();
  readonly devices: DeviceMap;
  readonly user: UserSpace;
  readonly cpu: SimulatedCpu;
  readonly image = new SimulatedImage();

  constructor(options: MachineOptions = {}) {
    this.memory = new MemoryMap(options.ramBytes ?? 16 * 1024 * 1024);
    this.random = new SeededRandom(options.seed ?? 1);
    this.devices = new DeviceMap(this.memory);
    this.user = new UserSpace(this.memory);
    this.cpu = new SimulatedCpu(this.memory);
  }

  imports(): WebAssembly.Imports {
    return {
      mem: memImports(this.memory),
      clock: clockImports(this.clock),
      entropy: entropyImports(this.random),
      port: portImports(this.ports, this.memory),
      mmio: mmioImports(this.devices),
      user: userImports(this.user, this.memory),
      cpu: cpuImports(this.cpu),
      image: imageImports(this.image),
      symbols: symbolsImports(),
    };
  }
}

/** An AssemblyScript `assert` or `throw` that failed. */
export class KernelAbort extends Error {
  override readonly name = "KernelAbort";
}

export interface Instance<Exports> {
  readonly exports: Exports;
  readonly machine: Machine;
  /** The module's linear memory, as it is now. */
  readonly linear: () => Uint8Array;
  /** Call an export on a stack that `cpu.switchTo` can suspend. */
  readonly call: (name: keyof Exports & string, ...values: readonly (number | bigint)[]) => Promise<unknown>;
}

/** Instantiate a module that `buildWasm` made; `Exports` is the type of its exports, which the test declares. */
export function instantiate<Exports extends object>(
  module: WebAssembly.Module,
  options: MachineOptions = {},
): Instance<Exports> {
  const machine = new Machine(options);
  const known = machine.imports();
  known.env = {
    abort: (message: number, file: number, line: number, column: number): void => {
      const linear = machine.memory.linear;
      throw new KernelAbort(`${readString(linear, message)} (${readString(linear, file)}:${line}:${column})`);
    },
    trace: (message: number): void => {
      console.error(readString(machine.memory.linear, message));
    },
    seed: () => machine.random.next(),
  };
  for (const [name, functions] of Object.entries(options.imports ?? {})) {
    known[name] = { ...known[name], ...functions };
  }
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (known[from]?.[name] === undefined)
      throw new Error(`the simulator has no "${from}.${name}"; pass it in \`imports\``);
  }

  const instance = new WebAssembly.Instance(module, known);
  const exports = instance.exports as unknown as Exports;
  if (instance.exports.memory instanceof WebAssembly.Memory) machine.memory.attach(instance.exports.memory);
  const threadMain = instance.exports.threadMain;
  if (typeof threadMain === "function") {
    const start = WebAssembly.promising(threadMain as () => unknown);
    machine.cpu.startThread = (argument) => start(argument);
  }

  return {
    exports,
    machine,
    linear: () => machine.memory.linear,
    call(name, ...values) {
      const callable = instance.exports[name];
      if (typeof callable !== "function") throw new Error(`the module exports no function ${name}`);
      return new Promise((resolve, reject) => {
        machine.cpu.onFailure = reject;
        WebAssembly.promising(callable as () => unknown)(...values).then(resolve, reject);
      });
    },
  };
}

/** An AssemblyScript string: UTF-16, its length in bytes in the word before it. */
export function readString(linear: Uint8Array, pointer: number): string {
  const start = pointer >>> 0;
  if (start === 0) return "(null)";
  const view = new DataView(linear.buffer, linear.byteOffset);
  return Buffer.from(linear.buffer, linear.byteOffset + start, view.getUint32(start - 4, true)).toString("utf16le");
}
