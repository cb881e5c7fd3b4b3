// The numeric instructions as C. Exact: where C would leave something undefined (a shift count, INT_MIN / -1), the
// text masks it or calls a helper of prelude.h, which traps as wasm does.

import { Binding, combine, constantValue, operand, type Value } from "./value.ts";
import type { ValueType } from "./wasm-module.ts";

const unsignedType = { i32: "uint32_t", i64: "uint64_t", f32: "float", f64: "double" } as const;
const signedType = { i32: "int32_t", i64: "int64_t", f32: "float", f64: "double" } as const;

export const cType = (type: ValueType): string => unsignedType[type];
export const isSignedType = (cName: string): boolean => cName === "int32_t" || cName === "int64_t";
/** Whether C knows the type without a typedef. */
export const isPlainType = (cName: string): boolean => /^(u?int\d+_t|float|double)$/.test(cName);

const arithmetic = new Map([
  ["add", "+"],
  ["sub", "-"],
  ["mul", "*"],
  ["and", "&"],
  ["or", "|"],
  ["xor", "^"],
]);
const comparisons = new Map([
  ["eq", "=="],
  ["ne", "!="],
  ["lt", "<"],
  ["gt", ">"],
  ["le", "<="],
  ["ge", ">="],
]);
const opposites = new Map([
  ["==", "!="],
  ["!=", "=="],
  ["<", ">="],
  [">", "<="],
  ["<=", ">"],
  [">=", "<"],
]);
const shifts = new Set(["shl", "shr_s", "shr_u"]);
const helperBinaries = new Set(["rotl", "rotr", "div_s", "div_u", "rem_s", "rem_u", "min", "max", "copysign"]);
const helperUnaries = new Set(["clz", "ctz", "popcnt", "abs", "ceil", "floor", "trunc", "nearest", "sqrt"]);
const trapping = new Set(["div_s", "div_u", "rem_s", "rem_u"]);

/** How many operands a numeric instruction takes; 0 for an instruction that is not numeric. */
export function numericArity(name: string): 0 | 1 | 2 {
  const [type, operation] = split(name);
  if (type === null) return 0;
  const stem = operation.replace(/_[su]$/, "");
  if (arithmetic.has(operation) || shifts.has(operation) || helperBinaries.has(operation)) return 2;
  if (operation === "div" || comparisons.has(stem)) return 2;
  if (operation === "eqz" || operation === "neg" || helperUnaries.has(operation)) return 1;
  return /^(extend|wrap|trunc|convert|demote|promote|reinterpret)/.test(operation) ? 1 : 0;
}

function split(name: string): [ValueType | null, string] {
  const match = /^(i32|i64|f32|f64)\.(.+)$/.exec(name);
  return match ? [match[1] as ValueType, match[2] ?? ""] : [null, ""];
}

export const isFloatOperator = (name: string): boolean => /f32|f64/.test(name);

export function unary(name: string, value: Value): Value {
  const [type, operation] = split(name);
  if (type === null) throw new Error(name);
  const cast = (text: string) => combine(type, text, [value], { binding: Binding.UNARY });
  if (operation === "eqz") return not(value);
  switch (name) {
    case "i32.wrap_i64":
      if (value.constant !== null) return constantValue("i32", Number(BigInt(value.constant) & 0xffffffffn));
      return cast(`(uint32_t)${operand(value)}`);
    case "i64.extend_i32_u":
      if (value.constant !== null) return constantValue("i64", BigInt(value.constant));
      return cast(`(uint64_t)${operand(value)}`);
    case "i64.extend_i32_s":
      if (value.constant !== null)
        return constantValue("i64", BigInt.asUintN(64, BigInt.asIntN(32, BigInt(value.constant))));
      return cast(`(uint64_t)(int64_t)(int32_t)${operand(value)}`);
    case "i32.extend8_s":
      return cast(`(uint32_t)(int8_t)${operand(value)}`);
    case "i32.extend16_s":
      return cast(`(uint32_t)(int16_t)${operand(value)}`);
    case "i64.extend8_s":
      return cast(`(uint64_t)(int8_t)${operand(value)}`);
    case "i64.extend16_s":
      return cast(`(uint64_t)(int16_t)${operand(value)}`);
    case "i64.extend32_s":
      return cast(`(uint64_t)(int32_t)${operand(value)}`);
    case "f32.neg":
    case "f64.neg":
      return cast(`-${operand(value)}`);
    case "f32.demote_f64":
      return cast(`(float)${operand(value)}`);
    case "f64.promote_f32":
      return cast(`(double)${operand(value)}`);
    default:
  }
  const convert = /^convert_(i32|i64)_([su])$/.exec(operation);
  if (convert) {
    const from = (convert[2] === "s" ? signedType : unsignedType)[convert[1] as ValueType];
    return cast(`(${cType(type)})(${from})${operand(value)}`);
  }
  const mayTrap = /^trunc_f/.test(operation);
  return combine(type, `${type}_${operation}(${value.text})`, [value], { binding: Binding.ATOM, mayTrap });
}

/** A truth value with its opposite: what a comparison leaves. */
function truthValue(text: string, opposite: string, operands: readonly Value[]): Value {
  const shape = { binding: Binding.UNARY, condition: text, inverse: opposite };
  return combine("i32", `(uint32_t)(${text})`, operands, shape);
}

/** `eqz`. */
export function not(value: Value): Value {
  if (value.condition === null) {
    if (value.constant !== null) return constantValue("i32", BigInt(value.constant) === 0n ? 1 : 0);
    return truthValue(`${operand(value)} == 0`, `${operand(value)} != 0`, [value]);
  }
  return truthValue(value.inverse ?? `!(${value.condition})`, value.condition, [value]);
}

export function binary(name: string, left: Value, right: Value): Value {
  const [type, operation] = split(name);
  if (type === null) throw new Error(name);
  const both = [left, right];
  const infix = (text: string) => combine(type, text, both, { binding: Binding.BINARY });

  const sign = arithmetic.get(operation);
  if (sign !== undefined) {
    const folded = type === "i32" || type === "i64" ? foldArithmetic(type, sign, left, right) : null;
    const value = folded ?? infix(`${operand(left)} ${sign} ${operand(right)}`);
    return type === "i32" ? { ...value, before: differenceOf(sign, left, right) } : value;
  }
  if (operation === "div") return infix(`${operand(left)} / ${operand(right)}`);

  if (shifts.has(operation)) {
    const mask = type === "i32" ? 31 : 63;
    const count =
      right.constant === null ? `(${operand(right)} & ${mask})` : String(Number(BigInt(right.constant) & BigInt(mask)));
    if (count === "0") return left;
    if (operation === "shl") return infix(`${operand(left)} << ${count}`);
    if (operation === "shr_u") return infix(`${operand(left)} >> ${count}`);
    const text = `(${cType(type)})((${signedType[type]})${operand(left)} >> ${count})`;
    return combine(type, text, both, { binding: Binding.UNARY });
  }

  const compare = /^(eq|ne|lt|gt|le|ge)(?:_([su]))?$/.exec(operation);
  if (compare) {
    const symbol = comparisons.get(compare[1] ?? "") ?? "";
    const side = (value: Value) => (compare[2] === "s" ? asSigned(type, value) : operand(value));
    const text = `${side(left)} ${symbol} ${side(right)}`;
    const opposite =
      type === "i32" || type === "i64" ? `${side(left)} ${opposites.get(symbol)} ${side(right)}` : `!(${text})`;
    return truthValue(text, opposite, both);
  }

  if (helperBinaries.has(operation)) {
    const divisor = right.constant === null ? 0n : BigInt(right.constant);
    const isMinusOne = divisor === (type === "i32" ? 0xffffffffn : 0xffffffffffffffffn);
    if (trapping.has(operation) && divisor !== 0n && !isMinusOne) {
      const symbol = operation.startsWith("div") ? "/" : "%";
      if (operation.endsWith("_u")) return infix(`${operand(left)} ${symbol} ${operand(right)}`);
      const text = `(${cType(type)})(${asSigned(type, left)} ${symbol} ${asSigned(type, right)})`;
      return combine(type, text, both, { binding: Binding.UNARY });
    }
    const text = `${type}_${operation}(${left.text}, ${right.text})`;
    return combine(type, text, both, { binding: Binding.ATOM, mayTrap: trapping.has(operation) });
  }
  throw new Error(`wasm: ${name} is not supported`);
}

/** asc writes `pointer + 0`, `x + -1`; keep the C as plain as the TypeScript. */
function foldArithmetic(type: "i32" | "i64", sign: string, left: Value, right: Value): Value | null {
  if (right.constant === null) return null;
  const bits = type === "i32" ? 32 : 64;
  const number = BigInt(right.constant);
  if (left.constant !== null) {
    const a = BigInt(left.constant);
    const results = new Map([
      ["+", a + number],
      ["-", a - number],
      ["*", a * number],
      ["&", a & number],
      ["|", a | number],
      ["^", a ^ number],
    ]);
    const folded = BigInt.asUintN(bits, results.get(sign) ?? 0n);
    return constantValue(type, type === "i32" ? Number(folded) : folded);
  }
  if (number === 0n && "+-|^".includes(sign)) return left;
  if (sign === "+" && BigInt.asIntN(bits, number) < 0n && BigInt.asIntN(bits, number) > -4096n) {
    const text = `${operand(left)} - ${constantValue(type, -BigInt.asIntN(bits, number)).text}`;
    return combine(type, text, [left, right], { binding: Binding.BINARY });
  }
  return null;
}

/** `left - bytes`, written as a sum or a difference. */
function differenceOf(sign: string, left: Value, right: Value): Value["before"] {
  if (right.constant === null || left.constant !== null || (sign !== "+" && sign !== "-")) return null;
  const bytes = BigInt.asIntN(32, sign === "-" ? BigInt(right.constant) : -BigInt(right.constant));
  return bytes > 0n && bytes < 4096n ? { text: left.text, bytes: Number(bytes) } : null;
}

function asSigned(type: ValueType, value: Value): string {
  if (value.constant !== null && (type === "i32" || type === "i64")) {
    const bits = type === "i32" ? 32 : 64;
    const signed = BigInt.asIntN(bits, BigInt(value.constant));
    const lowest = -(1n << BigInt(bits - 1));
    if (signed === lowest) return `(${signed + 1n}${type === "i64" ? "l" : ""} - 1)`;
    return `${signed}${type === "i64" ? "l" : ""}`;
  }
  return value.signed ?? `(${signedType[type]})${operand(value)}`;
}

/** `test ? whenTrue : whenFalse`, as `&&` and `||` where the arms are truth values. */
export function conditional(test: Value, whenTrue: Value, whenFalse: Value): Value {
  if (test.constant !== null) return BigInt(test.constant) !== 0n ? whenTrue : whenFalse;
  const test1 = test.condition === null ? operand(test) : `(${test.condition})`;
  const { type } = whenTrue;
  const text = `${test1} ? ${operand(whenTrue)} : ${operand(whenFalse)}`;
  const isTruth = (value: Value) => value.condition !== null || value.constant === 0 || value.constant === 1;
  const both = [test, whenTrue, whenFalse];
  if (type !== "i32" || !isTruth(whenTrue) || !isTruth(whenFalse)) {
    return combine(type, text, both, { binding: Binding.CONDITIONAL });
  }
  const asTruth = (value: Value) =>
    value.condition === null ? (value.constant === 1 ? "1" : "0") : `(${value.condition})`;
  let truth = `${test1} ? ${asTruth(whenTrue)} : ${asTruth(whenFalse)}`;
  if (whenFalse.constant === 0) truth = `${test1} && ${asTruth(whenTrue)}`;
  else if (whenTrue.constant === 1) truth = `${test1} || ${asTruth(whenFalse)}`;
  return combine("i32", `(uint32_t)(${truth})`, both, { binding: Binding.UNARY, condition: truth });
}
