// Random modules, run in Node and natively. A failure prints its seed: TRANSLATOR_SEED=n repeats it, TRANSLATOR_ROUNDS
// asks for more of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import binaryen from "binaryen";
import { SeededRandom } from "../../../simulator/entropy.ts";
import { type Call, type Module, runInNode, runNative } from "./native.ts";

type Type = "i32" | "i64";
type Ref = number;

const interesting = [
  0, 1, 2, 5, 7, 8, 31, 32, 63, 64, 100, 255, 256, 4095, 65535, 65536, 0x7fffffff, -1, -2, -128, -0x80000000,
];
const binaries = [
  "add",
  "sub",
  "mul",
  "and",
  "or",
  "xor",
  "shl",
  "shr_s",
  "shr_u",
  "rotl",
  "rotr",
  "div_s",
  "div_u",
  "rem_s",
  "rem_u",
] as const;
const comparisons = ["eq", "ne", "lt_s", "lt_u", "le_s", "le_u", "gt_s", "gt_u", "ge_s", "ge_u"] as const;
const unaries = ["clz", "ctz", "popcnt"] as const;

/** Builds functions of random expressions; every loop is bounded by a counter, so that each call ends. */
class Generator {
  readonly module = new binaryen.Module();
  readonly names: { name: string; result: Type }[] = [];
  readonly #random: SeededRandom;
  #locals: Type[] = [];
  /** Labels in reach, with the type of value a branch to them carries. */
  #labels: { name: string; carries: Type | null }[] = [];
  #count = 0;
  #counter = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.module.setFeatures(binaryen.Features.All);
    this.module.setMemory(1, 1, null, []);
    this.module.addGlobal("small", binaryen.i32, true, this.module.i32.const(3));
    this.module.addGlobal("wide", binaryen.i64, true, this.module.i64.const(5n));
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#random.below(list.length)] as T;
  }

  #type(): Type {
    return this.#pick(["i32", "i32", "i64"] as const);
  }

  addFunction(): void {
    const parameters = [this.#type(), this.#type(), this.#type()];
    this.#locals = [...parameters, "i32", "i64", "i32", "i64"];
    this.#counter = this.#locals.length;
    this.#labels = [];
    const result = this.#type();
    const code = (type: Type) => (type === "i32" ? binaryen.i32 : binaryen.i64);
    const body = this.module.block(null, [...this.#statements(5), this.#digest(result)], code(result));
    const name = `f${this.names.length}`;
    const declared = [...this.#locals.slice(3), "i32" as const].map(code);
    this.module.addFunction(name, binaryen.createType(parameters.map(code)), code(result), declared, body);
    this.module.addFunctionExport(name, name);
    this.names.push({ name, result });
    Generator.signatures.set(name, parameters);
  }

  /** An expression mixed with every local and some of memory, so that no lost assignment goes unseen. */
  #digest(type: Type): Ref {
    const { i32, i64, local } = this.module;
    let sum = type === "i64" ? this.#expression("i64", 5) : i64.extend_u(this.#expression("i32", 5));
    const mix = (value: Ref) => {
      sum = i64.add(i64.mul(sum, i64.const(1099511628211n)), value);
    };
    for (const [index, entry] of this.#locals.entries()) {
      mix(entry === "i64" ? local.get(index, binaryen.i64) : i64.extend_u(local.get(index, binaryen.i32)));
    }
    for (const offset of [0, 4, 64, 100, 1000, 0x7ffc]) mix(i64.load(offset, 1, i32.const(0)));
    return type === "i64" ? sum : i32.wrap(sum);
  }

  static readonly signatures = new Map<string, readonly Type[]>();

  #statements(depth: number): Ref[] {
    return Array.from({ length: 1 + this.#random.below(4) }, () => this.#statement(depth));
  }

  #local(type: Type): number {
    const indexes = this.#locals.flatMap((entry, index) => (entry === type ? [index] : []));
    return this.#pick(indexes);
  }

  #address(depth: number): Ref {
    // Always inside the page: gcc drops a load that nobody uses, and with it the trap it would have been.
    return this.module.i32.and(this.#expression("i32", depth - 1), this.module.i32.const(0x7fff));
  }

  #statement(depth: number): Ref {
    const m = this.module;
    const type = this.#type();
    const ops = m[type];
    switch (depth <= 0 ? this.#random.below(3) : this.#random.below(11)) {
      case 0:
        return m.local.set(this.#local(type), this.#expression(type, depth - 1));
      case 1:
        return m.global.set(type === "i32" ? "small" : "wide", this.#expression(type, depth - 1));
      case 2:
        return ops.store(this.#pick([0, 4, 100]), 1, this.#address(depth), this.#expression(type, depth - 1));
      case 3:
        return ops.store8(0, 1, this.#address(depth), this.#expression(type, depth - 1));
      case 4:
        return m.if(this.#expression("i32", depth - 1), m.block(null, this.#statements(depth - 2)));
      case 5:
        return m.if(
          this.#expression("i32", depth - 1),
          m.block(null, this.#statements(depth - 2)),
          m.block(null, this.#statements(depth - 2)),
        );
      case 6:
        return this.#loop(depth);
      case 7: {
        const name = this.#enter(null);
        return this.#leave(m.block(name, this.#statements(depth - 1)));
      }
      case 8: {
        const label = this.#pick([...this.#labels.filter((entry) => entry.carries === null), null]);
        if (label === null) return m.drop(this.#expression(type, depth - 1));
        return m.br(label.name, this.#expression("i32", depth - 1));
      }
      case 9:
        return this.#switch(depth);
      default:
        if (this.#random.below(3) > 0)
          return m.memory.fill(
            this.#address(depth),
            m.i32.const(this.#random.below(300)),
            m.i32.const(this.#random.below(64)),
          );
        return m.memory.copy(this.#address(depth), this.#address(depth), m.i32.const(this.#random.below(64)));
    }
  }

  #enter(carries: Type | null): string {
    const name = `label${this.#count++}`;
    this.#labels.push({ name, carries });
    return name;
  }

  #leave(ref: Ref): Ref {
    this.#labels.pop();
    return ref;
  }

  #loop(depth: number): Ref {
    const m = this.module;
    const name = `loop${this.#count++}`;
    const counter = this.#counter;
    const body = this.#statements(depth - 2);
    const bump = m.local.set(counter, m.i32.add(m.local.get(counter, binaryen.i32), m.i32.const(1)));
    const again = m.i32.lt_u(m.local.get(counter, binaryen.i32), m.i32.const(12));
    return m.loop(name, m.block(null, [bump, ...body, m.br(name, m.i32.and(again, this.#expression("i32", 1)))]));
  }

  #switch(depth: number): Ref {
    const m = this.module;
    const outer = this.#enter(null);
    const inner = this.#enter(null);
    const jump = m.switch([inner, outer, inner, outer], this.#pick([inner, outer]), this.#expression("i32", depth - 1));
    const first = this.#leave(m.block(inner, [...this.#statements(depth - 2), jump]));
    return this.#leave(m.block(outer, [first, ...this.#statements(depth - 2)]));
  }

  #constant(type: Type): Ref {
    const value = this.#random.below(3) === 0 ? this.#random.below(0x7fffffff) : this.#pick(interesting);
    if (type === "i32") return this.module.i32.const(value);
    return this.module.i64.const(
      this.#random.below(2) === 0 ? BigInt(value) : BigInt.asIntN(64, this.#random.next64()),
    );
  }

  #expression(type: Type, depth: number): Ref {
    const m = this.module;
    const ops = m[type];
    const self = () => this.#expression(type, depth - 1);
    if (depth <= 0) {
      return this.#random.below(3) === 0
        ? this.#constant(type)
        : m.local.get(this.#local(type), type === "i32" ? binaryen.i32 : binaryen.i64);
    }
    switch (this.#random.below(20)) {
      case 0:
        return this.#constant(type);
      case 1:
      case 2:
      case 3:
      case 4:
      case 5: {
        const name = this.#pick(binaries);
        // Division by zero ends the call: rarely.
        const divides = name.startsWith("div") || name.startsWith("rem");
        const odd = type === "i32" ? () => m.i32.or(self(), m.i32.const(1)) : () => m.i64.or(self(), m.i64.const(1n));
        return ops[name](self(), divides && this.#random.below(8) > 0 ? odd() : self());
      }
      case 6:
        return ops[this.#pick(unaries)](self());
      case 7:
      case 8: {
        const other = this.#type();
        if (type === "i64") return m.i64.extend_u(this.#expression("i32", depth - 1));
        const compared = m[other][this.#pick(comparisons)];
        return compared(this.#expression(other, depth - 1), this.#expression(other, depth - 1));
      }
      case 9:
        return type === "i32"
          ? m.i32.wrap(this.#expression("i64", depth - 1))
          : m.i64.extend_s(this.#expression("i32", depth - 1));
      case 10:
        return type === "i64" || this.#random.below(2) === 0
          ? ops.extend8_s(self())
          : m.i64.eqz(this.#expression("i64", depth - 1));
      case 11:
        return m.local.tee(this.#local(type), self(), type === "i32" ? binaryen.i32 : binaryen.i64);
      case 12:
        return type === "i32" ? m.global.get("small", binaryen.i32) : m.global.get("wide", binaryen.i64);
      case 13:
        return ops.load(this.#pick([0, 8, 1000]), 1, this.#address(depth));
      case 14: {
        const narrow = this.#pick(["load8_s", "load8_u", "load16_s", "load16_u"] as const);
        return ops[narrow](this.#pick([0, 1]), 1, this.#address(depth));
      }
      case 15:
        return m.select(this.#expression("i32", depth - 1), self(), self());
      case 16:
        return m.if(this.#expression("i32", depth - 1), self(), self());
      case 17: {
        const name = this.#enter(type);
        const early = m.drop(m.br(name, this.#expression("i32", depth - 1), self()));
        return this.#leave(
          m.block(name, [...this.#statements(depth - 2), early, self()], type === "i32" ? binaryen.i32 : binaryen.i64),
        );
      }
      case 18:
        return m.block(null, [...this.#statements(depth - 2), self()], type === "i32" ? binaryen.i32 : binaryen.i64);
      default: {
        const callees = this.names.slice(-3).filter((entry) => entry.result === type);
        const callee = callees.length > 0 ? this.#pick(callees) : null;
        if (callee === null) return self();
        const values = (Generator.signatures.get(callee.name) ?? []).map((entry) => this.#expression(entry, depth - 2));
        return m.call(callee.name, values, type === "i32" ? binaryen.i32 : binaryen.i64);
      }
    }
  }
}

export function randomModule(seed: number, functions: number): Module {
  const generator = new Generator(seed);
  for (let index = 0; index < functions; index++) generator.addFunction();
  if (!generator.module.validate()) throw new Error(`the generator made an invalid module (seed ${seed})`);
  const wasm = generator.module.emitBinary();
  generator.module.dispose();
  return { wasm, sourceMap: JSON.stringify({ version: 3, sources: [], names: [], mappings: "" }) };
}

const firstSeed = Number(process.env.TRANSLATOR_SEED ?? 1);
const rounds = Number(process.env.TRANSLATOR_ROUNDS ?? 3);
const functions = 24;

for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
  test(`random functions compute the same natively as in Node (seed ${seed})`, () => {
    const module = randomModule(seed, functions);
    const random = new SeededRandom(seed + 1000);
    const calls: Call[] = [];
    for (let index = 0; index < functions; index++) {
      const types = Generator.signatures.get(`f${index}`) ?? [];
      for (let repeat = 0; repeat < 12; repeat++) {
        const value = () =>
          random.below(2) === 0
            ? (interesting[random.below(interesting.length)] ?? 0)
            : Number(BigInt.asIntN(32, random.next64()));
        calls.push([`f${index}`, ...types.map((type) => (type === "i32" ? value() : BigInt(value()) * 0x10001n))]);
      }
    }
    const expected = runInNode(module, calls, true);
    for (const level of ["-O2", "-O0"]) {
      const actual = runNative(module, calls, level, true);
      for (const [index, call] of calls.entries()) {
        assert.equal(actual[index], expected[index], `seed ${seed}, gcc ${level}, ${call.join(" ")}: native, Node`);
      }
    }
    assert.ok(new Set(expected).size > functions, "the functions compute something");
  });
}
