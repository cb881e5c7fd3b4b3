// The simulated machine's address space: what a kernel-virtual u64 means.
//
//   0xffff800000000000 + p   byte p of simulated physical memory (`ram`)
//   0xffffffffc0000000 + p   byte p of the module's linear memory
//
// Anything else is a wild pointer and throws, as the machine would fault. u64 values reach JavaScript as signed
// BigInts; `resolve` takes either sign.

export const DIRECT_BASE = 0xffff800000000000n;
export const LINEAR_BASE = 0xffffffffc0000000n;
export const PAGE_SIZE = 4096;

/** What the machine does on a wild address. */
export class SimulatedFault extends Error {
  override readonly name = "SimulatedFault";
}

export class MemoryMap {
  readonly ram: Uint8Array<ArrayBuffer>;
  readonly #ramView: DataView<ArrayBuffer>;
  #linear: WebAssembly.Memory | null = null;
  #linearBytes = new Uint8Array(0);
  #linearView = new DataView(new ArrayBuffer(0));

  /** The view that the last `resolve` chose; its offset is what `resolve` returned. */
  view: DataView;
  /** The bytes behind `view`. */
  bytes: Uint8Array;

  constructor(ramBytes: number) {
    this.ram = new Uint8Array(ramBytes);
    this.#ramView = new DataView(this.ram.buffer);
    this.view = this.#ramView;
    this.bytes = this.ram;
  }

  /** The module whose linear memory stands at LINEAR_BASE. */
  attach(linear: WebAssembly.Memory): void {
    this.#linear = linear;
  }

  /** Linear memory's bytes now (a grown memory has a new buffer). */
  get linear(): Uint8Array {
    if (this.#linear === null) return this.#linearBytes;
    if (this.#linearBytes.buffer !== this.#linear.buffer) {
      const buffer = this.#linear.buffer as ArrayBuffer;
      this.#linearBytes = new Uint8Array(buffer);
      this.#linearView = new DataView(buffer);
    }
    return this.#linearBytes;
  }

  /** Point `view` and `bytes` at the memory that holds [address, address + length); returns the offset in them. */
  resolve(address: bigint, length: number): number {
    const unsigned = BigInt.asUintN(64, address);
    let offset: number;
    if (unsigned >= LINEAR_BASE) {
      this.bytes = this.linear;
      this.view = this.#linearView;
      offset = Number(unsigned - LINEAR_BASE);
    } else {
      this.bytes = this.ram;
      this.view = this.#ramView;
      offset = unsigned >= DIRECT_BASE ? Number(unsigned - DIRECT_BASE) : -1;
    }
    if (offset < 0 || offset + length > this.bytes.length) {
      throw new SimulatedFault(`no memory at 0x${unsigned.toString(16)} (${length} bytes)`);
    }
    return offset;
  }

  /** Read bytes at a kernel-virtual address. */
  read(address: bigint, length: number): Uint8Array {
    const offset = this.resolve(address, length);
    return this.bytes.slice(offset, offset + length);
  }

  /** Write bytes at a kernel-virtual address. */
  write(address: bigint, bytes: Uint8Array): void {
    const offset = this.resolve(address, bytes.length);
    this.bytes.set(bytes, offset);
  }
}
