// "#!" files: which interpreter runs them, with which argument (man 2 execve, "Interpreter scripts"; Linux fs/binfmt_script.c).

import { bytesAddress } from "memory/address";
import { ENOEXEC } from "../abi/errno";
import { PageSource } from "../memory/page-source";
import { readSource } from "./elf";

/** BINPRM_BUF_SIZE: the first line counts this far. */
const LINE_SIZE: i32 = 256;
const HASH: u8 = 0x23;
const BANG: u8 = 0x21;
const NEWLINE: u8 = 0x0a;
const SPACE: u8 = 0x20;
const TAB: u8 = 0x09;

/** What the last `readScript` found: the interpreter's path, and its argument or null. */
export let interpreter: StaticArray<u8> = new StaticArray<u8>(0);
export let argument: StaticArray<u8> | null = null;

/** Whether a file begins with "#!"; then its first line is read. 1, 0, or -ENOEXEC for a line that names no interpreter. */
export function readScript(source: PageSource): i32 {
  let line = new StaticArray<u8>(LINE_SIZE);
  let length = <i32>min(<u64>LINE_SIZE, source.sizeBytes);
  if (length < 2 || readSource(source, 0, bytesAddress(line), <u64>length) < 0) return 0;
  if (line[0] != HASH || line[1] != BANG) return 0;
  let end = 2;
  while (end < length && line[end] != NEWLINE && line[end] != 0) end++;
  let isCut = end == LINE_SIZE;
  let start = skipBlanks(line, 2, end);
  let nameEnd = start;
  while (nameEnd < end && !isBlank(line[nameEnd])) nameEnd++;
  // A line that is too long must at least hold the whole name.
  if (nameEnd == start || (isCut && nameEnd == end)) return -ENOEXEC;
  interpreter = piece(line, start, nameEnd);
  let argumentStart = skipBlanks(line, nameEnd, end);
  while (end > argumentStart && isBlank(line[end - 1])) end--;
  argument = argumentStart < end ? piece(line, argumentStart, end) : null;
  return 1;
}

function isBlank(byte: u8): bool {
  return byte == SPACE || byte == TAB;
}

function skipBlanks(line: StaticArray<u8>, from: i32, end: i32): i32 {
  while (from < end && isBlank(line[from])) from++;
  return from;
}

function piece(line: StaticArray<u8>, from: i32, to: i32): StaticArray<u8> {
  let result = new StaticArray<u8>(to - from);
  for (let i = from; i < to; i++) result[i - from] = line[i];
  return result;
}
