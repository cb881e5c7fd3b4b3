// machine/symbols in TypeScript: wasm has its own stack traces, so nothing has a name here.

export function symbolsImports() {
  return {
    describe: (_address: bigint, _depth: number, _buffer: number, _capacity: number): number => 0,
    framePointer: (): bigint => 0n,
  };
}
