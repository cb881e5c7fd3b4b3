// machine/user in TypeScript: user memory as flat pages that a test maps, or through the simulated page tables.
//
// A missing page goes to `onFault` first, as it goes to the page-fault path on the machine; when that does not fill
// it, the copy ends short.

import { blockLength } from "./mem.ts";
import { DIRECT_BASE, type MemoryMap, PAGE_SIZE } from "./memory-map.ts";

const USER_END = 0x00007ffffffff000n;
const PRESENT = 1n;
const WRITABLE = 2n;
const USER = 4n;
const LARGE = 0x80n;
const FRAME_MASK = 0x000ffffffffff000n;

export class UserSpace {
  readonly #memory: MemoryMap;
  readonly #pages = new Map<bigint, Uint8Array>();
  /** Physical address of the top-level page table; null for flat pages. */
  pageTable: bigint | null = null;
  /** Called for a page that is not there (or not writable); true when it is now. */
  onFault: (address: bigint, isWrite: boolean) => boolean = () => false;

  constructor(memory: MemoryMap) {
    this.#memory = memory;
  }

  /** Map flat zeroed pages over [address, address + length). */
  map(address: bigint, length: number): void {
    const end = address + BigInt(length);
    for (let page = address & ~0xfffn; page < end; page += BigInt(PAGE_SIZE)) {
      if (!this.#pages.has(page)) this.#pages.set(page, new Uint8Array(PAGE_SIZE));
    }
  }

  /** Take flat pages away again. */
  unmap(address: bigint, length: number): void {
    const end = address + BigInt(length);
    for (let page = address & ~0xfffn; page < end; page += BigInt(PAGE_SIZE)) this.#pages.delete(page);
  }

  /** The bytes of one user page from `address` to its end, or null for a fault. */
  window(address: bigint, isWrite: boolean): Uint8Array | null {
    if (address < 0n || address >= USER_END) return null;
    return this.#look(address, isWrite) ?? (this.onFault(address, isWrite) ? this.#look(address, isWrite) : null);
  }

  #look(address: bigint, isWrite: boolean): Uint8Array | null {
    const offset = Number(address & 0xfffn);
    if (this.pageTable === null) return this.#pages.get(address & ~0xfffn)?.subarray(offset) ?? null;
    const physical = this.#walk(address, isWrite);
    if (physical === null) return null;
    const start = this.#memory.resolve(DIRECT_BASE + physical, PAGE_SIZE - offset);
    return this.#memory.bytes.subarray(start, start + PAGE_SIZE - offset);
  }

  /** Intel SDM 3A §4.5: four levels of 512 entries. */
  #walk(address: bigint, isWrite: boolean): bigint | null {
    let table = (this.pageTable ?? 0n) & FRAME_MASK;
    for (let shift = 39n; ; shift -= 9n) {
      const at = this.#memory.resolve(DIRECT_BASE + table + ((address >> shift) & 0x1ffn) * 8n, 8);
      const entry = this.#memory.view.getBigUint64(at, true);
      if (!(entry & PRESENT) || !(entry & USER) || (isWrite && !(entry & WRITABLE))) return null;
      if (shift === 12n || (entry & LARGE && shift <= 30n)) {
        const within = (1n << shift) - 1n;
        return (entry & FRAME_MASK & ~within) | (address & within);
      }
      table = entry & FRAME_MASK;
    }
  }

  /** Visit [address, address + length) page by page; returns the bytes not reached. */
  visit(
    address: bigint,
    length: number,
    isWrite: boolean,
    piece: (bytes: Uint8Array, done: number) => boolean | undefined,
  ): number {
    let done = 0;
    while (done < length) {
      const window = this.window(address + BigInt(done), isWrite);
      if (window === null) break;
      const bytes = window.subarray(0, length - done);
      if (piece(bytes, done) === true) break;
      done += bytes.length;
    }
    return length - done;
  }

  /** Read user memory; throws where the program would fault. */
  read(address: bigint, length: number): Uint8Array {
    const result = new Uint8Array(length);
    const missing = this.visit(address, length, false, (bytes, done) => {
      result.set(bytes, done);
      return false;
    });
    if (missing > 0) throw new Error(`no user memory at 0x${(address + BigInt(length - missing)).toString(16)}`);
    return result;
  }

  /** Write user memory; throws where the program would fault. */
  write(address: bigint, source: Uint8Array): void {
    const missing = this.visit(address, source.length, true, (bytes, done) => {
      bytes.set(source.subarray(done, done + bytes.length));
      return false;
    });
    if (missing > 0) throw new Error(`no user memory at 0x${(address + BigInt(source.length - missing)).toString(16)}`);
  }
}

const asView = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export function userImports(user: UserSpace, memory: MemoryMap) {
  return {
    copyIn: (destination: bigint, userSource: bigint, length: bigint): bigint =>
      BigInt(
        user.visit(userSource, blockLength(length), false, (bytes, done) => {
          memory.write(destination + BigInt(done), bytes);
          return false;
        }),
      ),
    copyOut: (userDestination: bigint, source: bigint, length: bigint): bigint =>
      BigInt(
        user.visit(userDestination, blockLength(length), true, (bytes, done) => {
          bytes.set(memory.read(source + BigInt(done), bytes.length));
          return false;
        }),
      ),
    zero: (userDestination: bigint, length: bigint): bigint =>
      BigInt(
        user.visit(userDestination, blockLength(length), true, (bytes) => {
          bytes.fill(0);
          return false;
        }),
      ),
    load32: (userAddress: bigint): bigint => {
      const bytes = user.window(userAddress, false);
      return bytes === null || bytes.length < 4 ? -1n : BigInt(asView(bytes).getUint32(0, true));
    },
    compareExchange32: (userAddress: bigint, expected: number, desired: number): bigint => {
      const bytes = user.window(userAddress, true);
      if (bytes === null || bytes.length < 4) return -1n;
      const found = asView(bytes).getUint32(0, true);
      if (found === expected >>> 0) asView(bytes).setUint32(0, desired, true);
      return BigInt(found);
    },
    stringLength: (userAddress: bigint, limit: bigint): bigint => {
      const count = blockLength(limit);
      let length = -1;
      const missing = user.visit(userAddress, count, false, (bytes, done) => {
        const end = bytes.indexOf(0);
        if (end >= 0) length = done + end;
        return end >= 0;
      });
      if (length >= 0) return BigInt(length);
      return missing === 0 ? limit : -1n;
    },
    fixup: (_address: bigint): bigint => 0n,
  };
}
