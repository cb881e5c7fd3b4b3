// Loads and stores of linear memory as C, and the functions that are nothing else: accessors.

import { numericArity } from "./operators.ts";
import { Binding, combine, operand, type Value } from "./value.ts";
import type { Operator, ValueType, WasmFunction } from "./wasm-module.ts";

const loads = new Map<string, [type: ValueType, memory: string, cast: string]>([
  ["i32.load", ["i32", "u32", ""]],
  ["i64.load", ["i64", "u64", ""]],
  ["f32.load", ["f32", "f32", ""]],
  ["f64.load", ["f64", "f64", ""]],
  ["i32.load8_s", ["i32", "u8", "(uint32_t)(int8_t)"]],
  ["i32.load8_u", ["i32", "u8", "(uint32_t)"]],
  ["i32.load16_s", ["i32", "u16", "(uint32_t)(int16_t)"]],
  ["i32.load16_u", ["i32", "u16", "(uint32_t)"]],
  ["i64.load8_s", ["i64", "u8", "(uint64_t)(int8_t)"]],
  ["i64.load8_u", ["i64", "u8", "(uint64_t)"]],
  ["i64.load16_s", ["i64", "u16", "(uint64_t)(int16_t)"]],
  ["i64.load16_u", ["i64", "u16", "(uint64_t)"]],
  ["i64.load32_s", ["i64", "u32", "(uint64_t)(int32_t)"]],
  ["i64.load32_u", ["i64", "u32", "(uint64_t)"]],
]);
const stores = new Map<string, [memory: string, cast: string]>([
  ["i32.store", ["u32", ""]],
  ["i64.store", ["u64", ""]],
  ["f32.store", ["f32", ""]],
  ["f64.store", ["f64", ""]],
  ["i32.store8", ["u8", "(uint8_t)"]],
  ["i32.store16", ["u16", "(uint16_t)"]],
  ["i64.store8", ["u8", "(uint8_t)"]],
  ["i64.store16", ["u16", "(uint16_t)"]],
  ["i64.store32", ["u32", "(uint32_t)"]],
]);

export const isLoad = (name: string): boolean => loads.has(name);
export const isStore = (name: string): boolean => stores.has(name);

/** What a load leaves on the stack. */
export function load({ name, index }: Operator, address: Value): Value {
  const [type, memory, cast] = loads.get(name) ?? ["i32", "u32", ""];
  const binding = cast === "" ? Binding.ATOM : Binding.UNARY;
  return combine(type, `${cast}${linear(memory, address, index)}`, [address], {
    binding,
    readsState: true,
    mayTrap: true,
  });
}

/** A store, without `;`. */
export function store({ name, index }: Operator, address: Value, value: Value): string {
  const [memory, cast] = stores.get(name) ?? ["u32", ""];
  return `${linear(memory, address, index)} = ${cast === "" ? value.text : `${cast}${operand(value)}`}`;
}

/**
 * An access to linear memory. `pointer - 8` becomes part of the displacement: where it would wrap around, the address
 * lies just below linear memory instead of just below 4 GiB, and neither is mapped.
 */
function linear(memory: string, address: Value, offset: number): string {
  const { before } = address;
  if (before === null || offset >= before.bytes) return `LINEAR(${memory}, ${address.text}, ${offset})`;
  return `LINEAR(${memory}, ${before.text}, ${offset - before.bytes})`;
}

/** Whether a body can be written out at its calls: parameters in order, each used once, nothing but one load or store. */
export function trivialBody(fn: WasmFunction): readonly Operator[] | null {
  const body = fn.body.filter((operator) => operator.name !== "end" && operator.name !== "return");
  if (body.length === 0 || body.length > 8 || fn.locals.length !== fn.signature.parameters.length) return null;
  let parameter = 0;
  for (const [position, operator] of body.entries()) {
    if (operator.name === "local.get") {
      if (operator.index !== parameter) return null;
      parameter += 1;
    } else if (isStore(operator.name)) {
      if (position !== body.length - 1 || fn.signature.result !== null) return null;
    } else if (!isLoad(operator.name) && !operator.name.endsWith(".const") && numericArity(operator.name) === 0) {
      return null;
    }
  }
  const hasEffect = isStore(body.at(-1)?.name ?? "") || fn.signature.result !== null;
  return parameter === fn.signature.parameters.length && hasEffect ? body : null;
}
