// wasm in, C out: a pure function from bytes to texts.
//
// The output is one C unit a folder of TypeScript sources (several for a large folder), named after it, each complete
// in itself: it declares just what it uses and holds copies of the small functions of other units that it calls (GNU
// inline definitions, so that hot paths inline across units). A unit's text changes only when something it uses does,
// which is what makes the build incremental.

import { FunctionTranslator, type ModuleContext, type TranslatedFunction } from "./function.ts";
import { trivialBody } from "./memory-access.ts";
import { displayName, Names, sourceOf } from "./names.ts";
import { cType, isPlainType } from "./operators.ts";
import { SourceMap } from "./source-map.ts";
import { noTypes, type SourceTypes, type TypeName } from "./source-types.ts";
import { Writer } from "./statement.ts";
import { assignUnits, stemsOf, stripExtension } from "./units.ts";
import { constantValue } from "./value.ts";
import { at, readModule, type Signature, type ValueType, type WasmFunction, type WasmModule } from "./wasm-module.ts";

export { TranslationError } from "./function.ts";

export interface TranslateOptions {
  /** Text at the head of every unit: the includes that declare the imports (`module_name`). */
  readonly head: string;
  /** Whether floating-point instructions are translated; an error that names the TypeScript line otherwise. */
  readonly allowFloats: boolean;
  /** Prefix of exported functions: "kernel_". */
  readonly exportPrefix: string;
  /** TypeScript's types, for the debugger; without them every variable is an unsigned number. */
  readonly types?: SourceTypes;
  /** The path a debugger finds a source under; the source map's own by default. */
  readonly pathOf?: (source: string) => string;
}

export interface Unit {
  /** File name without extension. */
  readonly name: string;
  readonly text: string;
}

/** What a C function is in TypeScript. */
export interface FunctionName {
  readonly cName: string;
  readonly name: string;
  readonly file: string | null;
  readonly line: number;
}

export interface Translation {
  readonly units: readonly Unit[];
  /** Linear memory's static data: `bytes` start at linear address `offset`. */
  readonly data: { readonly offset: number; readonly bytes: Uint8Array };
  /** Initial linear memory in bytes. */
  readonly memoryBytes: number;
  readonly memoryMaximumPages: number | null;
  readonly functions: readonly FunctionName[];
  /** The C type that stands for a reference → the class it refers to. */
  readonly references: ReadonlyMap<string, string>;
}

/**
 * A function of at most this many instructions, failing paths not counted, is copied into the units that call it:
 * enough for an array's bounds-checked element. More of them make the code larger (half again at 40), not faster.
 */
const inlineOperators = 18;

interface Placed {
  readonly fn: WasmFunction;
  readonly cName: string;
  /** Its source, without extension. */
  readonly stem: string;
  readonly unit: string;
  readonly isSmall: boolean;
  readonly code: TranslatedFunction;
}

/** Translate a module that asc wrote with `--debug --sourceMap`. */
export function translate(wasm: Uint8Array, sourceMapJson: string, options: TranslateOptions): Translation {
  const module = readModule(wasm);
  return new ModuleTranslator(module, new SourceMap(sourceMapJson), options).translate();
}

class ModuleTranslator implements ModuleContext {
  readonly sourceMap: SourceMap;
  readonly allowFloats: boolean;
  readonly tableCapacity: number;
  readonly initialPages: number;
  readonly #module: WasmModule;
  readonly #options: TranslateOptions;
  readonly #names = new Names(null, ["boolean"]);
  readonly #stems: ReadonlySet<string>;
  readonly #functionNames: string[] = [];
  readonly #globalNames: string[] = [];
  readonly #trivial = new Map<number, ReturnType<typeof trivialBody>>();
  readonly #typeIds = new Map<string, number>();
  readonly #placed = new Map<number, Placed>();
  readonly #types: SourceTypes;
  /** Class → the C type of references to it. */
  readonly #references = new Map<TypeName, string>();
  /** Functions that only a failing path calls. */
  readonly #cold: ReadonlySet<number>;

  constructor(module: WasmModule, sourceMap: SourceMap, options: TranslateOptions) {
    this.#module = module;
    this.#options = options;
    this.#types = options.types ?? noTypes;
    this.sourceMap = sourceMap;
    this.allowFloats = options.allowFloats;
    this.initialPages = module.memoryBytes / 0x10000;
    this.tableCapacity = 2 ** Math.ceil(Math.log2(Math.max(16, module.tableSize)));
    this.#stems = new Set(sourceMap.sources.flatMap((source) => stemsOf(source)));
    this.#nameFunctions();
    for (const global of module.globals) this.#globalNames.push(this.#names.unique(global.name));
    for (const fn of module.functions) this.#trivial.set(fn.index, trivialBody(fn));
    this.#cold = neverReturning(module);
    for (const index of module.table.values()) this.typeId(this.#signatureOf(index));
  }

  // ── ModuleContext ─────────────────────────────────────────────────────────────────────────────────────────────

  callee(index: number) {
    return {
      cName: at(this.#functionNames, index),
      signature: this.#signatureOf(index),
      trivial: this.#trivial.get(index) ?? null,
    };
  }

  global(index: number) {
    return at(this.#module.globals, index);
  }

  globalName(index: number): string {
    return at(this.#globalNames, index);
  }

  signature(index: number): Signature {
    return at(this.#module.signatures, index);
  }

  typeId(signature: Signature): number {
    const key = `${signature.parameters.join(",")}:${signature.result}`;
    const known = this.#typeIds.get(key);
    if (known !== undefined) return known;
    const id = this.#typeIds.size + 1;
    if (id > 255) throw new Error("wasm: more than 255 signatures in the table");
    this.#typeIds.set(key, id);
    return id;
  }

  debugType(fn: WasmFunction, local: number): string | null {
    const [name, type] = this.#types.functions[fn.name]?.[local] ?? [];
    if (type === undefined || name !== fn.localNames.get(local)?.replace(/\|\d+$/, "")) return null;
    return this.#cTypeOf(type, at(fn.locals, local));
  }

  /** A variable's C type: signed where TypeScript's is, a reference's own name, `boolean`. */
  #cTypeOf(type: TypeName, valueType: ValueType): string | null {
    if (/^(i8|i16|i32|isize)$/.test(type)) return valueType === "i32" ? "int32_t" : null;
    if (type === "i64") return valueType === "i64" ? "int64_t" : null;
    if (valueType !== "i32") return null;
    if (type === "bool") return "boolean";
    if (this.#types.classes[type] === undefined) return null;
    const known = this.#references.get(type);
    if (known !== undefined) return known;
    const name = this.#names.unique(`${type}_ref`);
    this.#references.set(type, name);
    return name;
  }

  globalType(index: number): string {
    const global = this.global(index);
    const type = this.#types.globals[global.name];
    return (type === undefined ? null : this.#cTypeOf(type, global.type)) ?? cType(global.type);
  }

  #signatureOf(index: number): Signature {
    const { imports, functions } = this.#module;
    return (index < imports.length ? at(imports, index) : at(functions, index - imports.length)).signature;
  }

  // ── Names ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #nameFunctions(): void {
    const { imports, functions, exports, start } = this.#module;
    const exported = new Map<number, string>();
    for (const [name, index] of exports) {
      if (!exported.has(index)) exported.set(index, `${this.#options.exportPrefix}${name}`);
    }
    for (const entry of imports) {
      const name = `${entry.module}_${entry.field}`;
      this.#names.reserve(name);
      this.#functionNames.push(name);
    }
    for (const name of exported.values()) this.#names.reserve(name);
    if (start !== null) this.#names.reserve(this.#startName);
    for (const fn of functions) {
      const fixed = fn.index === start ? this.#startName : exported.get(fn.index);
      this.#functionNames.push(fixed ?? this.#names.unique(fn.name));
    }
  }

  get #startName(): string {
    return `${this.#options.exportPrefix}start`;
  }

  // ── Units ─────────────────────────────────────────────────────────────────────────────────────────────────────

  translate(): Translation {
    const { functions } = this.#module;
    const translated = functions.map((fn) => {
      const code = new FunctionTranslator(this, fn, this.#names).translate(at(this.#functionNames, fn.index));
      const stem = sourceOf(fn.name, this.#stems) ?? (code.location ? stripExtension(code.location.file) : "runtime");
      return { fn, code, stem };
    });
    const unitOf = assignUnits(translated);
    for (const { fn, code, stem } of translated) {
      const isSmall =
        this.#weight(fn) <= inlineOperators &&
        !fn.body.some((operator) => operator.name === "loop") &&
        !this.#cold.has(fn.index);
      const cName = at(this.#functionNames, fn.index);
      this.#placed.set(fn.index, { fn, cName, stem, unit: unitOf.get(stem) ?? stem, isSmall, code });
    }
    const byUnit = Map.groupBy(this.#placed.values(), (placed) => placed.unit);
    const globalHome = this.#placeGlobals(unitOf);
    const shared = this.#sharedFunctions();
    const unitNames = new Names(null, ["table"]);
    const units: Unit[] = [];
    for (const [unit, members] of [...byUnit].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const name = unitNames.unique(unit);
      units.push({ name, text: this.#unit(name, unit, members, globalHome, shared) });
    }
    units.push({ name: "table", text: this.#table() });
    return {
      units,
      data: mergeData(this.#module),
      memoryBytes: this.#module.memoryBytes,
      memoryMaximumPages: this.#module.memoryMaximumPages,
      references: new Map([...this.#references].map(([type, name]) => [name, type])),
      functions: [...this.#placed.values()].map(({ fn, cName, stem, code }) => ({
        cName,
        name: displayName(fn.name, stem),
        file: code.location?.file ?? null,
        line: code.location?.line ?? 0,
      })),
    };
  }

  /** Instructions, without those that lead to a panic: asc's `abort` has four arguments, a call and `unreachable`. */
  #weight(fn: WasmFunction): number {
    const failing = fn.body.filter((operator) => operator.name === "call" && this.#cold.has(operator.index));
    return fn.body.length - 6 * failing.length;
  }

  /** Each mutable global's unit: its source's if that has code, else the first unit that uses it. */
  #placeGlobals(unitOf: ReadonlyMap<string, string>): ReadonlyMap<number, string> {
    const home = new Map<number, string>();
    for (const { unit, code } of this.#placed.values()) {
      for (const index of code.globals) {
        if (home.has(index)) continue;
        const own = sourceOf(this.global(index).name, this.#stems);
        home.set(index, (own === null ? undefined : unitOf.get(own)) ?? unit);
      }
    }
    return home;
  }

  /** Functions that more than their own unit refers to: exports, the table's, those that other units call. */
  #sharedFunctions(): ReadonlySet<number> {
    const { exports, start, table } = this.#module;
    const shared = new Set([...exports.values(), ...table.values(), ...(start === null ? [] : [start])]);
    for (const { unit, code, isSmall } of this.#placed.values()) {
      for (const index of code.calls) {
        // A small function may be copied elsewhere, and then its callees are called from there.
        if (isSmall || this.#placed.get(index)?.unit !== unit) shared.add(index);
      }
    }
    return shared;
  }

  #unit(
    name: string,
    unit: string,
    members: readonly Placed[],
    globalHome: ReadonlyMap<number, string>,
    shared: ReadonlySet<number>,
  ): string {
    const own = new Set(members.map((member) => member.fn.index));
    const copies = new Map<number, Placed>();
    const called = new Set<number>();
    const globals = new Set<number>();
    let usesTable = false;
    const visit = (placed: Placed) => {
      for (const index of placed.code.globals) globals.add(index);
      usesTable ||= placed.code.usesTable;
      for (const index of placed.code.calls) {
        const callee = this.#placed.get(index);
        if (!callee) continue;
        called.add(index);
        if (own.has(index) || !callee.isSmall || copies.has(index)) continue;
        copies.set(index, callee);
        visit(callee);
      }
    };
    for (const member of members) visit(member);
    for (const [index, home] of globalHome) if (home === unit) globals.add(index);

    const writer = new Writer(this.#options.pathOf ?? ((source) => source));
    const linkage = (index: number) =>
      `${shared.has(index) ? "" : "static "}${this.#cold.has(index) ? "__attribute__((cold, noinline)) " : ""}`;
    writer.write(
      `// ${[...new Set(members.map((member) => `${member.stem}.ts`))].join(", ")}: translated. Do not edit.`,
    );
    writer.write(this.#options.head);
    const prototypes = [...new Set([...own, ...called, ...copies.keys()])].flatMap(
      (index) => this.#placed.get(index) ?? [],
    );
    const types = new Set(prototypes.flatMap((placed) => [...placed.code.types]));
    for (const index of globals) types.add(this.globalType(index));
    for (const type of [...types].toSorted()) if (!isPlainType(type)) writer.write(`typedef uint32_t ${type};`);
    for (const index of [...globals].toSorted((a, b) => a - b)) {
      const global = this.global(index);
      const declaration = `${this.globalType(index)} ${this.globalName(index)}`;
      if (globalHome.get(index) !== unit) writer.write(`extern ${declaration};`);
      else writer.write(`${declaration} = ${constantValue(global.type, global.initial).text};`);
    }
    if (usesTable) {
      writer.write(`extern void *const table_functions[${this.tableCapacity}];`);
      writer.write(`extern const uint8_t table_types[${this.tableCapacity}];`);
    }
    for (const index of new Set([...own, ...called])) {
      const placed = this.#placed.get(index);
      if (placed && !copies.has(index)) writer.write(`${linkage(index)}${placed.code.prototype};`);
    }
    for (const copy of copies.values()) {
      writer.write(`extern inline __attribute__((gnu_inline)) ${copy.code.prototype};`);
    }
    for (const copy of copies.values()) {
      this.#define(writer, name, copy, "extern inline __attribute__((gnu_inline)) ");
    }
    for (const member of members) this.#define(writer, name, member, linkage(member.fn.index));
    return writer.toString();
  }

  #define(writer: Writer, unit: string, { code }: Placed, linkage: string): void {
    if (code.location === null) writer.leaveSources(`${unit}.c`);
    writer.write(`${linkage}${code.prototype} { ${code.declarations.join(" ")}`, code.location);
    writer.statements(code.statements, "  ");
    writer.write("}", code.endLocation);
  }

  #table(): string {
    const { table, start } = this.#module;
    const lines = ["// The table of function references, translated. Do not edit.", this.#options.head];
    const entries = [...new Set(table.values())].flatMap((index) => this.#placed.get(index) ?? []);
    for (const type of new Set(entries.flatMap(({ code }) => [...code.types]))) lines.push(`typedef uint32_t ${type};`);
    for (const { code } of entries) lines.push(`${code.prototype};`);
    const slots = [...table].toSorted(([a], [b]) => a - b);
    lines.push(`void *const table_functions[${this.tableCapacity}] = {`);
    for (const [slot, index] of slots) lines.push(`  [${slot}] = (void *)${at(this.#functionNames, index)},`);
    lines.push("};", `const uint8_t table_types[${this.tableCapacity}] = {`);
    for (const [slot, index] of slots) lines.push(`  [${slot}] = ${this.typeId(this.#signatureOf(index))},`);
    lines.push("};");
    if (start === null) lines.push(`void ${this.#startName}(void) {}`);
    return `${lines.join("\n")}\n`;
  }
}

/** Functions every call of which is followed by `unreachable`: asc's `abort`, and what panics for good. */
function neverReturning(module: WasmModule): ReadonlySet<number> {
  const returning = new Set<number>();
  const called = new Set<number>();
  for (const { body } of module.functions) {
    for (const [position, operator] of body.entries()) {
      if (operator.name !== "call") continue;
      called.add(operator.index);
      if (body[position + 1]?.name !== "unreachable") returning.add(operator.index);
    }
  }
  return new Set([...called].filter((index) => !returning.has(index)));
}

function mergeData(module: WasmModule): Translation["data"] {
  if (module.data.length === 0) return { offset: 0, bytes: new Uint8Array(0) };
  const offset = Math.min(...module.data.map((segment) => segment.offset));
  const end = Math.max(...module.data.map((segment) => segment.offset + segment.bytes.length));
  const bytes = new Uint8Array(end - offset);
  for (const segment of module.data) bytes.set(segment.bytes, segment.offset - offset);
  return { offset, bytes };
}
