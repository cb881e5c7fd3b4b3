// One wasm function as C statements.
//
// wasm is a stack machine; the stack holds expressions (value.ts) that are written where they are used, so that C
// reads like the TypeScript did. An expression is put into a temporary only when something that it must come before
// is written first: an assignment to a variable it reads, a store or call when it reads memory, another call.

import { ControlFlow } from "./control-flow.ts";
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
import { Binding, combine, constantValue, operand, type Value, variableValue } from "./value.ts";
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
  readonly #control: ControlFlow;
  #usesTable = false;
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
    this.#control = new ControlFlow(this.#stack, {
      location: () => this.#location,
      uniqueName: (name) => names.unique(name),
      fail: (what) => this.#fail(what),
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
    this.#control.open("function", signature.result, null);
    for (const operator of body) {
      const location = this.#context.sourceMap.at(operator.offset);
      if (location !== null) {
        this.#location = location;
        this.#first ??= location;
      }
      if (this.#control.isReachable) this.#operator(operator);
      else this.#control.skip(operator);
    }
    const parameters = signature.parameters.map(
      (_, index) => `${at(this.#types, index)} ${at(this.#variables, index)}`,
    );
    const result = signature.result === null ? "void" : cType(signature.result);
    return {
      prototype: `${result} ${cName}(${parameters.join(", ") || "void"})`,
      declarations: this.#declarations,
      statements: this.#control.finished,
      location: this.#first,
      endLocation: this.#location,
      calls: this.#calls,
      globals: this.#globals,
      usesTable: this.#usesTable,
      types: new Set(this.#types.filter((type) => !isPlainType(type))),
    };
  }

  #fail(what: string): never {
    const where = this.#location ? `${this.#location.file}:${this.#location.line}: ` : "";
    throw new TranslationError(`${where}${what} (in ${this.#fn.name})`);
  }

  #emit(text: string): void {
    this.#control.emit(text);
  }

  #push(value: Value): void {
    this.#stack.push(value);
  }

  #pop(): Value {
    return this.#control.pop();
  }

  #assign(variable: string, value: Value): void {
    this.#stack.settleWhere(
      (other) => other.variables.has(variable) || other.isImpure || (value.isImpure && other.readsState),
    );
    if (value.text !== variable) this.#emit(`${variable} = ${value.text};`);
  }

  #operator(operator: Operator): void {
    const { name, index } = operator;
    if (!this.#context.allowFloats && isFloatOperator(name)) this.#fail("floating point has no place in the kernel");
    switch (name) {
      case "nop":
        return;
      case "unreachable":
        this.#stack.beforeStateChange();
        this.#emit("TRAP();");
        this.#control.unreachable();
        return;
      case "block":
      case "loop":
        this.#stack.beforeControl();
        this.#control.open(name, operator.blockResult, null);
        return;
      case "if": {
        const test = this.#pop();
        this.#stack.beforeControl();
        this.#control.open("if", operator.blockResult, test);
        return;
      }
      case "else":
        this.#control.else();
        return;
      case "end":
        this.#control.end();
        return;
      case "br":
        this.#control.branch(index);
        return;
      case "br_if":
        this.#control.branchIf(index);
        return;
      case "br_table":
        this.#control.branchTable(operator.targets);
        return;
      case "return": {
        const value = this.#fn.signature.result === null ? null : this.#pop();
        this.#stack.settleWhere((other) => other.isImpure);
        this.#emit(value === null ? "return;" : `return ${value.text};`);
        this.#control.unreachable();
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
