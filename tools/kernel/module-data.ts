// Static data of a project's modules, apart from the kernel's. asc lays strings and tables out in the order in which it
// meets them, and their addresses are numbers in the compiled code: one more letter in a module's message would move all that
// comes after it, and nearly every unit of the kernel would be compiled again.
//
//   | kernel's static data …        | free | modules' static data … | heap …
//   memoryBase                             moduleDataStart

/** Where modules' static data begins in linear memory: well behind the kernel's, which is 500 kB. */
export const moduleDataStart = 0x100000;
/** What that takes from the first heap, which the kernel lives on until memory is taken over: bytes to add to it. */
export const moduleDataGap = 0x80000;

/** asc's 64-bit number. */
interface Long {
  toNumber(): number;
}
interface Compiler {
  memoryOffset: Long;
  readonly currentFlow: { readonly sourceFunction: { readonly internalName: string } };
}
type AddSegment = (this: Compiler, ...rest: unknown[]) => unknown;
type CompilerClass = { readonly prototype: Record<string, AddSegment> };
type AddGlobal = (name: string, type: unknown, isMutable: boolean, initial: unknown) => unknown;
interface Program {
  readonly module: { addGlobal: AddGlobal; i32(value: number): unknown };
}

interface Layout {
  /** Where modules' data ends so far. */
  end: Long | null;
  /** Where the kernel's ends, once there is some of a module's. */
  kernels: number;
}

/** The compilation under way: they take turns (compile.ts). */
let current: Layout | null = null;
let isPatched = false;

const moduleFunction = /^(?:start:)?(?:packages|kernel\/api)\//;
const endGlobals = new Set(["~lib/memory/__heap_base", "~lib/memory/__data_end"]);

/** Lay modules' data out apart, for the compilation that this transform is given to. */
export async function separateModuleData(): Promise<{ readonly transform: new () => unknown; end(): void }> {
  await patchCompiler();
  const state: Layout = { end: null, kernels: 0 };
  current = state;
  class Transform {
    declare readonly program: Program;
    afterInitialize(): void {
      const { module } = this.program;
      const addGlobal = module.addGlobal;
      module.addGlobal = function (name, type, isMutable, initial) {
        const isMoved = state.end !== null && endGlobals.has(name);
        return addGlobal.call(this, name, type, isMutable, isMoved ? module.i32(state.end?.toNumber() ?? 0) : initial);
      };
    }
  }
  return {
    transform: Transform,
    end() {
      current = null;
      if (state.kernels <= moduleDataStart) return;
      throw new Error(
        `the kernel's static data reaches ${state.kernels}: raise moduleDataStart (${import.meta.filename})`,
      );
    },
  };
}

async function patchCompiler(): Promise<void> {
  if (isPatched) return;
  isPatched = true;
  const specifier: string = "assemblyscript";
  const { Compiler } = (await import(specifier)) as { Compiler: CompilerClass };
  for (const name of ["addRuntimeMemorySegment", "addAlignedMemorySegment"]) {
    const original = Compiler.prototype[name];
    if (!original) throw new Error(`asc has no ${name}: tools/kernel/module-data.ts goes with another version`);
    Compiler.prototype[name] = function (...rest) {
      const state = current;
      if (!state) return original.apply(this, rest);
      if (!moduleFunction.test(this.currentFlow.sourceFunction.internalName)) {
        const segment = original.apply(this, rest);
        if (state.end !== null) state.kernels = this.memoryOffset.toNumber();
        return segment;
      }
      const kernels = this.memoryOffset;
      this.memoryOffset = state.end ?? longOf(kernels, moduleDataStart);
      const segment = original.apply(this, rest);
      state.end = this.memoryOffset;
      this.memoryOffset = kernels;
      return segment;
    };
  }
}

/** A number of asc's own kind. */
function longOf(like: Long, value: number): Long {
  return (like.constructor as unknown as { fromNumber(value: number): Long }).fromNumber(value);
}
