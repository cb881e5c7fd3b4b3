import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../../simulator/entropy.ts";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  setUp(filePages: number): void;
  freeCount(): bigint;
  create(): number;
  root(space: number): bigint;
  destroy(space: number): void;
  fork(space: number): number;
  map(space: number, hint: bigint, length: bigint, protection: number, flags: number): bigint;
  mapFile(space: number, hint: bigint, length: bigint, protection: number, flags: number, offset: bigint): bigint;
  unmap(space: number, start: bigint, length: bigint): bigint;
  protect(space: number, start: bigint, length: bigint, protection: number): bigint;
  move(space: number, start: bigint, old: bigint, length: bigint, flags: number, target: bigint): bigint;
  moveBreak(space: number, address: bigint): bigint;
  setBreak(space: number, address: bigint): void;
  madvise(space: number, start: bigint, length: bigint, advice: number): bigint;
  mlock(space: number, start: bigint, length: bigint, flags: number): bigint;
  mincore(space: number, start: bigint, length: bigint, vector: bigint): bigint;
  fault(space: number, address: bigint, code: bigint): number;
  peek(space: number, address: bigint): number;
  poke(space: number, address: bigint, value: number): number;
  translate(space: number, address: bigint): bigint;
  cutFile(pages: number): void;
  fileUsers(): number;
  fileWriters(): number;
  fileTouches(): number;
  runFile(space: number): void;
  filePrograms(): number;
  fileByte(page: number): number;
  anonymousPages(space: number): bigint;
  filePages(space: number): bigint;
  sharedPages(space: number): bigint;
  mappedPages(space: number): bigint;
  lockedPages(space: number): bigint;
  committed(space: number): bigint;
  mappingCount(space: number): number;
  mappingStart(space: number, index: number): bigint;
  mappingEnd(space: number, index: number): bigint;
  mappingProtection(space: number, index: number): number;
  setLimit(space: number, index: number, value: bigint): void;
  tableCount(): number;
  keep(): void;
  endedCount(): number;
  endedSpace(index: number): number;
}

const wasm = await buildWasm(new URL("./space.as.ts", import.meta.url));
const PAGE = 4096n;
const FILE_PAGES = 24;
const [READ, WRITE, EXEC] = [1, 2, 4];
const [SHARED, PRIVATE, FIXED, ANONYMOUS, GROWSDOWN, NORESERVE, POPULATE] = [1, 2, 0x10, 0x20, 0x100, 0x4000, 0x8000];
const NOREPLACE = 0x100000;
const [EFAULT, EEXIST, EINVAL, ENOMEM] = [-14n, -17n, -22n, -12n];
const HANDLED = 0;
const NOT_MAPPED = 1;
const NOT_ALLOWED = 2;
const NO_SOURCE_PAGE = 3;
const OUT_OF_MEMORY = 4;
const GB = 1n << 30n;

function boot() {
  const { exports, machine } = instantiate<Exports>(wasm);
  exports.setUp(FILE_PAGES);
  const space = exports.create();
  return { exports, machine, space };
}

test("memory reads as zeros until it is written, and keeps what is written", () => {
  const { exports, space } = boot();
  const address = exports.map(space, 0n, 8n * PAGE, READ | WRITE, PRIVATE | ANONYMOUS);
  assert.ok(address > 0n && address % PAGE === 0n);
  assert.equal(exports.peek(space, address + 5n), 0);
  assert.equal(exports.anonymousPages(space), 0n, "reading takes no memory");
  assert.equal(exports.poke(space, address + 5n, 7), 0);
  assert.equal(exports.peek(space, address + 5n), 7);
  assert.equal(exports.peek(space, address + 6n), 0);
  assert.equal(exports.anonymousPages(space), 1n);
});

test("a fault outside of mappings, against the protection and beyond a file tell apart", () => {
  const { exports, space } = boot();
  assert.equal(exports.fault(space, 0x5000n, 4n), NOT_MAPPED);
  assert.equal(exports.fault(space, 0x7ffffffff000n, 4n), NOT_MAPPED);
  const none = exports.map(space, 0n, PAGE, 0, PRIVATE | ANONYMOUS);
  assert.equal(exports.fault(space, none, 4n), NOT_ALLOWED);
  const readable = exports.map(space, 0n, PAGE, READ, PRIVATE | ANONYMOUS);
  assert.equal(exports.fault(space, readable, 6n), NOT_ALLOWED);
  assert.equal(exports.fault(space, readable, 20n), NOT_ALLOWED, "fetching needs PROT_EXEC");
  assert.equal(exports.fault(space, readable, 4n), HANDLED);
  const file = exports.mapFile(space, 0n, 40n * PAGE, READ, PRIVATE, 0n);
  assert.equal(exports.fault(space, file + BigInt(FILE_PAGES - 1) * PAGE, 4n), HANDLED);
  assert.equal(exports.fault(space, file + BigInt(FILE_PAGES) * PAGE, 4n), NO_SOURCE_PAGE);
});

test("neighbouring anonymous mappings join, and split where one is taken out", () => {
  const { exports, space } = boot();
  const a = exports.map(space, 0n, 4n * PAGE, READ | WRITE, PRIVATE | ANONYMOUS);
  const b = exports.map(space, 0n, 4n * PAGE, READ | WRITE, PRIVATE | ANONYMOUS);
  assert.equal(b, a - 4n * PAGE, "the next lies below the last");
  assert.equal(exports.mappingCount(space), 1);
  assert.equal(exports.unmap(space, b + 3n * PAGE, 2n * PAGE), 0n);
  assert.equal(exports.mappingCount(space), 2);
  assert.equal(exports.map(space, 0n, 2n * PAGE, READ | WRITE, PRIVATE | ANONYMOUS), b + 3n * PAGE, "the hole is used");
  assert.equal(exports.mappingCount(space), 1);
  assert.equal(exports.mappedPages(space), 8n);
});

test("reservations of tens of gigabytes take no memory", () => {
  const { exports, space } = boot();
  const before = exports.freeCount();
  const big = exports.map(space, 0n, 64n * GB, 0, PRIVATE | ANONYMOUS | NORESERVE);
  assert.ok(big > 0n);
  assert.equal(exports.freeCount(), before);
  assert.equal(exports.protect(space, big + 40n * GB, 2n << 20n, READ | WRITE), 0n);
  assert.equal(exports.mappingCount(space), 3);
  assert.equal(exports.poke(space, big + 40n * GB, 1), 0);
  assert.equal(exports.poke(space, big + 40n * GB - 1n, 1), -1);
  assert.equal(exports.protect(space, big + 40n * GB + (2n << 20n), 1n << 20n, READ | WRITE), 0n);
  assert.equal(exports.mappingCount(space), 3, "a heap that grows into its reservation moves one boundary");
  assert.equal(exports.unmap(space, big, 64n * GB), 0n);
  assert.equal(exports.freeCount(), before, "page and tables are free again");
});

test("what could never be kept is refused, unless it says NORESERVE", () => {
  const { exports, space } = boot();
  assert.equal(exports.map(space, 0n, GB, READ | WRITE, PRIVATE | ANONYMOUS), ENOMEM);
  assert.ok(exports.map(space, 0n, GB, READ | WRITE, PRIVATE | ANONYMOUS | NORESERVE) > 0n);
  const reserved = exports.map(space, 0n, GB, 0, PRIVATE | ANONYMOUS);
  assert.ok(reserved > 0n);
  assert.equal(exports.protect(space, reserved, GB, READ | WRITE), ENOMEM);
  exports.setLimit(space, 9, 1n << 20n);
  assert.equal(exports.map(space, 0n, PAGE, READ, PRIVATE | ANONYMOUS), ENOMEM, "RLIMIT_AS");
});

test("arguments are judged as the manual says", () => {
  const { exports, space } = boot();
  const anonymous = PRIVATE | ANONYMOUS;
  assert.equal(exports.map(space, 0n, 0n, READ, anonymous), EINVAL);
  assert.equal(exports.map(space, 0n, 1n << 60n, READ, anonymous), ENOMEM);
  assert.equal(exports.map(space, 0n, -1n, READ, anonymous), ENOMEM);
  assert.equal(exports.map(space, 1n, PAGE, READ, anonymous | FIXED), EINVAL);
  assert.equal(exports.map(space, 0x7ffffffff000n, 2n * PAGE, READ, anonymous | FIXED), ENOMEM);
  const at = exports.map(space, 0x10000000n, 2n * PAGE, READ, anonymous | FIXED);
  assert.equal(at, 0x10000000n);
  assert.equal(exports.map(space, at + PAGE, PAGE, READ, anonymous | FIXED | NOREPLACE), EEXIST);
  assert.notEqual(exports.map(space, at, PAGE, READ, anonymous), at);
  assert.equal(exports.unmap(space, 1n, PAGE), EINVAL);
  assert.equal(exports.unmap(space, 0n, 0n), EINVAL);
  assert.equal(exports.unmap(space, 0xffff800000000000n, PAGE), EINVAL);
  assert.equal(exports.protect(space, 0x20000000n, PAGE, READ), ENOMEM);
  assert.equal(exports.move(space, 0x20000000n, PAGE, 2n * PAGE, 1, 0n), EFAULT);
  assert.equal(exports.move(space, at, PAGE, 0n, 1, 0n), EINVAL);
  assert.equal(exports.madvise(space, at, PAGE, 12345), EINVAL);
  assert.equal(exports.madvise(space, 0x20000000n, PAGE, 4), ENOMEM);
});

test("file pages are shown without a copy, and come in groups", () => {
  const { exports, space } = boot();
  const file = exports.mapFile(space, 0n, BigInt(FILE_PAGES) * PAGE, READ, PRIVATE, 0n);
  const free = exports.freeCount();
  assert.equal(exports.peek(space, file), 1);
  assert.ok(exports.filePages(space) > 1n, "neighbours came along");
  assert.ok(free - exports.freeCount() <= 3n, "only tables were taken");
  assert.equal(exports.peek(space, file + 9n * PAGE), 10);
  assert.equal(exports.anonymousPages(space), 0n);
});

test("a store into a private file mapping copies the page, into a shared one changes the file", () => {
  const { exports, space } = boot();
  const mine = exports.mapFile(space, 0n, 4n * PAGE, READ | WRITE, PRIVATE, PAGE);
  const shared = exports.mapFile(space, 0n, 4n * PAGE, READ | WRITE, SHARED, PAGE);
  assert.equal(exports.peek(space, mine), 2);
  assert.equal(exports.poke(space, mine, 99), 0);
  assert.equal(exports.peek(space, shared), 2);
  assert.equal(exports.fileTouches(), 0);
  assert.equal(exports.poke(space, shared, 55), 0);
  assert.equal(exports.peek(space, mine), 99);
  assert.equal(exports.fileByte(1), 55);
  assert.equal(exports.fileTouches(), 1);
  assert.equal(exports.poke(space, shared, 56), 0);
  assert.equal(exports.fileTouches(), 1, "the second store meets no fault");
  assert.equal(exports.madvise(space, mine, PAGE, 4), 0n);
  assert.equal(exports.peek(space, mine), 56, "MADV_DONTNEED brings the file's page back");
});

test("cutting a file takes its pages out of every mapping", () => {
  const { exports, space } = boot();
  const mine = exports.mapFile(space, 0n, 8n * PAGE, READ | WRITE, PRIVATE, 0n);
  exports.poke(space, mine + 5n * PAGE, 77);
  assert.equal(exports.peek(space, mine + PAGE), 2);
  exports.cutFile(3);
  assert.equal(exports.fault(space, mine + 5n * PAGE, 4n), NO_SOURCE_PAGE);
  assert.equal(exports.fault(space, mine + 3n * PAGE, 4n), NO_SOURCE_PAGE);
  assert.equal(exports.peek(space, mine + PAGE), 2);
  assert.equal(exports.anonymousPages(space), 0n);
});

test("a source knows how many mappings show it, and how many could store into it", () => {
  const { exports, space } = boot();
  const at = exports.mapFile(space, 0n, 8n * PAGE, READ | WRITE, SHARED, 0n);
  assert.deepEqual([exports.fileUsers(), exports.fileWriters()], [1, 1]);
  exports.protect(space, at + 2n * PAGE, PAGE, READ);
  assert.equal(exports.mappingCount(space), 3);
  assert.deepEqual([exports.fileUsers(), exports.fileWriters()], [3, 2]);
  exports.protect(space, at + 2n * PAGE, PAGE, READ | WRITE);
  assert.equal(exports.mappingCount(space), 1);
  assert.deepEqual([exports.fileUsers(), exports.fileWriters()], [1, 1]);
  exports.unmap(space, at, 8n * PAGE);
  assert.deepEqual([exports.fileUsers(), exports.fileWriters()], [0, 0]);
});

test("a source knows how many programs run from it", () => {
  const { exports, space } = boot();
  exports.runFile(space);
  const child = exports.fork(space);
  assert.equal(exports.filePrograms(), 2);
  exports.destroy(space);
  exports.destroy(child);
  assert.equal(exports.filePrograms(), 0);
});

test("an address space that ended shows nothing", () => {
  const { exports, space } = boot();
  const at = exports.map(space, 0n, PAGE, READ | WRITE, PRIVATE | ANONYMOUS);
  exports.poke(space, at, 1);
  exports.destroy(space);
  assert.equal(exports.root(space), 0n);
  assert.equal(exports.peek(space, at), -1);
  assert.equal(exports.poke(space, at, 2), -1);
  assert.equal(exports.translate(space, at), 0n);
  assert.equal(exports.fault(space, at, 6n), NOT_MAPPED);
});

test("after a fork both sides see the same bytes and keep their own stores to themselves", () => {
  const { exports, space } = boot();
  const at = exports.map(space, 0n, 4n * PAGE, READ | WRITE, PRIVATE | ANONYMOUS);
  const shared = exports.map(space, 0n, PAGE, READ | WRITE, SHARED);
  exports.poke(space, at, 1);
  exports.poke(space, at + PAGE, 2);
  exports.poke(space, shared, 3);
  const child = exports.fork(space);
  assert.equal(exports.peek(child, at), 1);
  exports.poke(child, at, 11);
  exports.poke(space, at + PAGE, 22);
  exports.poke(child, shared, 33);
  assert.deepEqual(
    [exports.peek(space, at), exports.peek(child, at), exports.peek(space, at + PAGE), exports.peek(child, at + PAGE)],
    [1, 11, 22, 2],
  );
  assert.equal(exports.peek(space, shared), 33);
  exports.destroy(child);
  const free = exports.freeCount();
  exports.poke(space, at, 12);
  assert.equal(exports.freeCount(), free, "the last holder of a page writes it in place");
});

test("content survives PROT_NONE and back", () => {
  const { exports, space } = boot();
  const at = exports.map(space, 0n, 2n * PAGE, READ | WRITE, PRIVATE | ANONYMOUS);
  exports.poke(space, at, 9);
  exports.protect(space, at, PAGE, 0);
  assert.equal(exports.fault(space, at, 4n), NOT_ALLOWED);
  assert.equal(exports.peek(space, at), -1);
  exports.protect(space, at, PAGE, READ);
  assert.equal(exports.peek(space, at), 9);
  assert.equal(exports.poke(space, at, 1), -1);
});

test("a stack grows down to its limit and keeps clear of what lies below", () => {
  const { exports, space } = boot();
  const top = 0x7f0000000000n;
  exports.setLimit(space, 3, 8n << 20n);
  exports.map(space, top - 2n * PAGE, 2n * PAGE, READ | WRITE, PRIVATE | ANONYMOUS | FIXED | GROWSDOWN);
  assert.equal(exports.poke(space, top - 6n * (1n << 20n), 5), 0);
  assert.equal(exports.mappingStart(space, 0), top - 6n * (1n << 20n));
  assert.equal(exports.fault(space, top - (8n << 20n) - 1n, 6n), NOT_MAPPED);
  exports.map(space, top - (8n << 20n), PAGE, READ, PRIVATE | ANONYMOUS | FIXED);
  assert.equal(exports.fault(space, top - (7n << 20n) - PAGE, 6n), NOT_MAPPED, "the guard gap");
  assert.equal(exports.fault(space, top - (6n << 20n) - PAGE, 6n), HANDLED);
});

test("mremap grows in place, moves, and leaves zeros behind with DONTUNMAP", () => {
  const { exports, space } = boot();
  const at = exports.map(space, 0x10000000n, 4n * PAGE, READ | WRITE, PRIVATE | ANONYMOUS | FIXED);
  for (let i = 0n; i < 4n; i++) exports.poke(space, at + i * PAGE, Number(i) + 1);
  assert.equal(exports.move(space, at, 4n * PAGE, 8n * PAGE, 0, 0n), at);
  exports.map(space, at + 8n * PAGE, PAGE, READ, PRIVATE | ANONYMOUS | FIXED);
  assert.equal(exports.move(space, at, 8n * PAGE, 16n * PAGE, 0, 0n), ENOMEM);
  const moved = exports.move(space, at, 8n * PAGE, 1024n * PAGE, 1, 0n);
  assert.ok(moved > 0n && moved !== at);
  assert.equal(exports.peek(space, moved + 3n * PAGE), 4);
  assert.equal(exports.fault(space, at, 4n), NOT_MAPPED);
  assert.equal(exports.move(space, moved, 2n * PAGE, 2n * PAGE, 3, 0x20000000n), 0x20000000n);
  const kept = exports.move(space, 0x20000000n, 2n * PAGE, 2n * PAGE, 5, 0n);
  assert.equal(exports.peek(space, kept + PAGE), 2);
  assert.equal(exports.peek(space, 0x20000000n + PAGE), 0);
});

test("the break moves by bytes, and memory given back comes again as zeros", () => {
  const { exports, space } = boot();
  exports.setBreak(space, 0x600000n);
  assert.equal(exports.moveBreak(space, 0x603005n), 0x603005n);
  exports.poke(space, 0x601000n, 4);
  assert.equal(exports.moveBreak(space, 0x600000n), 0x600000n);
  assert.equal(exports.mappingCount(space), 0);
  exports.moveBreak(space, 0x602000n);
  assert.equal(exports.peek(space, 0x601000n), 0);
  assert.equal(exports.moveBreak(space, 1n), 0x602000n);
});

test("locking makes resident and is counted", () => {
  const { exports, space } = boot();
  const at = exports.map(space, 0n, 4n * PAGE, READ | WRITE, PRIVATE | ANONYMOUS);
  assert.equal(exports.mlock(space, at + PAGE, 2n * PAGE, 0x2000), 0n);
  assert.equal(exports.lockedPages(space), 2n);
  assert.equal(exports.anonymousPages(space), 2n);
  assert.equal(exports.madvise(space, at, 4n * PAGE, 4), EINVAL);
  assert.equal(exports.mlock(space, at, 4n * PAGE, 0), 0n);
  assert.equal(exports.lockedPages(space), 0n);
  assert.equal(exports.mappingCount(space), 1);
  assert.ok(exports.map(space, 0n, 3n * PAGE, READ | WRITE, PRIVATE | ANONYMOUS | POPULATE) > 0n);
  assert.ok(exports.anonymousPages(space) >= 5n);
});

test("memory filled in order comes several pages at a time, memory touched here and there does not", () => {
  const { exports, space } = boot();
  const at = exports.map(space, 0x10000000n, 64n * PAGE, READ | WRITE, PRIVATE | ANONYMOUS | FIXED);
  for (const page of [1n, 10n, 30n, 20n]) exports.poke(space, at + page * PAGE, 1);
  assert.equal(exports.anonymousPages(space), 4n);
  exports.poke(space, at + 2n * PAGE, 1);
  assert.equal(exports.anonymousPages(space), 4n + 8n, "up to the page that was there");
  exports.poke(space, at + 62n * PAGE, 1);
  exports.poke(space, at + 63n * PAGE, 1);
  assert.equal(exports.anonymousPages(space), 14n, "not beyond the mapping");
});

test("a hundred thousand mappings are refused at Linux's limit", () => {
  const { exports, space } = boot();
  let error = 0n;
  let made = 0;
  for (let i = 0; i < 70000 && error >= 0n; i++, made++) {
    error = exports.map(space, 0x100000000n + BigInt(i) * 2n * PAGE, PAGE, READ, PRIVATE | ANONYMOUS | FIXED);
  }
  assert.equal(error, ENOMEM);
  assert.equal(made - 1, 65530);
});

test("when memory is out the fattest program ends, and its pages are free at once", () => {
  const { exports, space: thin } = boot();
  exports.keep();
  const fat = exports.create();
  const size = 12n << 20n;
  const [thinAt, fatAt] = [thin, fat].map((space) => exports.map(space, 0n, size, READ | WRITE, PRIVATE | ANONYMOUS));
  assert.ok(thinAt && fatAt);
  for (let at = 0n; at < 8n << 20n; at += PAGE) assert.equal(exports.fault(fat, fatAt + at, 6n), HANDLED);
  for (let at = 0n; at < 4n << 20n; at += PAGE) assert.equal(exports.fault(thin, thinAt + at, 6n), HANDLED);
  assert.equal(exports.endedCount(), 0);
  for (let at = 4n << 20n; at < 8n << 20n; at += PAGE) assert.equal(exports.fault(thin, thinAt + at, 6n), HANDLED);
  assert.deepEqual([exports.endedCount(), exports.endedSpace(0)], [1, fat]);
  assert.equal(exports.anonymousPages(fat), 0n);
  assert.equal(exports.fault(fat, fatAt, 6n), OUT_OF_MEMORY, "it gets nothing any more");
  let result = HANDLED;
  exports.map(thin, thinAt + size, size, READ | WRITE, PRIVATE | ANONYMOUS | FIXED);
  for (let at = 8n << 20n; at < 2n * size && result === HANDLED; at += PAGE)
    result = exports.fault(thin, thinAt + at, 6n);
  assert.equal(result, OUT_OF_MEMORY);
  assert.deepEqual([exports.endedCount(), exports.endedSpace(1)], [2, thin], "the last one ends itself");
});

// ── Against a model ────────────────────────────────────────────────────────────────────────────────────────────────

interface Backing {
  readonly values: number[];
}
interface Page {
  protection: number;
  /** What the page shows when the program has stored nothing of its own into it; null: zeros. */
  backing: Backing | null;
  index: number;
  isShared: boolean;
  own: number | null;
}
type Model = Map<bigint, Page>;

const ARENA = 0x40000000n;
const ARENA_PAGES = 96;

function shownValue(page: Page): number {
  return page.own ?? (page.backing === null ? 0 : (page.backing.values[page.index] ?? 0));
}

function checkSpace(exports: Exports, space: number, model: Model, note: string): void {
  for (let i = 0; i < ARENA_PAGES; i++) {
    const address = ARENA + BigInt(i) * PAGE;
    const page = model.get(address);
    if (!page) {
      assert.equal(exports.fault(space, address, 4n), NOT_MAPPED, `${note}: page ${i} is not mapped`);
      continue;
    }
    const isBeyond = page.own === null && page.backing !== null && page.index >= page.backing.values.length;
    const expected = page.protection === 0 || isBeyond ? -1 : shownValue(page);
    assert.equal(exports.peek(space, address), expected, `${note}: value of page ${i}`);
  }
  let last = 0n;
  let total = 0n;
  for (let i = 0; i < exports.mappingCount(space); i++) {
    const [start, end] = [exports.mappingStart(space, i), exports.mappingEnd(space, i)];
    assert.ok(start >= last && end > start, `${note}: mappings are ordered`);
    for (let at = start; at < end; at += PAGE) {
      assert.equal(model.get(at)?.protection, exports.mappingProtection(space, i), `${note}: protection`);
    }
    total += (end - start) / PAGE;
    last = end;
  }
  assert.equal(total, BigInt(model.size), `${note}: pages mapped`);
  assert.equal(exports.mappedPages(space), total, `${note}: mappedPages`);
}

function runAgainstModel(seed: number, steps: number): void {
  const random = new SeededRandom(seed);
  const { exports, machine, space: first } = boot();
  // The zero page and the like come into being before memory is counted.
  exports.peek(first, exports.map(first, ARENA, PAGE, READ, PRIVATE | ANONYMOUS | FIXED));
  exports.unmap(first, ARENA, PAGE);
  const freeBefore = exports.freeCount();
  const file: Backing = { values: Array.from({ length: FILE_PAGES }, (_, i) => i + 1) };
  const live: { space: number; model: Model }[] = [{ space: first, model: new Map() }];
  const protections = [0, READ, READ | WRITE, READ | WRITE, READ | WRITE, READ | EXEC, WRITE];
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)] as T;

  for (let step = 0; step < steps; step++) {
    const { space, model } = pick(live);
    const note = `seed ${seed}, step ${step}`;
    const firstPage = random.below(ARENA_PAGES);
    const count = 1 + random.below(Math.min(24, ARENA_PAGES - firstPage));
    const start = ARENA + BigInt(firstPage) * PAGE;
    const length = BigInt(count) * PAGE;
    const pages = Array.from({ length: count }, (_, i) => start + BigInt(i) * PAGE);
    switch (random.below(11)) {
      case 0: {
        const protection = pick(protections);
        assert.equal(exports.map(space, start, length, protection, PRIVATE | ANONYMOUS | FIXED), start, note);
        for (const at of pages) model.set(at, { protection, backing: null, index: 0, isShared: false, own: null });
        break;
      }
      case 1: {
        const protection = pick(protections);
        const offset = random.below(FILE_PAGES);
        const isShared = random.below(2) === 0;
        const flags = (isShared ? SHARED : PRIVATE) | FIXED;
        assert.equal(exports.mapFile(space, start, length, protection, flags, BigInt(offset) * PAGE), start, note);
        pages.forEach((at, i) => {
          model.set(at, { protection, backing: file, index: offset + i, isShared, own: null });
        });
        break;
      }
      case 2: {
        const protection = pick(protections);
        assert.equal(exports.map(space, start, length, protection, SHARED | FIXED), start, note);
        const backing = { values: new Array<number>(count).fill(0) };
        pages.forEach((at, i) => {
          model.set(at, { protection, backing, index: i, isShared: true, own: null });
        });
        break;
      }
      case 3:
      case 4:
        assert.equal(exports.unmap(space, start, length), 0n, note);
        for (const at of pages) model.delete(at);
        break;
      case 5: {
        const protection = pick(protections);
        const hole = pages.findIndex((at) => !model.has(at));
        const result = exports.protect(space, start, length, protection);
        assert.equal(result, hole < 0 ? 0n : ENOMEM, note);
        for (const at of hole < 0 ? pages : pages.slice(0, hole)) {
          const page = model.get(at);
          if (page) page.protection = protection;
        }
        break;
      }
      case 6: {
        const hasHole = pages.some((at) => !model.has(at));
        assert.equal(exports.madvise(space, start, length, 4), hasHole ? ENOMEM : 0n, note);
        for (const at of pages) {
          const page = model.get(at);
          if (page) page.own = null;
        }
        break;
      }
      case 7:
      case 8:
        for (const at of pages) {
          const page = model.get(at);
          const value = 1 + random.below(255);
          const result = exports.poke(space, at, value);
          const isBeyond = page?.backing && page.own === null && page.index >= page.backing.values.length;
          const isAllowed = page !== undefined && (page.protection & WRITE) !== 0 && !isBeyond;
          assert.equal(result, isAllowed ? 0 : -1, `${note}: store into page ${(at - ARENA) / PAGE}`);
          if (!isAllowed || !page) continue;
          if (page.isShared && page.backing) page.backing.values[page.index] = value;
          else page.own = value;
        }
        break;
      case 9: {
        const target = ARENA + BigInt(random.below(ARENA_PAGES - count)) * PAGE;
        const overlaps = target < start + length && start < target + length;
        const source = pages.map((at) => model.get(at));
        const head = source[0];
        const result = exports.move(space, start, length, length, 3, target);
        if (overlaps) assert.equal(result, EINVAL, note);
        if (result >= 0n) {
          assert.equal(result, target, note);
          assert.ok(head, note);
          pages.forEach((at, i) => {
            const page = source[i];
            assert.ok(page, note);
            model.delete(at);
            model.set(target + BigInt(i) * PAGE, page);
          });
        } else if (result === EFAULT && !overlaps && head) {
          // The range crosses mappings: Linux has cleared the target by then when the start is mapped.
          const isCleared = exports.fault(space, target, 4n) === NOT_MAPPED && model.has(target);
          if (isCleared) for (let i = 0; i < count; i++) model.delete(target + BigInt(i) * PAGE);
        }
        break;
      }
      case 10:
        if (live.length < 3 && random.below(4) === 0) {
          const child = exports.fork(space);
          assert.ok(child >= 0, note);
          const copy: Model = new Map([...model].map(([at, page]) => [at, { ...page }]));
          live.push({ space: child, model: copy });
        } else if (live.length > 1 && random.below(4) === 0) {
          const index = random.below(live.length);
          const [gone] = live.splice(index, 1);
          if (gone) exports.destroy(gone.space);
        }
        break;
    }
    if (step % 8 === 0) for (const each of live) checkSpace(exports, each.space, each.model, note);
  }
  for (const each of live) {
    checkSpace(exports, each.space, each.model, `seed ${seed}, end`);
    exports.destroy(each.space);
  }
  assert.equal(exports.tableCount(), 0, `seed ${seed}: page tables left over`);
  assert.equal(exports.fileUsers(), 0, `seed ${seed}: mappings the file still counts`);
  // The first space's root went too.
  assert.equal(exports.freeCount(), freeBefore + 1n, `seed ${seed}: frames`);
  void machine;
}

test("random sequences of calls and stores agree with a model, and no frame is lost", () => {
  const seeds = Number(process.env.EGGOS_SEEDS ?? 12);
  for (let seed = 1; seed <= seeds; seed++) runAgainstModel(seed, 400);
});

const TABLE_PAGES = 512;
const TABLE = BigInt(TABLE_PAGES) * PAGE;

test("a fork shares whole page tables, and a store gives its side a table of its own", () => {
  const { exports, space } = boot();
  const start = 0x40_0000_0000n;
  exports.map(space, start, 4n * TABLE, READ | WRITE, PRIVATE | ANONYMOUS | FIXED);
  for (let page = 0n; page < BigInt(4 * TABLE_PAGES); page++) exports.poke(space, start + page * PAGE, 1);
  const [freeBefore, tablesBefore] = [exports.freeCount(), exports.tableCount()];
  const child = exports.fork(space);
  // The root, and the tables of the two levels above the leaves.
  assert.equal(freeBefore - exports.freeCount(), 3n);
  assert.equal(exports.tableCount() - tablesBefore, 2);
  assert.equal(exports.anonymousPages(child), exports.anonymousPages(space), "both have the pages resident");
  exports.poke(child, start + TABLE, 2);
  assert.equal(freeBefore - exports.freeCount(), 5n, "a table and a page");
  exports.poke(space, start + TABLE + PAGE, 3);
  const seen = [start, start + TABLE, start + TABLE + PAGE].flatMap((at) => [
    exports.peek(space, at),
    exports.peek(child, at),
  ]);
  assert.deepEqual(seen, [1, 1, 1, 2, 3, 1]);
  exports.destroy(space);
  assert.equal(exports.peek(child, start + 3n * TABLE), 1, "the last one has the tables for itself");
  exports.poke(child, start + 3n * TABLE, 4);
  assert.equal(exports.peek(child, start + 3n * TABLE), 4);
  exports.destroy(child);
  assert.equal(exports.tableCount(), 0);
});

test("a page table is not shared when part of it is not for the child, or is a file's", () => {
  const { exports, space } = boot();
  const start = 0x40_0000_0000n;
  const [WIPE_ON_FORK, DONT_FORK] = [18, 10];
  exports.map(space, start, 4n * TABLE, READ | WRITE, PRIVATE | ANONYMOUS | FIXED);
  exports.madvise(space, start, PAGE, WIPE_ON_FORK);
  exports.madvise(space, start + 2n * TABLE - PAGE, PAGE, DONT_FORK);
  exports.mapFile(space, start + 2n * TABLE, PAGE, READ | WRITE, PRIVATE | FIXED, 0n);
  for (let page = 0n; page < BigInt(4 * TABLE_PAGES); page++) exports.poke(space, start + page * PAGE, 1);
  const tablesBefore = exports.tableCount();
  const child = exports.fork(space);
  assert.equal(exports.tableCount() - tablesBefore, 5, "three of the four are copies");
  assert.equal(exports.peek(child, start), 0);
  assert.equal(exports.peek(child, start + 2n * TABLE - PAGE), -1);
  assert.equal(exports.peek(child, start + 2n * TABLE), 1);
  assert.equal(exports.peek(child, start + 3n * TABLE), 1);
});

/** Forks, stores and calls over a few densely filled page tables, beside a model of each page's content and rights. */
function runTables(seed: number, steps: number): void {
  const { exports, space: first } = boot();
  const freeBefore = exports.freeCount();
  const random = new SeededRandom(seed);
  const pages = 5 * TABLE_PAGES;
  const start = 0x40_0000_0000n + BigInt(random.below(TABLE_PAGES)) * PAGE;
  const at = (page: number): bigint => start + BigInt(page) * PAGE;
  interface Side {
    space: number;
    /** Content, -1 where nothing is mapped. */
    values: Int16Array;
    writable: Uint8Array;
  }
  let live: Side[] = [{ space: first, values: new Int16Array(pages).fill(-1), writable: new Uint8Array(pages) }];
  for (let step = 0; step < steps; step++) {
    const side = live[random.below(live.length)] as Side;
    const from = random.below(pages);
    // Often at a table's edge, often long.
    const length = 1 + random.below(Math.min(pages - from, [4, 40, 700, pages][random.below(4)] ?? 1));
    const [address, size] = [at(from), BigInt(length) * PAGE];
    const note = `seed ${seed}, step ${step}`;
    const isMapped = !side.values.subarray(from, from + length).includes(-1);
    switch (random.below(8)) {
      case 0:
        assert.equal(exports.map(side.space, address, size, READ | WRITE, PRIVATE | ANONYMOUS | FIXED), address, note);
        side.values.fill(0, from, from + length);
        side.writable.fill(1, from, from + length);
        break;
      case 1:
        assert.equal(exports.unmap(side.space, address, size), 0n, note);
        side.values.fill(-1, from, from + length);
        break;
      case 2: {
        if (!isMapped) break;
        const mayWrite = random.below(3) > 0;
        assert.equal(exports.protect(side.space, address, size, mayWrite ? READ | WRITE : READ), 0n, note);
        side.writable.fill(mayWrite ? 1 : 0, from, from + length);
        break;
      }
      case 3:
        if (!isMapped) break;
        assert.equal(exports.madvise(side.space, address, size, 4), 0n, note);
        side.values.fill(0, from, from + length);
        break;
      case 4:
      case 5:
        for (let page = from; page < from + length; page++) {
          const value = 1 + random.below(255);
          const isAllowed = side.values[page] !== -1 && side.writable[page] === 1;
          assert.equal(exports.poke(side.space, at(page), value), isAllowed ? 0 : -1, `${note}, page ${page}`);
          if (isAllowed) side.values[page] = value;
        }
        break;
      case 6:
        if (live.length < 4) {
          const child = exports.fork(side.space);
          live.push({ space: child, values: side.values.slice(), writable: side.writable.slice() });
        }
        break;
      case 7:
        if (live.length > 1) {
          exports.destroy(side.space);
          live = live.filter((one) => one !== side);
        }
        break;
    }
    for (const each of live) {
      for (let count = 0; count < 60; count++) {
        const page = random.below(pages);
        assert.equal(exports.peek(each.space, at(page)), each.values[page], `${note}: page ${page} of ${each.space}`);
      }
    }
  }
  for (const each of live) exports.destroy(each.space);
  assert.equal(exports.tableCount(), 0, `seed ${seed}: page tables left over`);
  // The first space's root went too; the page of zeros came.
  const frames = exports.freeCount() - freeBefore;
  assert.ok(frames === 0n || frames === 1n, `seed ${seed}: ${frames} frames`);
}

test("shared page tables agree with a model through forks, stores, unmapping and protection, and no frame is lost", () => {
  const seeds = Number(process.env.EGGOS_SEEDS ?? 8);
  for (let seed = 1; seed <= seeds; seed++) runTables(seed, 120);
});
