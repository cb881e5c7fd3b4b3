// One wasm function as C statements.
//
// wasm is a stack machine; the stack holds expressions (value.ts) that are written where they are used, so that C
// reads like the TypeScript did. An expression is put into a temporary only when something that it must come before
// is written first: an assignment to a variable it reads, a store or call when it reads memory, another call.

import { isLoad, isStore, load, store } from "./memory-access.ts";
import { Names } from "./names.ts";
import {
  binary,
  conditional,
  cType,
  isFloatOperator,
  isPlainType,
  isSignedType,
  numericArity,
  unary,
} from "./operators.ts";
import type { Location, SourceMap } from "./source-map.ts";
import type { Statement } from "./statement.ts";
import {
  Binding,
  combine,
  condition,
  constantValue,
  operand,
  type Value,
  temporaryValue,
  variableValue,
} from "./value.ts";
import { ValueStack } from "./value-stack.ts";
import {
  at,
  type Operator,
  type Signature,
  type ValueType,
  type WasmFunction,
  type WasmGlobal,
} from "./wasm-module.ts";

/** What a function may call. */
export interface Callee {
  readonly cName: string;
  readonly signature: Signature;
  /** A body so small that it is written out at the call: an accessor. */
  readonly trivial: readonly Operator[] | null;
}

/** The module as one function's translation sees it. */
export interface ModuleContext {
  callee(index: number): Callee;
  global(index: number): WasmGlobal;
  globalName(index: number): string;
  signature(index: number): Signature;
  /** The type id that a table element must have to be called with this signature. */
  typeId(signature: Signature): number;
  readonly tableCapacity: number;
  readonly initialPages: number;
  readonly sourceMap: SourceMap;
  readonly allowFloats: boolean;
  /** A global's C type. */
  globalType(index: number): string;
  /** The C type that a debugger shows a local with; null for wasm's own. */
  debugType(fn: WasmFunction, local: number): string | null;
}

export interface TranslatedFunction {
  /** `uint32_t sched_pick(uint32_t queue)`, without `;`. */
  readonly prototype: string;
  readonly declarations: readonly string[];
  readonly statements: readonly Statement[];
  /** Where the function starts in TypeScript. */
  readonly location: Location | null;
  /** Where it ends. */
  readonly endLocation: Location | null;
  readonly calls: ReadonlySet<number>;
  readonly globals: ReadonlySet<number>;
  readonly usesTable: boolean;
  /** Types beside stdint's that the text uses. */
  readonly types: ReadonlySet<string>;
}

/** The source cannot be translated for this target; the message says where. */
export class TranslationError extends Error {
  override readonly name = "TranslationError";
}

interface Frame {
  readonly kind: "function" | "block" | "loop" | "if" | "else";
  /** Stack height at entry. */
  readonly height: number;
  readonly resultType: ValueType | null;
  /** The temporary that carries the result, once it is needed. */
  result: string | null;
  /** The C label, once somebody jumps to it. */
  label: string | null;
  /** How many jumps there are to it. */
  jumps: number;
  readonly statements: Statement[];
  readonly location: Location | null;
  /** For "if" and "else". */
  readonly condition: Value | null;
  /** For "else": the other arm, and what it left on the stack. */
  readonly whenTrue: readonly Statement[];
  readonly thenValue: Value | null;
  readonly isThenReachable: boolean;
}

export class FunctionTranslator {
  readonly #context: ModuleContext;
  readonly #fn: WasmFunction;
  readonly #names: Names;
  readonly #variables: string[] = [];
  /** Each variable's C type, and its value on the stack. */
  readonly #types: string[] = [];
  readonly #values: Value[] = [];
  readonly #declarations: string[] = [];
  readonly #calls = new Set<number>();
  readonly #globals = new Set<number>();
  readonly #stack: ValueStack;
  readonly #frames: Frame[] = [];
  #usesTable = false;
  #isReachable = true;
  /** Blocks opened inside unreachable code. */
  #skipped = 0;
  #location: Location | null = null;
  #first: Location | null = null;

  constructor(context: ModuleContext, fn: WasmFunction, moduleNames: Names) {
    this.#context = context;
    this.#fn = fn;
    const names = new Names(moduleNames);
    this.#names = names;
    this.#stack = new ValueStack({
      emit: (text) => this.#emit(text),
      uniqueName: (name) => names.unique(name),
      declare: (declaration) => this.#declarations.push(declaration),
    });
  }

  translate(cName: string): TranslatedFunction {
    const { signature, locals, localNames, body } = this.#fn;
    for (const [index, type] of locals.entries()) {
      const name = this.#names.unique((localNames.get(index) ?? `local_${index}`).replace(/\|\d+$/, ""));
      const cName = this.#context.debugType(this.#fn, index) ?? cType(type);
      this.#variables.push(name);
      this.#types.push(cName);
      this.#values.push(variableValue(type, name, isSignedType(cName)));
      if (index >= signature.parameters.length) this.#declarations.push(`${cName} ${name} = 0;`);
    }
    this.#open("function", signature.result, null);
    for (const operator of body) {
      const location = this.#context.sourceMap.at(operator.offset);
      if (location !== null) {
        this.#location = location;
        this.#first ??= location;
      }
      if (this.#isReachable) this.#operator(operator);
      else this.#skip(operator);
    }
    const parameters = signature.parameters.map(
      (_, index) => `${at(this.#types, index)} ${at(this.#variables, index)}`,
    );
    const result = signature.result === null ? "void" : cType(signature.result);
    return {
      prototype: `${result} ${cName}(${parameters.join(", ") || "void"})`,
      declarations: this.#declarations,
      statements: this.#finished,
      location: this.#first,
      endLocation: this.#location,
      calls: this.#calls,
      globals: this.#globals,
      usesTable: this.#usesTable,
      types: new Set(this.#types.filter((type) => !isPlainType(type))),
    };
  }

  #finished: readonly Statement[] = [];

  get #frame(): Frame {
    return at(this.#frames, this.#frames.length - 1);
  }

  #fail(what: string): never {
    const where = this.#location ? `${this.#location.file}:${this.#location.line}: ` : "";
    throw new TranslationError(`${where}${what} (in ${this.#fn.name})`);
  }

  #emit(text: string): void {
    this.#frame.statements.push({ kind: "simple", text, location: this.#location });
  }

  #push(value: Value): void {
    this.#stack.push(value);
  }

  #pop(): Value {
    const value = this.#stack.pop();
    if (!value || this.#stack.height < this.#frame.height) this.#fail("wasm: stack underflow");
    return value;
  }

  #assign(variable: string, value: Value): void {
    this.#stack.settleWhere(
      (other) => other.variables.has(variable) || other.isImpure || (value.isImpure && other.readsState),
    );
    if (value.text !== variable) this.#emit(`${variable} = ${value.text};`);
  }

  // ── Control ───────────────────────────────────────────────────────────────────────────────────────────────────

  #open(
    kind: Frame["kind"],
    resultType: ValueType | null,
    condition: Value | null,
    arm: Pick<Frame, "whenTrue" | "thenValue" | "isThenReachable" | "result" | "label" | "jumps"> | null = null,
  ): void {
    this.#frames.push({
      kind,
      height: this.#stack.height,
      resultType,
      result: arm?.result ?? null,
      label: arm?.label ?? null,
      jumps: arm?.jumps ?? 0,
      statements: [],
      location: this.#location,
      condition,
      whenTrue: arm?.whenTrue ?? [],
      thenValue: arm?.thenValue ?? null,
      isThenReachable: arm?.isThenReachable ?? false,
    });
  }

  #resultOf(frame: Frame): string {
    if (frame.resultType === null) this.#fail("wasm: a block without a result has one");
    frame.result ??= this.#stack.temporary(frame.resultType);
    return frame.result;
  }

  #target(depth: number): Frame {
    return at(this.#frames, this.#frames.length - 1 - depth);
  }

  /** The C that jumps to a frame's label: its end, or a loop's head. */
  #jump(depth: number): string {
    const target = this.#target(depth);
    if (target.kind === "function")
      return target.resultType === null ? "return;" : this.#fail("wasm: branch to function");
    if (target.kind === "loop") {
      const inner = this.#frames.slice(this.#frames.indexOf(target) + 1);
      if (!inner.some((frame) => frame.kind === "loop")) return "continue;";
    }
    target.label ??= this.#names.unique(target.kind === "loop" ? "next" : "done");
    target.jumps += 1;
    return `goto ${target.label};`;
  }

  /** Whether a jump to the frame's label carries a value. */
  #carries(target: Frame): boolean {
    return target.kind !== "loop" && target.resultType !== null;
  }

  /** A jump, with the value it carries. */
  #jumpWith(depth: number, value: Value | null): Statement[] {
    const target = this.#target(depth);
    const location = this.#location;
    if (value === null) return [{ kind: "simple", text: this.#jump(depth), location }];
    if (target.kind === "function") return [{ kind: "simple", text: `return ${value.text};`, location }];
    const statements: Statement[] = [];
    this.#setResult(target, value, statements);
    statements.push({ kind: "simple", text: this.#jump(depth), location });
    return statements;
  }

  #branch(depth: number): void {
    const value = this.#carries(this.#target(depth)) ? this.#pop() : null;
    this.#stack.settleWhere((other) => other.isImpure);
    this.#frame.statements.push(...this.#jumpWith(depth, value));
    this.#unreachable();
  }

  #branchIf(depth: number): void {
    let test = this.#pop();
    if (this.#carries(this.#target(depth))) {
      // The value that the branch carries is evaluated before the condition.
      this.#stack.push(test);
      this.#stack.beforeControl();
      test = this.#pop();
      const then = this.#jumpWith(depth, this.#stack.top());
      this.#if(test, then, [], this.#location);
    } else {
      this.#stack.beforeControl();
      this.#if(test, this.#jumpWith(depth, null), [], this.#location);
    }
  }

  #if(test: Value, then: readonly Statement[], otherwise: readonly Statement[], location: Location | null): void {
    const { statements } = this.#frame;
    if (then.length === 0 && otherwise.length > 0) {
      const opposite = test.inverse ?? `!${operand(test)}`;
      statements.push({ kind: "if", condition: opposite, whenTrue: otherwise, otherwise: [], location });
    } else {
      statements.push({ kind: "if", condition: condition(test), whenTrue: then, otherwise, location });
    }
  }

  #skip(operator: Operator): void {
    switch (operator.name) {
      case "block":
      case "loop":
      case "if":
        this.#skipped += 1;
        break;
      case "else":
        if (this.#skipped === 0) this.#else();
        break;
      case "end":
        if (this.#skipped === 0) this.#end();
        else this.#skipped -= 1;
        break;
      default:
    }
  }

  #unreachable(): void {
    this.#isReachable = false;
    this.#stack.truncate(this.#frame.height);
  }

  #else(): void {
    const frame = this.#frames.pop();
    if (frame?.kind !== "if") this.#fail("wasm: else without if");
    const isThenReachable = this.#isReachable;
    const thenValue = isThenReachable && frame.resultType !== null ? (this.#stack.pop() ?? null) : null;
    this.#stack.truncate(frame.height);
    this.#isReachable = true;
    const { result, label, jumps, statements } = frame;
    this.#open("else", frame.resultType, frame.condition, {
      whenTrue: statements,
      thenValue,
      isThenReachable,
      result,
      label,
      jumps,
    });
  }

  #end(): void {
    const frame = this.#frame;
    const falls = this.#isReachable;
    const value = falls && frame.resultType !== null ? this.#pop() : null;
    this.#stack.truncate(frame.height);
    this.#frames.pop();
    switch (frame.kind) {
      case "function":
        if (value !== null)
          frame.statements.push({ kind: "simple", text: `return ${value.text};`, location: this.#location });
        this.#finished = frame.statements;
        return;
      case "loop":
        this.#endLoop(frame, value, falls);
        return;
      case "block":
        this.#endBlock(frame, value);
        break;
      case "if":
      case "else":
        this.#endIf(frame, value, falls);
        return;
    }
    this.#isReachable = falls || frame.label !== null;
  }

  #endLoop(frame: Frame, value: Value | null, falls: boolean): void {
    if (value !== null) this.#setResult(frame, value, frame.statements);
    if (falls) frame.statements.push({ kind: "simple", text: "break;", location: null });
    const { statements, label, location } = frame;
    this.#frame.statements.push({ kind: "loop", body: statements, label, location });
    this.#isReachable = falls;
    if (value !== null) this.#pushResult(frame);
  }

  #endBlock(frame: Frame, value: Value | null): void {
    const outer = this.#frame.statements;
    const last = frame.statements.at(-1);
    let { jumps } = frame;
    if (last?.kind === "simple" && last.text === `goto ${frame.label};`) {
      // The end of the block is where it would go anyway.
      frame.statements.pop();
      jumps -= 1;
    }
    outer.push(...frame.statements);
    if (frame.label !== null && jumps === 0) {
      if (value !== null) this.#setResult(frame, value, outer);
      if (frame.resultType !== null) this.#pushResult(frame);
      return;
    }
    if (frame.label === null) {
      if (value !== null) this.#push(value);
      return;
    }
    if (value !== null) this.#setResult(frame, value, outer);
    outer.push({ kind: "label", name: frame.label });
    if (frame.resultType !== null) this.#pushResult(frame);
  }

  #endIf(frame: Frame, value: Value | null, falls: boolean): void {
    const isElse = frame.kind === "else";
    const isThenReachable = isElse ? frame.isThenReachable : falls;
    const isElseReachable = isElse ? falls : true;
    const then = [...(isElse ? frame.whenTrue : frame.statements)];
    const otherwise = isElse ? frame.statements : [];
    if (frame.condition === null) this.#fail("wasm: if without condition");
    const test = frame.condition;
    this.#isReachable = isThenReachable || isElseReachable || frame.label !== null;

    const { thenValue } = frame;
    const isPlain = then.length === 0 && otherwise.length === 0 && frame.label === null;
    if (isPlain && thenValue !== null && value !== null) {
      this.#push(conditional(test, thenValue, value));
      return;
    }
    if (thenValue !== null) this.#setResult(frame, thenValue, then);
    if (value !== null) this.#setResult(frame, value, otherwise);
    this.#if(test, then, otherwise, frame.location);
    if (frame.label !== null) this.#frame.statements.push({ kind: "label", name: frame.label });
    if (frame.resultType !== null && this.#isReachable) this.#pushResult(frame);
  }

  #setResult(frame: Frame, value: Value, statements: Statement[]): void {
    const result = this.#resultOf(frame);
    if (value.text !== result) {
      statements.push({ kind: "simple", text: `${result} = ${value.text};`, location: this.#location });
    }
  }

  #pushResult(frame: Frame): void {
    if (frame.resultType !== null) this.#push(temporaryValue(frame.resultType, this.#resultOf(frame)));
  }

  // ── Instructions ──────────────────────────────────────────────────────────────────────────────────────────────

  #operator(operator: Operator): void {
    const { name, index } = operator;
    if (!this.#context.allowFloats && isFloatOperator(name)) this.#fail("floating point has no place in the kernel");
    switch (name) {
      case "nop":
        return;
      case "unreachable":
        this.#stack.beforeStateChange();
        this.#emit("TRAP();");
        this.#unreachable();
        return;
      case "block":
      case "loop":
        this.#stack.beforeControl();
        this.#open(name, operator.blockResult, null);
        return;
      case "if": {
        const test = this.#pop();
        this.#stack.beforeControl();
        this.#open("if", operator.blockResult, test);
        return;
      }
      case "else":
        this.#else();
        return;
      case "end":
        this.#end();
        return;
      case "br":
        this.#branch(index);
        return;
      case "br_if":
        this.#branchIf(index);
        return;
      case "br_table":
        this.#branchTable(operator.targets);
        return;
      case "return": {
        const value = this.#fn.signature.result === null ? null : this.#pop();
        this.#stack.settleWhere((other) => other.isImpure);
        this.#emit(value === null ? "return;" : `return ${value.text};`);
        this.#unreachable();
        return;
      }
      case "call":
        this.#call(index);
        return;
      case "call_indirect":
        this.#callIndirect(this.#context.signature(index));
        return;
      case "drop": {
        const value = this.#pop();
        if (value.isImpure || value.mayTrap) {
          this.#stack.beforeStateChange();
          this.#emit(value.isImpure ? `${value.text};` : `(void)${operand(value)};`);
        }
        return;
      }
      case "select":
        this.#select();
        return;
      case "local.get":
        this.#push(at(this.#values, index));
        return;
      case "local.set":
        this.#assign(at(this.#variables, index), this.#pop());
        return;
      case "local.tee": {
        this.#assign(at(this.#variables, index), this.#pop());
        this.#push(at(this.#values, index));
        return;
      }
      case "global.get":
        this.#globalGet(index);
        return;
      case "global.set": {
        const value = this.#pop();
        this.#globals.add(index);
        this.#stack.beforeStateChange();
        this.#emit(`${this.#context.globalName(index)} = ${value.text};`);
        return;
      }
      case "memory.size":
        this.#push(
          combine("i32", `linear_size(${this.#context.initialPages}u)`, [], {
            binding: Binding.ATOM,
            readsState: true,
          }),
        );
        return;
      case "memory.grow":
        this.#push(combine("i32", `linear_grow(${this.#pop().text})`, [], { binding: Binding.ATOM, isImpure: true }));
        return;
      case "memory.copy":
      case "memory.fill": {
        const values = this.#stack.popMany(3);
        this.#stack.beforeStateChange();
        this.#emit(`linear_${name.slice("memory.".length)}(${values.map((value) => value.text).join(", ")});`);
        return;
      }
      case "i32.const":
      case "i64.const":
      case "f32.const":
      case "f64.const":
        this.#push(constantValue(name.slice(0, 3) as ValueType, operator.literal ?? 0));
        return;
      default:
        this.#memoryOrNumeric(operator);
    }
  }

  #memoryOrNumeric(operator: Operator): void {
    if (isLoad(operator.name)) {
      this.#push(load(operator, this.#pop()));
      return;
    }
    if (isStore(operator.name)) {
      const [address, value] = this.#stack.popMany(2) as [Value, Value];
      this.#stack.beforeStateChange();
      this.#emit(`${store(operator, address, value)};`);
      return;
    }
    const arity = numericArity(operator.name);
    if (arity === 0) this.#fail(`wasm: ${operator.name} is not supported`);
    const values = this.#stack.popMany(arity) as [Value, Value];
    this.#push(arity === 1 ? unary(operator.name, values[0]) : binary(operator.name, values[0], values[1]));
  }

  #branchTable(targets: readonly number[]): void {
    const index = this.#pop();
    const fallback = at(targets, targets.length - 1);
    const frame = this.#target(fallback);
    if (frame.kind !== "loop" && frame.resultType !== null) this.#fail("wasm: br_table with a value is not supported");
    this.#stack.settleWhere((value) => value.isImpure);
    this.#emit(`switch (${index.text}) {`);
    for (const [position, depth] of targets.slice(0, -1).entries()) {
      // `continue` means the same inside a switch.
      if (depth !== fallback) this.#emit(`case ${position}: ${this.#jump(depth)}`);
    }
    this.#emit(`default: ${this.#jump(fallback)}`);
    this.#emit("}");
    this.#unreachable();
  }

  #select(): void {
    // Both arms and the test are evaluated: what has an effect, or could trap, is evaluated first.
    this.#stack.settleBelowTop(2, (value) => value.isImpure || value.mayTrap);
    const [whenTrue, whenFalse, test] = this.#stack.popMany(3) as [Value, Value, Value];
    this.#push(conditional(test, whenTrue, whenFalse));
  }

  #globalGet(index: number): void {
    const global = this.#context.global(index);
    if (!global.isMutable) {
      if (!this.#context.allowFloats && global.type.startsWith("f"))
        this.#fail("floating point has no place in the kernel");
      this.#push(constantValue(global.type, global.initial));
      return;
    }
    this.#globals.add(index);
    const name = this.#context.globalName(index);
    const isSigned = isSignedType(this.#context.globalType(index));
    this.#push({ ...variableValue(global.type, name, isSigned), variables: new Set(), readsState: true });
  }

  #call(index: number): void {
    const callee = this.#context.callee(index);
    const { parameters, result } = callee.signature;
    if (callee.trivial !== null && this.#stack.areShort(parameters.length)) {
      this.#writeOut(callee.trivial, parameters.length);
      return;
    }
    this.#calls.add(index);
    const values = this.#stack.popMany(parameters.length);
    this.#finishCall(`${callee.cName}(${values.map((value) => value.text).join(", ")})`, values, result);
  }

  #finishCall(text: string, values: readonly Value[], result: ValueType | null): void {
    if (result === null) {
      this.#stack.beforeStateChange();
      this.#emit(`${text};`);
    } else {
      this.#push(combine(result, text, values, { binding: Binding.ATOM, isImpure: true, readsState: true }));
    }
  }

  /** An accessor's body in place of a call to it. */
  #writeOut(body: readonly Operator[], parameterCount: number): void {
    let values = this.#stack.popMany(parameterCount);
    const height = this.#stack.height;
    // A call among several operands comes before the loads of the body.
    if (values.length > 1 && values.some((value) => value.isImpure) && body.some((operator) => isLoad(operator.name))) {
      values = values.map((value) => this.#stack.settle(value));
    }
    for (const operator of body) {
      if (operator.name === "local.get") this.#push(at(values, operator.index));
      else this.#operator(operator);
    }
    if (this.#stack.height > height + 1) this.#fail("wasm: an accessor left more than one value");
  }

  #callIndirect(signature: Signature): void {
    this.#usesTable = true;
    const target = this.#pop();
    const values = this.#stack.popMany(signature.parameters.length);
    // The slot is checked before the call, after its arguments.
    this.#stack.beforeStateChange();
    const settled = values.map((value) => (value.isImpure || value.readsState ? this.#stack.settle(value) : value));
    const slot = this.#stack.settle(target).text;
    const id = this.#context.typeId(signature);
    this.#emit(`if (${slot} >= ${this.#context.tableCapacity}u || table_types[${slot}] != ${id}) TRAP();`);
    const types = signature.parameters.map(cType).join(", ") || "void";
    const result = signature.result === null ? "void" : cType(signature.result);
    const text = `((${result} (*)(${types}))table_functions[${slot}])(${settled.map((value) => value.text).join(", ")})`;
    this.#finishCall(text, settled, signature.result);
  }
}
