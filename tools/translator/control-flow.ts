// Structured control flow: wasm's blocks as C's `if`, `while`, `goto` and `?:`.
//
// A frame is an open block. A branch to a loop continues it, a branch to any other block leaves it; a value that a
// branch carries travels in a temporary, which is what the block leaves on the stack.

import { conditional } from "./operators.ts";
import type { Location } from "./source-map.ts";
import type { Statement } from "./statement.ts";
import { condition, operand, temporaryValue, type Value } from "./value.ts";
import type { ValueStack } from "./value-stack.ts";
import { at, type Operator, type ValueType } from "./wasm-module.ts";

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

/** What control flow needs of the function it belongs to. */
export interface ControlScope {
  /** Where the current instruction comes from. */
  location(): Location | null;
  uniqueName(name: string): string;
  fail(what: string): never;
}

export class ControlFlow {
  readonly #stack: ValueStack;
  readonly #scope: ControlScope;
  readonly #frames: Frame[] = [];
  /** Blocks opened inside unreachable code. */
  #skipped = 0;
  /** Whether the current instruction can be reached. */
  isReachable = true;
  /** The function's statements, once its end was met. */
  finished: readonly Statement[] = [];

  constructor(stack: ValueStack, scope: ControlScope) {
    this.#stack = stack;
    this.#scope = scope;
  }

  get frame(): Frame {
    return at(this.#frames, this.#frames.length - 1);
  }

  emit(text: string): void {
    this.frame.statements.push({ kind: "simple", text, location: this.#scope.location() });
  }

  /** Take a value that the current block has pushed. */
  pop(): Value {
    const value = this.#stack.pop();
    if (!value || this.#stack.height < this.frame.height) this.#scope.fail("wasm: stack underflow");
    return value;
  }

  /** Enter a block; `arm` is what the first arm of an `if` left behind. */
  open(
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
      location: this.#scope.location(),
      condition,
      whenTrue: arm?.whenTrue ?? [],
      thenValue: arm?.thenValue ?? null,
      isThenReachable: arm?.isThenReachable ?? false,
    });
  }

  #resultOf(frame: Frame): string {
    if (frame.resultType === null) this.#scope.fail("wasm: a block without a result has one");
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
      return target.resultType === null ? "return;" : this.#scope.fail("wasm: branch to function");
    if (target.kind === "loop") {
      const inner = this.#frames.slice(this.#frames.indexOf(target) + 1);
      if (!inner.some((frame) => frame.kind === "loop")) return "continue;";
    }
    target.label ??= this.#scope.uniqueName(target.kind === "loop" ? "next" : "done");
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
    const location = this.#scope.location();
    if (value === null) return [{ kind: "simple", text: this.#jump(depth), location }];
    if (target.kind === "function") return [{ kind: "simple", text: `return ${value.text};`, location }];
    const statements: Statement[] = [];
    this.#setResult(target, value, statements);
    statements.push({ kind: "simple", text: this.#jump(depth), location });
    return statements;
  }

  /** `br`. */
  branch(depth: number): void {
    const value = this.#carries(this.#target(depth)) ? this.pop() : null;
    this.#stack.settleWhere((other) => other.isImpure);
    this.frame.statements.push(...this.#jumpWith(depth, value));
    this.unreachable();
  }

  /** `br_if`. */
  branchIf(depth: number): void {
    let test = this.pop();
    if (this.#carries(this.#target(depth))) {
      // The value that the branch carries is evaluated before the condition.
      this.#stack.push(test);
      this.#stack.beforeControl();
      test = this.pop();
      const then = this.#jumpWith(depth, this.#stack.top());
      this.#if(test, then, [], this.#scope.location());
    } else {
      this.#stack.beforeControl();
      this.#if(test, this.#jumpWith(depth, null), [], this.#scope.location());
    }
  }

  #if(test: Value, then: readonly Statement[], otherwise: readonly Statement[], location: Location | null): void {
    const { statements } = this.frame;
    if (then.length === 0 && otherwise.length > 0) {
      const opposite = test.inverse ?? `!${operand(test)}`;
      statements.push({ kind: "if", condition: opposite, whenTrue: otherwise, otherwise: [], location });
    } else {
      statements.push({ kind: "if", condition: condition(test), whenTrue: then, otherwise, location });
    }
  }

  /** An instruction that cannot be reached: only the nesting counts. */
  skip(operator: Operator): void {
    switch (operator.name) {
      case "block":
      case "loop":
      case "if":
        this.#skipped += 1;
        break;
      case "else":
        if (this.#skipped === 0) this.else();
        break;
      case "end":
        if (this.#skipped === 0) this.end();
        else this.#skipped -= 1;
        break;
      default:
    }
  }

  /** Nothing comes after: the rest of the block is skipped. */
  unreachable(): void {
    this.isReachable = false;
    this.#stack.truncate(this.frame.height);
  }

  /** `else`: the first arm ends. */
  else(): void {
    const frame = this.#frames.pop();
    if (frame?.kind !== "if") this.#scope.fail("wasm: else without if");
    const isThenReachable = this.isReachable;
    const thenValue = isThenReachable && frame.resultType !== null ? (this.#stack.pop() ?? null) : null;
    this.#stack.truncate(frame.height);
    this.isReachable = true;
    const { result, label, jumps, statements } = frame;
    this.open("else", frame.resultType, frame.condition, {
      whenTrue: statements,
      thenValue,
      isThenReachable,
      result,
      label,
      jumps,
    });
  }

  /** `end` of the innermost block. */
  end(): void {
    const frame = this.frame;
    const falls = this.isReachable;
    const value = falls && frame.resultType !== null ? this.pop() : null;
    this.#stack.truncate(frame.height);
    this.#frames.pop();
    switch (frame.kind) {
      case "function":
        if (value !== null)
          frame.statements.push({ kind: "simple", text: `return ${value.text};`, location: this.#scope.location() });
        this.finished = frame.statements;
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
    this.isReachable = falls || frame.label !== null;
  }

  #endLoop(frame: Frame, value: Value | null, falls: boolean): void {
    if (value !== null) this.#setResult(frame, value, frame.statements);
    if (falls) frame.statements.push({ kind: "simple", text: "break;", location: null });
    const { statements, label, location } = frame;
    this.frame.statements.push({ kind: "loop", body: statements, label, location });
    this.isReachable = falls;
    if (value !== null) this.#pushResult(frame);
  }

  #endBlock(frame: Frame, value: Value | null): void {
    const outer = this.frame.statements;
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
      if (value !== null) this.#stack.push(value);
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
    if (frame.condition === null) this.#scope.fail("wasm: if without condition");
    const test = frame.condition;
    this.isReachable = isThenReachable || isElseReachable || frame.label !== null;

    const { thenValue } = frame;
    const isPlain = then.length === 0 && otherwise.length === 0 && frame.label === null;
    if (isPlain && thenValue !== null && value !== null) {
      this.#stack.push(conditional(test, thenValue, value));
      return;
    }
    if (thenValue !== null) this.#setResult(frame, thenValue, then);
    if (value !== null) this.#setResult(frame, value, otherwise);
    this.#if(test, then, otherwise, frame.location);
    if (frame.label !== null) this.frame.statements.push({ kind: "label", name: frame.label });
    if (frame.resultType !== null && this.isReachable) this.#pushResult(frame);
  }

  #setResult(frame: Frame, value: Value, statements: Statement[]): void {
    const result = this.#resultOf(frame);
    if (value.text !== result) {
      statements.push({ kind: "simple", text: `${result} = ${value.text};`, location: this.#scope.location() });
    }
  }

  #pushResult(frame: Frame): void {
    if (frame.resultType !== null) this.#stack.push(temporaryValue(frame.resultType, this.#resultOf(frame)));
  }

  /** `br_table`. */
  branchTable(targets: readonly number[]): void {
    const index = this.pop();
    const fallback = at(targets, targets.length - 1);
    const frame = this.#target(fallback);
    if (frame.kind !== "loop" && frame.resultType !== null)
      this.#scope.fail("wasm: br_table with a value is not supported");
    this.#stack.settleWhere((value) => value.isImpure);
    this.emit(`switch (${index.text}) {`);
    for (const [position, depth] of targets.slice(0, -1).entries()) {
      // `continue` means the same inside a switch.
      if (depth !== fallback) this.emit(`case ${position}: ${this.#jump(depth)}`);
    }
    this.emit(`default: ${this.#jump(fallback)}`);
    this.emit("}");
    this.unreachable();
  }
}
