// The wasm stack at one point of a function: expressions that are not written yet.
//
// What keeps their order right: at most one call waits, nothing that reads memory waits beside it, and what would be
// changed by the statement about to be written is put into a temporary first.

import { cType } from "./operators.ts";
import { temporaryValue, type Value } from "./value.ts";
import { at, type ValueType } from "./wasm-module.ts";

/** Longer expressions are cut by a temporary, so that neither gcc nor a reader meets a page-long line. */
const longestExpression = 600;

/** What the stack needs of the function it belongs to. */
export interface Scope {
  /** Write a statement, now. */
  emit(text: string): void;
  uniqueName(name: string): string;
  declare(declaration: string): void;
}

export class ValueStack {
  readonly #values: Value[] = [];
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  get height(): number {
    return this.#values.length;
  }

  /** Forget what lies above `height`. */
  truncate(height: number): void {
    this.#values.length = height;
  }

  top(): Value {
    return at(this.#values, this.#values.length - 1);
  }

  pop(): Value | undefined {
    return this.#values.pop();
  }

  popMany(count: number): Value[] {
    return count === 0 ? [] : this.#values.splice(this.#values.length - count, count);
  }

  push(value: Value): void {
    if (value.isImpure) this.settleWhere((other) => other.readsState || other.isImpure);
    else if (value.readsState || value.mayTrap) this.settleWhere((other) => other.isImpure);
    this.#values.push(value);
    if (value.text.length > longestExpression) this.#settleAt(this.#values.length - 1);
  }

  /** Whether the topmost `count` values are short enough to be parts of one expression. */
  areShort(count: number): boolean {
    return this.#values.slice(this.#values.length - count).every((value) => value.text.length < longestExpression / 3);
  }

  /** A new variable of the function. */
  temporary(type: ValueType): string {
    const name = this.#scope.uniqueName("t");
    this.#scope.declare(`${cType(type)} ${name};`);
    return name;
  }

  /** Evaluate a value now; the temporary that holds it. */
  settle(value: Value): Value {
    if (value.isSettled) return value;
    const name = this.temporary(value.type);
    this.#scope.emit(`${name} = ${value.text};`);
    return temporaryValue(value.type, name);
  }

  #settleAt(position: number): void {
    this.#values[position] = this.settle(at(this.#values, position));
  }

  /** Evaluate now what must come before the statement about to be written. */
  settleWhere(mustComeFirst: (value: Value) => boolean): void {
    for (const [position, value] of this.#values.entries()) if (mustComeFirst(value)) this.#settleAt(position);
  }

  /** As `settleWhere`, for the `count` values below the topmost one. */
  settleBelowTop(count: number, mustComeFirst: (value: Value) => boolean): void {
    const end = this.#values.length - 1;
    for (let position = end - count; position < end; position++) {
      if (mustComeFirst(at(this.#values, position))) this.#settleAt(position);
    }
  }

  /** Before a call or store is written. */
  beforeStateChange(): void {
    this.settleWhere((value) => value.readsState || value.isImpure);
  }

  /** Before control may leave this straight line of code. */
  beforeControl(): void {
    this.settleWhere((value) => !value.isSettled);
  }
}
