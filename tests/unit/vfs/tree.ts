// A file tree in the kernel's file layer, on a simulated machine: what the tests of vfs/ and fs/ hold in their hands.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  pathBuffer(): number;
  dataBuffer(): number;
  setUp(ramBytes: bigint, firstFree: bigint): void;
  freeFrames(): bigint;
  pagesUsed(): bigint;
  setPageLimit(pages: bigint): void;
  setCacheCapacity(entries: number): void;
  cacheCount(): number;
  mountTree(kind: number, physical: bigint, length: bigint): number;
  mountDevices(length: number): number;
  mountMemory(length: number): number;
  becomeUser(user: number, group: number): void;
  open(length: number, flags: number, mode: number): number;
  close(file: number): void;
  read(file: number, length: number): bigint;
  readAt(file: number, length: number, offset: bigint): bigint;
  write(file: number, length: number): bigint;
  writeAt(file: number, length: number, offset: bigint): bigint;
  seek(file: number, offset: bigint, whence: number): bigint;
  truncate(file: number, length: bigint): bigint;
  allocate(file: number, mode: number, offset: bigint, length: bigint): bigint;
  readDirectory(file: number, length: number): bigint;
  pageFrame(file: number, index: bigint, forWrite: number): bigint;
  makeDirectory(length: number, mode: number): number;
  makeNode(length: number, mode: number, device: bigint): number;
  makeSymbolicLink(targetLength: number, length: number): number;
  makeLink(oldLength: number, newLength: number): number;
  unlink(length: number): number;
  removeDirectory(length: number): number;
  rename(oldLength: number, newLength: number, flags: number): number;
  find(length: number, follow: number): number;
  findOpen(file: number): void;
  statMode(): number;
  statSize(): bigint;
  statNumber(): bigint;
  statLinks(): number;
  statBlocks(): bigint;
  chmod(mode: number): number;
  readLink(): number;
  pathOf(file: number): number;
  changeDirectory(length: number): number;
  watchFound(): void;
  nextEvent(): number;
  eventName(): number;
}

const wasm = await buildWasm(new URL("./vfs.as.ts", import.meta.url), { initialMemory: 0x800000 });

export type Kind = "tmpfs" | "erofs" | "overlay";

export interface Stat {
  readonly mode: number;
  readonly size: number;
  readonly number: number;
  readonly links: number;
  readonly blocks: number;
}

export interface Entry {
  readonly name: string;
  readonly number: number;
  readonly type: number;
  readonly offset: bigint;
}

export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_DIRECTORY = 0o200000;
export const O_NOFOLLOW = 0o400000;
export const O_PATH = 0o10000000;
export const O_TMPFILE = 0o20200000;

/** An operation failed as the kernel says it fails. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly errno: number;
  constructor(result: number | bigint) {
    super(`errno ${-Number(result)}`);
    this.errno = -Number(result);
  }
}

/** Results below this are errors: Linux MAX_ERRNO. */
const checked = (result: number | bigint): number => {
  if (Number(result) < 0) throw new Refused(result);
  return Number(result);
};

export class Tree {
  readonly kernel: Exports;
  readonly machine;
  readonly #linear: () => Uint8Array;
  /** What mounting answered. */
  readonly mounted: number;

  constructor(kind: Kind, image: Uint8Array = new Uint8Array(0), ramBytes = 24 << 20) {
    const instance = instantiate<Exports>(wasm, { ramBytes });
    this.kernel = instance.exports;
    this.machine = instance.machine;
    this.#linear = instance.linear;
    const imageStart = 0x10000;
    instance.machine.memory.ram.set(image, imageStart);
    const firstFree = (imageStart + image.length + 0xffff) & ~0xfff;
    this.kernel.setUp(BigInt(ramBytes), BigInt(firstFree));
    const number = { tmpfs: 0, erofs: 1, overlay: 2 }[kind];
    this.mounted = this.kernel.mountTree(number, BigInt(imageStart), BigInt(image.length));
  }

  #paths(...texts: (string | Uint8Array)[]): number[] {
    const linear = this.#linear();
    let at = this.kernel.pathBuffer();
    return texts.map((text) => {
      const bytes = typeof text === "string" ? Buffer.from(text) : text;
      linear.set(bytes, at);
      at += bytes.length;
      return bytes.length;
    });
  }

  #path(text: string): number {
    return this.#paths(text)[0] as number;
  }

  #data(length: number): Buffer {
    const start = this.kernel.dataBuffer();
    return Buffer.from(this.#linear().slice(start, start + length));
  }

  open(path: string, flags = O_RDONLY, mode = 0o644): number {
    return checked(this.kernel.open(this.#path(path), flags, mode));
  }
  close(file: number): void {
    this.kernel.close(file);
  }
  read(file: number, length: number): Buffer {
    return this.#data(checked(this.kernel.read(file, length)));
  }
  readAt(file: number, length: number, offset: number): Buffer {
    return this.#data(checked(this.kernel.readAt(file, length, BigInt(offset))));
  }
  write(file: number, bytes: Uint8Array): number {
    this.#linear().set(bytes, this.kernel.dataBuffer());
    return checked(this.kernel.write(file, bytes.length));
  }
  writeAt(file: number, bytes: Uint8Array, offset: number): number {
    this.#linear().set(bytes, this.kernel.dataBuffer());
    return checked(this.kernel.writeAt(file, bytes.length, BigInt(offset)));
  }
  seek(file: number, offset: number, whence: number): number {
    return checked(this.kernel.seek(file, BigInt(offset), whence));
  }
  truncate(file: number, length: number): void {
    checked(this.kernel.truncate(file, BigInt(length)));
  }
  allocate(file: number, mode: number, offset: number, length: number): void {
    checked(this.kernel.allocate(file, mode, BigInt(offset), BigInt(length)));
  }
  pageFrame(file: number, index: number, forWrite = false): number {
    return checked(this.kernel.pageFrame(file, BigInt(index), Number(forWrite)));
  }
  mkdir(path: string, mode = 0o755): void {
    checked(this.kernel.makeDirectory(this.#path(path), mode));
  }
  mknod(path: string, mode: number, device = 0n): void {
    checked(this.kernel.makeNode(this.#path(path), mode, device));
  }
  symlink(target: string, path: string): void {
    const [first, second] = this.#paths(target, path) as [number, number];
    checked(this.kernel.makeSymbolicLink(first, second));
  }
  link(from: string, to: string): void {
    const [first, second] = this.#paths(from, to) as [number, number];
    checked(this.kernel.makeLink(first, second));
  }
  unlink(path: string): void {
    checked(this.kernel.unlink(this.#path(path)));
  }
  rmdir(path: string): void {
    checked(this.kernel.removeDirectory(this.#path(path)));
  }
  rename(from: string, to: string, flags = 0): void {
    const [first, second] = this.#paths(from, to) as [number, number];
    checked(this.kernel.rename(first, second, flags));
  }
  chdir(path: string): void {
    checked(this.kernel.changeDirectory(this.#path(path)));
  }
  mountDevices(path: string): boolean {
    return this.kernel.mountDevices(this.#path(path)) !== 0;
  }
  mountMemory(path: string): boolean {
    return this.kernel.mountMemory(this.#path(path)) !== 0;
  }

  stat(path: string, follow = true): Stat {
    checked(this.kernel.find(this.#path(path), Number(follow)));
    return this.#stat();
  }
  lstat(path: string): Stat {
    return this.stat(path, false);
  }
  fstat(file: number): Stat {
    this.kernel.findOpen(file);
    return this.#stat();
  }
  #stat(): Stat {
    return {
      mode: this.kernel.statMode() >>> 0,
      size: Number(this.kernel.statSize()),
      number: Number(this.kernel.statNumber()),
      links: this.kernel.statLinks() >>> 0,
      blocks: Number(this.kernel.statBlocks()),
    };
  }
  chmod(path: string, mode: number): void {
    checked(this.kernel.find(this.#path(path), 1));
    checked(this.kernel.chmod(mode));
  }
  readlink(path: string): string {
    checked(this.kernel.find(this.#path(path), 0));
    return this.#data(checked(this.kernel.readLink())).toString();
  }
  pathOf(file: number): string {
    return this.#data(checked(this.kernel.pathOf(file))).toString();
  }
  watch(path: string): void {
    checked(this.kernel.find(this.#path(path), 1));
    this.kernel.watchFound();
  }
  /** Events since the last call: bits and names. */
  events(): [bits: number, name: string][] {
    const seen: [number, string][] = [];
    for (let bits = this.kernel.nextEvent(); bits !== 0; bits = this.kernel.nextEvent()) {
      seen.push([bits, this.#data(this.kernel.eventName()).toString()]);
    }
    return seen;
  }

  /** Records from where the file stands: one getdents64. */
  records(file: number, capacity = 4096): Entry[] {
    const bytes = this.#data(checked(this.kernel.readDirectory(file, capacity)));
    const entries: Entry[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.readUInt16LE(at + 16);
      const name = bytes.subarray(at + 19, bytes.indexOf(0, at + 19)).toString();
      const number = Number(bytes.readBigUInt64LE(at));
      entries.push({ name, number, type: bytes.readUInt8(at + 18), offset: bytes.readBigUInt64LE(at + 8) });
      at += length;
    }
    return entries;
  }
  /** All records of a directory but the dots, in their order. */
  list(path: string, capacity = 4096): Entry[] {
    const file = this.open(path, O_DIRECTORY);
    const all: Entry[] = [];
    for (let some = this.records(file, capacity); some.length > 0; some = this.records(file, capacity))
      all.push(...some);
    this.close(file);
    return all.filter(({ name }) => name !== "." && name !== "..");
  }
  names(path: string): string[] {
    return this.list(path)
      .map(({ name }) => name)
      .toSorted();
  }
  readFile(path: string): Buffer {
    const file = this.open(path);
    const pieces: Buffer[] = [];
    for (let piece = this.read(file, 65536); piece.length > 0; piece = this.read(file, 65536)) pieces.push(piece);
    this.close(file);
    return Buffer.concat(pieces);
  }
  writeFile(path: string, content: string | Uint8Array, flags = O_CREAT | O_TRUNC): void {
    const file = this.open(path, O_WRONLY | flags);
    this.write(file, typeof content === "string" ? Buffer.from(content) : content);
    this.close(file);
  }
}

/** The errno of what `action` is refused with; 0 when it succeeds. */
export function errnoOf(action: () => unknown): number {
  try {
    action();
    return 0;
  } catch (error) {
    if (error instanceof Refused) return error.errno;
    throw error;
  }
}

/** An image of what `fill` puts into a folder, made by mkfs.erofs. */
export function makeImage(fill: (folder: string) => void, ...options: readonly string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "image-"));
  try {
    const source = join(folder, "root");
    execFileSync("mkdir", [source]);
    fill(source);
    const image = join(folder, "image");
    execFileSync("mkfs.erofs", ["-d0", "--all-root", "-T1600000000", ...options, image, source], { stdio: "pipe" });
    const bytes = readFileSync(image);
    return Buffer.concat([bytes, Buffer.alloc((4096 - (bytes.length % 4096)) % 4096)]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
