// An expression on the wasm stack, as C text that has not been placed yet, with what may not happen before it is.

import type { ValueType } from "./wasm-module.ts";

/** How tightly the text binds: a binary operand needs at least UNARY. */
export const Binding = { CONDITIONAL: 0, BINARY: 1, UNARY: 2, ATOM: 3 } as const;

export interface Value {
  readonly type: ValueType;
  readonly text: string;
  readonly binding: number;
  /** C variables it reads: an assignment to one of them must come after. */
  readonly variables: ReadonlySet<string>;
  /** It reads memory or globals: stores and calls must come after. */
  readonly readsState: boolean;
  /** It may trap, so it must not be skipped. */
  readonly mayTrap: boolean;
  /** It is a call: nothing that reads or writes state may move across. */
  readonly isImpure: boolean;
  /** For a comparison: the text without the conversion to uint32_t, fit for `if`, and that of its opposite. */
  readonly condition: string | null;
  readonly inverse: string | null;
  /** For a constant: its value, unsigned. */
  readonly constant: number | bigint | null;
  /** A constant or a temporary: it is the same whenever it is read. */
  readonly isSettled: boolean;
  /** For a difference `text - bytes` of 32 bits: a header stands before the object it describes. */
  readonly before: { readonly text: string; readonly bytes: number } | null;
  /** For a variable of a signed C type: its text without the conversion to unsigned. */
  readonly signed: string | null;
}

const none: ReadonlySet<string> = new Set();

export function constantValue(type: ValueType, constant: number | bigint): Value {
  return {
    type,
    text: constantText(type, constant),
    binding: Binding.ATOM,
    variables: none,
    readsState: false,
    mayTrap: false,
    isImpure: false,
    condition: null,
    inverse: null,
    constant,
    isSettled: true,
    before: null,
    signed: null,
  };
}

function constantText(type: ValueType, constant: number | bigint): string {
  if (type === "i32" || type === "i64") {
    const bits = BigInt(constant);
    const digits = bits > 4096n ? `0x${bits.toString(16)}` : bits.toString();
    return type === "i32" ? `${digits}u` : `${digits}ul`;
  }
  const value = Number(constant);
  const suffix = type === "f32" ? "f" : "";
  if (Number.isNaN(value)) return `__builtin_nan${suffix}("")`;
  if (!Number.isFinite(value)) return value < 0 ? `(-__builtin_inf${suffix}())` : `__builtin_inf${suffix}()`;
  const text = Object.is(value, -0) ? "-0" : String(value);
  return `(${/[.e]/.test(text) ? text : `${text}.0`}${suffix})`;
}

/** A variable; one of a signed C type is converted where it is read, for wasm's numbers have no sign. */
export function variableValue(type: ValueType, name: string, isSigned = false): Value {
  return {
    type,
    text: isSigned ? `(uint${type.slice(1)}_t)${name}` : name,
    binding: isSigned ? Binding.UNARY : Binding.ATOM,
    variables: new Set([name]),
    readsState: false,
    mayTrap: false,
    isImpure: false,
    condition: null,
    inverse: null,
    constant: null,
    isSettled: false,
    before: null,
    signed: isSigned ? name : null,
  };
}

/** A temporary: nothing assigns it while it waits on the stack. */
export function temporaryValue(type: ValueType, name: string): Value {
  return { ...variableValue(type, name), variables: none, isSettled: true };
}

/** What an expression adds to its operands' effects. */
export interface Shape {
  readonly binding: number;
  readonly readsState?: boolean;
  readonly mayTrap?: boolean;
  readonly isImpure?: boolean;
  readonly condition?: string;
  readonly inverse?: string;
}

/** An expression over `operands`. */
export function combine(type: ValueType, text: string, operands: readonly Value[], shape: Shape): Value {
  let variables = none;
  for (const operand of operands) {
    if (operand.variables.size === 0) continue;
    variables = variables.size === 0 ? operand.variables : new Set([...variables, ...operand.variables]);
  }
  return {
    type,
    text,
    binding: shape.binding,
    variables,
    readsState: (shape.readsState ?? false) || operands.some((operand) => operand.readsState),
    mayTrap: (shape.mayTrap ?? false) || operands.some((operand) => operand.mayTrap),
    isImpure: (shape.isImpure ?? false) || operands.some((operand) => operand.isImpure),
    condition: shape.condition ?? null,
    inverse: shape.inverse ?? null,
    constant: null,
    isSettled: false,
    before: null,
    signed: null,
  };
}

/** The text as an operand of something that binds as tightly as `binding`. */
export function operand(value: Value, binding: number = Binding.UNARY): string {
  return value.binding >= binding ? value.text : `(${value.text})`;
}

/** The text as a truth value. */
export function condition(value: Value): string {
  return value.condition ?? value.text;
}
