// The table behind a panic's backtrace: for every stretch of kernel code the TypeScript functions and lines it came
// from, inlined ones first. Made from the linked kernel's DWARF, read at run time by machine/x86_64/symbols.c, which
// describes the format.

import { spawn } from "node:child_process";
import { resolve } from "node:path";
import type { FunctionName } from "../translator/translate.ts";
import { repositoryRoot } from "./cache.ts";
import { ToolError } from "./gcc.ts";

/** One function, as it stands in a backtrace. */
interface Frame {
  readonly name: string;
  /** Path relative to the repository; empty where there is no source. */
  readonly file: string;
  readonly line: number;
}

/** Code from `address` on comes from these frames, the innermost inlined one first. */
export interface Row {
  readonly address: bigint;
  readonly frames: readonly Frame[];
}

const generatedFile = /^build\/.*\/c\/\w+\.c$/;
const imageBase = 0xffffffff80000000n;
const magic = 0x324d5953;
const rowsPerBlock = 64;

/** Every row of the line table, with its inlined frames. */
export async function readRows(elf: string, functions: readonly FunctionName[]): Promise<Row[]> {
  const path = resolve(repositoryRoot, elf);
  const lineTable = await pipe("objdump", ["--dwarf=decodedline", path], "");
  const addresses = new Set<bigint>();
  for (const [address] of lineTable.matchAll(/\b0xffffffff[0-9a-f]{8}\b/g)) addresses.add(BigInt(address));
  const sorted = [...addresses].toSorted((a, b) => (a < b ? -1 : 1));
  const input = sorted.map((address) => address.toString(16)).join("\n");
  const answers = await pipe("addr2line", ["-a", "-i", "-f", "-e", path], input);
  return parseAnswers(answers, new Map(functions.map((entry) => [entry.cName, entry])));
}

/** addr2line -a -i -f: the address, then a line with the function and one with file:line for each frame. */
function parseAnswers(answers: string, known: ReadonlyMap<string, FunctionName>): Row[] {
  const rows: Row[] = [];
  let frames: Frame[] = [];
  const lines = answers.split("\n");
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    if (line.startsWith("0x")) {
      frames = [];
      rows.push({ address: BigInt(line), frames });
      continue;
    }
    const place = lines[++index] ?? "";
    if (line === "" || line === "??") continue;
    const match = /^(?:\.\/)*(.*?):(\d+|\?)/.exec(place);
    const typescript = known.get(line);
    const found = match?.[1] ?? "";
    // What stands before a function's first mark has the generated file's name, and the TypeScript's line.
    const file = generatedFile.test(found) && typescript?.file ? typescript.file : found;
    // Helpers of the translator are no functions of anybody's.
    if (file.endsWith("translator/prelude.h")) continue;
    if (typescript?.file === null) frames.push({ name: typescript.name, file: "", line: 0 });
    else frames.push({ name: typescript?.name ?? line, file: sourceName(file), line: Number(match?.[2]) || 0 });
  }
  return rows;
}

/** asc's own library by the name that TypeScript knows it by. */
function sourceName(file: string): string {
  return file === "??" ? "" : file.replace(/^node_modules\/assemblyscript\/std\/assembly\//, "~lib/");
}

/** Rows sorted by address as bytes; see machine/x86_64/symbols.c. */
export function encodeRows(rows: readonly Row[]): Uint8Array {
  const texts = new Pool<string>((text) => text);
  const functions = new Pool<{ name: string; file: string }>(({ name, file }) => `${name}\0${file}`);
  const nodes = new Pool<{ parent: number; function: number; line: number }>(
    (node) => `${node.parent},${node.function},${node.line}`,
  );
  functions.index({ name: "", file: "" });
  nodes.index({ parent: 0, function: 0, line: 0 });
  const blocks: number[] = [];
  const stream: number[] = [];
  let count = 0;
  let address = 0;
  let node = 0;
  for (const row of rows) {
    let next = 0;
    for (const { name, file, line } of row.frames.toReversed()) {
      next = nodes.index({ parent: next, function: functions.index({ name, file }), line: Math.min(line, 0xffff) });
    }
    if (next === node) continue;
    const rowAddress = Number(row.address - imageBase);
    if (count % rowsPerBlock === 0) blocks.push(rowAddress, stream.length, node);
    const distance = count % rowsPerBlock === 0 ? 0 : rowAddress - address;
    const step = next - node;
    pushNumber(stream, distance);
    pushNumber(stream, step < 0 ? -2 * step - 1 : 2 * step);
    address = rowAddress;
    node = next;
    count += 1;
  }

  const offsets: number[] = [];
  let textBytes = 0;
  const textOffset = (text: string): number => {
    const index = texts.index(text);
    if (index === offsets.length) {
      offsets.push(textBytes);
      textBytes += Buffer.byteLength(text) + 1;
    }
    return offsets[index] ?? 0;
  };
  const functionWords = functions.values.flatMap(({ name, file }) => [textOffset(name), textOffset(file)]);
  const headerBytes = 24;
  const nodesAt = headerBytes + blocks.length * 4;
  const functionsAt = nodesAt + nodes.values.length * 8;
  const textsAt = functionsAt + functionWords.length * 4;
  const streamsAt = textsAt + textBytes;
  const bytes = Buffer.alloc(streamsAt + stream.length);
  let position = 0;
  const word = (value: number) => {
    position = bytes.writeUInt32LE(value >>> 0, position);
  };
  for (const value of [magic, nodesAt, functionsAt, textsAt, streamsAt, count, ...blocks]) word(value);
  for (const entry of nodes.values) {
    word(entry.parent);
    position = bytes.writeUInt16LE(entry.function, position);
    position = bytes.writeUInt16LE(entry.line, position);
  }
  for (const value of functionWords) word(value);
  for (const text of texts.values) position += bytes.write(`${text}\0`, position);
  bytes.set(stream, position);
  return bytes;
}

/** Values numbered in order of appearance, equal ones once. */
class Pool<T> {
  readonly values: T[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #key: (value: T) => string;

  constructor(key: (value: T) => string) {
    this.#key = key;
  }

  index(value: T): number {
    const key = this.#key(value);
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    this.#indexes.set(key, this.values.length);
    return this.values.push(value) - 1;
  }
}

function pushNumber(stream: number[], value: number): void {
  let rest = value;
  for (; rest > 127; rest >>>= 7) stream.push((rest & 127) | 128);
  stream.push(rest);
}

/** Run a command on `input` and return what it prints. */
function pipe(command: string, args: readonly string[], input: string): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    const chunks: Buffer[] = [];
    let errors = "";
    child.on("error", (error) => fail(new ToolError(`${command}: ${error.message}`)));
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on("close", (code) => {
      if (code === 0) done(Buffer.concat(chunks).toString("utf8"));
      else fail(new ToolError(`${command} failed:\n${errors}`));
    });
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
