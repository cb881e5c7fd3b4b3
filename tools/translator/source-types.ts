// TypeScript's types, which wasm does not carry: only for the debugger's sake.

/** A type as the compiler spells it: `i32`, `bool`, `kernel/sched/thread/Thread`, `~lib/array/Array<u8>`. */
export type TypeName = string;

export interface ClassLayout {
  /** The number that a managed object carries before its first byte. */
  readonly id: number;
  readonly base: TypeName | null;
  /** Fields of this class and its bases. */
  readonly fields: readonly (readonly [name: string, type: TypeName, offset: number])[];
}

export interface SourceTypes {
  /** Internal function name → its locals, parameters first. */
  readonly functions: Readonly<Record<string, readonly (readonly [name: string, type: TypeName])[]>>;
  readonly globals: Readonly<Record<string, TypeName>>;
  readonly classes: Readonly<Record<TypeName, ClassLayout>>;
}

export const noTypes: SourceTypes = { functions: {}, globals: {}, classes: {} };
