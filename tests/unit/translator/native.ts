// Runs a wasm module twice, in Node and translated to C on this machine, and tells what each call gave.
//
// The native program reads calls from standard input and answers one line each. Its linear memory stands in a
// reserved stretch of address space, so that an access out of bounds is a SIGSEGV as it is a trap in wasm.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../../../tools/kernel/cache.ts";
import { compileCached } from "../../../tools/kernel/compile.ts";
import type { SourceTypes } from "../../../tools/translator/source-types.ts";
import { type Translation, translate } from "../../../tools/translator/translate.ts";
import { readModule, type Signature, type ValueType } from "../../../tools/translator/wasm-module.ts";

export type Argument = number | bigint;
export type Call = readonly [name: string, ...values: Argument[]];

export interface Module {
  readonly wasm: Uint8Array;
  readonly sourceMap: string;
  readonly types?: SourceTypes;
}

/** Compile a `.as.ts` next to the caller. */
export async function compileSample(url: URL): Promise<Module> {
  const path = decodeURIComponent(url.pathname);
  return compileCached({ entries: [path], runtime: "minimal", noUnsafe: false, memoryBase: 0x1000 });
}

export function translateForHost({ wasm, sourceMap, types }: Module): Translation {
  const options = { head: hostHead(wasm), allowFloats: true, exportPrefix: "kernel_" };
  return translate(wasm, sourceMap, types === undefined ? options : { ...options, types });
}

/** In the low 2 GiB, as position-dependent code wants its symbols; above the program and its heap. */
const linearBase = "0x10000000";
const cTypes: Record<ValueType, string> = { i32: "uint32_t", i64: "uint64_t", f32: "float", f64: "double" };

function prototype(name: string, { parameters, result }: Signature): string {
  return `${result === null ? "void" : cTypes[result]} ${name}(${parameters.map((type) => cTypes[type]).join(", ") || "void"});`;
}

function hostHead(wasm: Uint8Array): string {
  const imports = readModule(wasm).imports.map((entry) => prototype(`${entry.module}_${entry.field}`, entry.signature));
  return [
    "#define LINEAR_GROWS",
    `#include <stdint.h>`,
    "uint32_t linear_size(uint32_t);",
    "uint32_t linear_grow(uint32_t);",
    `#include "${join(repositoryRoot, "tools/translator/prelude.h")}"`,
    ...imports,
  ].join("\n");
}

/** `main`: memory, traps, and a dispatcher over the exports. */
function driver(wasm: Uint8Array, translation: Translation, isIsolated: boolean): string {
  const next = isIsolated ? "return 0;" : "continue;";
  const module = readModule(wasm);
  const signatureOf = (index: number) => module.functions[index - module.imports.length]?.signature;
  const lines = [
    "#define _GNU_SOURCE",
    "#include <setjmp.h>",
    "#include <signal.h>",
    "#include <stdint.h>",
    "#include <stdio.h>",
    "#include <stdlib.h>",
    "#include <string.h>",
    "#include <sys/mman.h>",
    "#include <sys/wait.h>",
    "#include <unistd.h>",
    "static sigjmp_buf escape;",
    `static uint32_t pages = ${translation.memoryBytes / 0x10000};`,
    `static uint8_t *const base = (uint8_t *)${linearBase};`,
    "uint32_t linear_size(uint32_t initial) { (void)initial; return pages; }",
    "uint32_t linear_grow(uint32_t more) {",
    "  uint32_t before = pages;",
    "  if (more > 65536 - pages) return (uint32_t)-1;",
    "  mprotect(base, (uint64_t)(pages + more) << 16, PROT_READ | PROT_WRITE);",
    "  pages += more;",
    "  return before;",
    "}",
    "static void on_trap(int number) { siglongjmp(escape, number); }",
    "void kernel_start(void);",
  ];
  for (const entry of module.imports) {
    if (entry.module !== "env" || entry.field !== "abort") throw new Error(`no native ${entry.module}.${entry.field}`);
    lines.push(
      "void env_abort(uint32_t m, uint32_t f, uint32_t l, uint32_t c) { (void)m; (void)f; (void)l; (void)c; siglongjmp(escape, 99); }",
    );
  }
  const dispatch: string[] = [];
  for (const [name, index] of module.exports) {
    const signature = signatureOf(index);
    if (!signature) continue;
    lines.push(prototype(`kernel_${name}`, signature));
    const values = signature.parameters.map((type, position) => {
      const bits = `arguments[${position}]`;
      if (type === "f32" || type === "f64") return `as_${type}(${bits})`;
      return `(${cTypes[type]})${bits}`;
    });
    const call = `kernel_${name}(${values.join(", ")})`;
    let statement = `${call}; puts("ok");`;
    if (signature.result === "i32" || signature.result === "i64") statement = `printf("%lx\\n", (uint64_t)${call});`;
    else if (signature.result !== null) statement = `printf("%lx\\n", bits_${signature.result}(${call}));`;
    dispatch.push(`if (!strcmp(name, "${name}")) { ${statement} ${next} }`);
  }
  lines.push(
    "static inline float as_f32(uint64_t bits) { float f; uint32_t b = (uint32_t)bits; memcpy(&f, &b, 4); return f; }",
    "static inline double as_f64(uint64_t bits) { double f; memcpy(&f, &bits, 8); return f; }",
    "static inline uint64_t bits_f32(float f) { uint32_t b; memcpy(&b, &f, 4); return f != f ? 0x7fc00000 : b; }",
    "static inline uint64_t bits_f64(double f) { uint64_t b; memcpy(&b, &f, 8); return f != f ? 0x7ff8000000000000 : b; }",
    "extern const uint8_t data_start[], data_end[];",
    "int main(void) {",
    "  mmap(base, 1ul << 33, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);",
    "  mprotect(base, (uint64_t)pages << 16, PROT_READ | PROT_WRITE);",
    `  memcpy(base + ${translation.data.offset}, data_start, data_end - data_start);`,
    "  struct sigaction action = {.sa_handler = on_trap, .sa_flags = SA_NODEFER};",
    "  sigaction(SIGILL, &action, 0);",
    "  sigaction(SIGSEGV, &action, 0);",
    "  static char line[4096];",
    '  if (sigsetjmp(escape, 1)) { puts("trap at start"); return 0; }',
    "  kernel_start();",
    "  while (fgets(line, sizeof line, stdin)) {",
    "    uint64_t arguments[16] = {0};",
    '    char *name = strtok(line, " \\n");',
    "    if (!name) continue;",
    '    for (int i = 0; i < 16; i++) { char *word = strtok(0, " \\n"); if (!word) break; arguments[i] = strtoul(word, 0, 16); }',
    // A call that traps leaves undecided what it stored: gcc drops stores before a trap.
    "    fflush(stdout);",
    `    pid_t child = ${isIsolated ? "fork()" : "0"};`,
    "    if (child) { waitpid(child, 0, 0); continue; }",
    `    if (sigsetjmp(escape, 1)) { puts("trap"); ${next} }`,
    ...dispatch.map((line) => `    ${line}`),
    '    puts("unknown");',
    "  }",
    "  return 0;",
    "}",
  );
  return lines.join("\n");
}

/** Translate, compile with gcc at `level`, and make the calls, each in a process of its own if `isIsolated`; one answer a call. */
export function runNative(module: Module, calls: readonly Call[], level = "-O2", isIsolated = false): string[] {
  const translation = translateForHost(module);
  const folder = mkdtempSync(join(tmpdir(), "translator-"));
  try {
    mkdirSync(folder, { recursive: true });
    const files = [...translation.units, { name: "driver", text: driver(module.wasm, translation, isIsolated) }].map(
      ({ name, text }) => {
        writeFileSync(join(folder, `${name}.c`), text);
        return `${name}.c`;
      },
    );
    writeFileSync(join(folder, "data.bin"), translation.data.bytes);
    writeFileSync(
      join(folder, "data.S"),
      '.section .rodata\n.globl data_start, data_end\ndata_start: .incbin "data.bin"\ndata_end:\n.section .note.GNU-stack,"",@progbits\n',
    );
    const flags = [level, "-w", "-fno-pie", "-no-pie", "-fno-strict-aliasing", "-ffp-contract=off"];
    flags.push(`-Wl,--defsym,linear_guard=${linearBase}-0x1000`);
    execFileSync("gcc", [...flags, "-o", "program", ...files, "data.S", "-lm"], { cwd: folder, stdio: "pipe" });
    const input = calls.map(([name, ...values]) => [name, ...values.map(toBits)].join(" ")).join("\n");
    return execFileSync(join(folder, "program"), { input: `${input}\n`, encoding: "utf8", timeout: 60_000 })
      .trimEnd()
      .split("\n");
  } finally {
    if (!process.env.KEEP_TRANSLATION) rmSync(folder, { recursive: true });
    else console.error(folder);
  }
}

/** A number that is not an integer travels as the bits of its f64. */
function toBits(value: Argument): string {
  if (typeof value === "bigint") return BigInt.asUintN(64, value).toString(16);
  if (Number.isInteger(value) && Math.abs(value) <= 0xffffffff && !Object.is(value, -0)) {
    return BigInt.asUintN(64, BigInt(value)).toString(16);
  }
  throw new Error("pass floats as bits");
}

/** Make the calls in Node, each on an instance of its own if `isIsolated`. Float parameters are given as bits, as for the native program. */
export function runInNode(module: Module, calls: readonly Call[], isIsolated = false): string[] {
  const decoded = readModule(module.wasm);
  class Abort extends Error {}
  const compiled = new WebAssembly.Module(module.wasm as Uint8Array<ArrayBuffer>);
  const abort = () => {
    throw new Abort();
  };
  let instance = new WebAssembly.Instance(compiled, { env: { abort } });
  const view = new DataView(new ArrayBuffer(8));
  return calls.map(([name, ...values]) => {
    const signature = decoded.functions[(decoded.exports.get(name) ?? -1) - decoded.imports.length]?.signature;
    if (isIsolated) instance = new WebAssembly.Instance(compiled, { env: { abort } });
    const callable = instance.exports[name] as ((...values: Argument[]) => Argument | undefined) | undefined;
    if (!signature || !callable) return "unknown";
    const converted = values.map((value, position) => {
      const type = signature.parameters[position];
      if (type === "i64") return BigInt(value);
      if (type === "i32") return Number(value);
      view.setBigUint64(0, BigInt.asUintN(64, BigInt(value)), true);
      return type === "f32" ? view.getFloat32(0, true) : view.getFloat64(0, true);
    });
    let result: Argument | undefined;
    try {
      result = callable(...converted);
    } catch (error) {
      if (error instanceof RangeError) return "stack overflow";
      return "trap";
    }
    if (signature.result === null) return "ok";
    if (signature.result === "i32") return (Number(result) >>> 0).toString(16);
    if (signature.result === "i64") return BigInt.asUintN(64, BigInt(result ?? 0)).toString(16);
    const number = Number(result);
    if (signature.result === "f32") {
      view.setFloat32(0, number, true);
      return Number.isNaN(number) ? "7fc00000" : view.getUint32(0, true).toString(16);
    }
    view.setFloat64(0, number, true);
    return Number.isNaN(number) ? "7ff8000000000000" : view.getBigUint64(0, true).toString(16);
  });
}
