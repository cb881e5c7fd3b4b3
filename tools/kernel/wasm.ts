// Kernel modules as WebAssembly for Node: what unit tests run against simulator/.

import { compileCached, type Runtime } from "./compile.ts";

export interface BuildWasmOptions {
  /** asc's "minimal" runtime (nothing is freed unless `__collect` is called) by default. */
  readonly runtime?: Runtime;
  /** Refuse unsafe operations in the entry and in kernel/ outside kernel/trusted; off by default, so that a test may peek. */
  readonly noUnsafe?: boolean;
  /** Initial linear memory in bytes, a multiple of 64 KiB; 1 MiB by default. */
  readonly initialMemory?: number;
  readonly exportRuntime?: boolean;
}

/**
 * Compile an entry file (tests/unit/**\/*.as.ts, which imports kernel modules by relative path and trusted ones as
 * "machine/mem"; its exports become the module's) for `instantiate` in simulator/instantiate.ts. Kept in build/wasm by
 * content, so that only changed sources are compiled again. `entry` is a path or a file URL.
 */
export async function buildWasm(entry: string | URL, options: BuildWasmOptions = {}): Promise<WebAssembly.Module> {
  const { wasm } = await compileCached({
    entries: [entry instanceof URL || entry.startsWith("file:") ? decodeURIComponent(new URL(entry).pathname) : entry],
    runtime: options.runtime ?? "minimal",
    noUnsafe: options.noUnsafe ?? false,
    memoryBase: 0x1000,
    initialMemory: options.initialMemory ?? 0x100000,
    exportRuntime: options.exportRuntime ?? true,
  });
  return new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
}
