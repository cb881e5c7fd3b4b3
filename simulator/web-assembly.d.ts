// The part of the WebAssembly JavaScript interface used here: TypeScript keeps it in the browser's "dom" library.

declare namespace WebAssembly {
  type ExportValue = Memory | ((...values: never[]) => unknown) | object;
  type ModuleImports = Record<string, unknown>;
  type Imports = Record<string, ModuleImports>;

  class CompileError extends Error {}
  class RuntimeError extends Error {}

  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>);
    static imports(module: Module): { module: string; name: string; kind: string }[];
  }

  class Instance {
    readonly exports: Record<string, ExportValue>;
    constructor(module: Module, imports?: Imports);
  }

  class Memory {
    readonly buffer: ArrayBuffer;
    constructor(descriptor: { initial: number; maximum?: number });
  }

  /** JavaScript Promise Integration: an import that suspends the calling stack. */
  class Suspending {
    constructor(callable: (...values: never[]) => Promise<unknown>);
  }
  /** JavaScript Promise Integration: an export whose stack may be suspended. */
  function promising(
    callable: (...values: never[]) => unknown,
  ): (...values: readonly (number | bigint)[]) => Promise<unknown>;
}
