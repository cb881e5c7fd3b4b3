// A wasm module as plain data. Decoding is the `wasmparser` package's; this file gathers its events.
//
// Every operator keeps its byte offset, which is what the source map speaks of ("column" = offset). That is why
// binaryen is not used to read: it rebuilds expressions and drops the offsets.

import { createRequire } from "node:module";

/** The part of wasmparser used here; its own declarations are const enums, which Node's type stripping cannot import. */
interface WasmParser {
  readonly BinaryReader: new () => {
    readonly state: number;
    readonly result: unknown;
    readonly error: Error | null;
    readonly position: number;
    setData(buffer: ArrayBufferLike, position: number, length: number): void;
    read(): boolean;
  };
  readonly OperatorCodeNames: readonly (string | undefined)[];
}
const { BinaryReader, OperatorCodeNames } = createRequire(import.meta.url)("wasmparser") as WasmParser;

/** wasmparser's BinaryReaderState. */
const State = {
  ERROR: -1,
  END_WASM: 2,
  TYPE: 11,
  IMPORT: 12,
  FUNCTION: 13,
  TABLE: 14,
  MEMORY: 15,
  EXPORT: 17,
  NAME: 19,
  START: 22,
  INIT_OPERATOR: 26,
  BEGIN_FUNCTION_BODY: 28,
  CODE_OPERATOR: 30,
  END_FUNCTION_BODY: 31,
  BEGIN_ELEMENT: 33,
  ELEMENT_BODY: 34,
  END_ELEMENT: 35,
  BEGIN_DATA: 36,
  DATA_BODY: 37,
  END_DATA: 38,
  BEGIN_GLOBAL: 39,
  END_GLOBAL: 40,
  OFFSET_OPERATOR: 45,
} as const;

export type ValueType = "i32" | "i64" | "f32" | "f64";

export interface Signature {
  readonly parameters: readonly ValueType[];
  readonly result: ValueType | null;
}

/** One instruction. Which immediates are there depends on `name`. */
export interface Operator {
  /** As the text format spells it: "i32.add". */
  readonly name: string;
  /** Byte offset in the file. */
  readonly offset: number;
  /** Local, global, function, type or label index, or the memory access's constant offset. */
  readonly index: number;
  /** A constant's value: i32 as unsigned, i64 as unsigned BigInt. */
  readonly literal: number | bigint | null;
  /** What a block leaves on the stack. */
  readonly blockResult: ValueType | null;
  /** br_table's targets; the last is the default. */
  readonly targets: readonly number[];
}

export interface WasmFunction {
  readonly index: number;
  readonly name: string;
  readonly signature: Signature;
  /** Types of the parameters and the declared locals. */
  readonly locals: readonly ValueType[];
  readonly localNames: ReadonlyMap<number, string>;
  readonly body: readonly Operator[];
}

export interface WasmImport {
  readonly index: number;
  readonly module: string;
  readonly field: string;
  readonly signature: Signature;
}

export interface WasmGlobal {
  readonly index: number;
  readonly name: string;
  readonly type: ValueType;
  readonly isMutable: boolean;
  readonly initial: number | bigint;
}

export interface DataSegment {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface WasmModule {
  readonly signatures: readonly Signature[];
  readonly imports: readonly WasmImport[];
  readonly functions: readonly WasmFunction[];
  readonly globals: readonly WasmGlobal[];
  /** Exported functions: export name → function index. */
  readonly exports: ReadonlyMap<string, number>;
  readonly start: number | null;
  /** Table slot → function index. */
  readonly table: ReadonlyMap<number, number>;
  readonly tableSize: number;
  readonly data: readonly DataSegment[];
  /** Initial linear memory, bytes. */
  readonly memoryBytes: number;
  /** Largest linear memory in 64 KiB pages, or null. */
  readonly memoryMaximumPages: number | null;
}

interface RawType {
  readonly kind?: number;
}
interface RawOperator {
  readonly code: number;
  readonly blockType?: { readonly kind?: number; readonly isIndex?: boolean };
  readonly brDepth?: number;
  readonly brTable?: readonly number[];
  readonly funcIndex?: number;
  readonly typeIndex?: number;
  readonly localIndex?: number;
  readonly globalIndex?: number;
  readonly memoryAddress?: { readonly offset: number };
  readonly literal?: number | { readonly data: Uint8Array };
}

const valueTypes = new Map<number, ValueType>([
  [-1, "i32"],
  [-2, "i64"],
  [-3, "f32"],
  [-4, "f64"],
]);
const emptyBlock = -64;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

function valueType(type: RawType | undefined): ValueType {
  const found = valueTypes.get(type?.kind ?? 0);
  if (!found) throw new Error(`wasm: value type ${type?.kind} is not supported`);
  return found;
}

function readOperator(raw: RawOperator, offset: number): Operator {
  const name = OperatorCodeNames[raw.code] ?? `opcode 0x${raw.code.toString(16)}`;
  const index =
    raw.brDepth ??
    raw.localIndex ??
    raw.globalIndex ??
    raw.funcIndex ??
    raw.typeIndex ??
    (raw.memoryAddress === undefined ? 0 : raw.memoryAddress.offset >>> 0);
  let literal: number | bigint | null = null;
  if (raw.literal !== undefined) {
    if (typeof raw.literal === "number") literal = name === "i32.const" ? raw.literal >>> 0 : raw.literal;
    else literal = Buffer.from(raw.literal.data).readBigUInt64LE(0);
  }
  let blockResult: ValueType | null = null;
  if (raw.blockType && raw.blockType.kind !== emptyBlock) blockResult = valueType(raw.blockType);
  return { name, offset, index, literal, blockResult, targets: raw.brTable ?? [] };
}

/** Decode a module; throws on anything the translator has no use for (several memories, imported globals …). */
export function readModule(wasm: Uint8Array): WasmModule {
  const signatures: Signature[] = [];
  const imports: WasmImport[] = [];
  const typeIndexes: number[] = [];
  const bodies: { locals: ValueType[]; body: Operator[] }[] = [];
  const rawGlobals: { type: ValueType; isMutable: boolean; initial: number | bigint }[] = [];
  const exports = new Map<string, number>();
  const table = new Map<number, number>();
  const data: DataSegment[] = [];
  const functionNames = new Map<number, string>();
  const globalNames = new Map<number, string>();
  const localNames = new Map<number, Map<number, string>>();
  let start: number | null = null;
  let tableSize = 0;
  let memoryBytes = 0;
  let memoryMaximumPages: number | null = null;

  let constant: number | bigint = 0;
  let slot = 0;
  let inElement = false;
  let body: Operator[] = [];
  let locals: ValueType[] = [];
  let operatorStart = 0;

  const reader = new BinaryReader();
  const buffer = new Uint8Array(wasm).buffer;
  reader.setData(buffer, 0, wasm.byteLength);

  const onConstant = (raw: RawOperator) => {
    const operator = readOperator(raw, 0);
    if (operator.name === "ref.func" && inElement) {
      table.set(slot, operator.index);
      slot += 1;
    } else if (operator.literal !== null) constant = operator.literal;
    else if (operator.name === "global.get") constant = rawGlobals[operator.index]?.initial ?? 0;
    else if (operator.name !== "end") throw new Error(`wasm: ${operator.name} in a constant expression`);
  };

  for (;;) {
    // An operator's offset is where the reader stood before it.
    operatorStart = reader.position;
    if (!reader.read()) break;
    if (reader.state === State.ERROR) throw reader.error ?? new Error("wasm: malformed module");
    if (reader.state === State.END_WASM) break;
    const result = reader.result;
    switch (reader.state) {
      case State.TYPE: {
        const entry = result as { params?: RawType[]; returns?: RawType[] };
        const results = (entry.returns ?? []).map(valueType);
        if (results.length > 1) throw new Error("wasm: several results are not supported");
        signatures.push({ parameters: (entry.params ?? []).map(valueType), result: results[0] ?? null });
        break;
      }
      case State.IMPORT: {
        const entry = result as { module: Uint8Array; field: Uint8Array; kind: number; funcTypeIndex?: number };
        const name = `${text(entry.module)}.${text(entry.field)}`;
        if (entry.kind !== 0) throw new Error(`wasm: import ${name} is not a function`);
        imports.push({
          index: imports.length,
          module: text(entry.module),
          field: text(entry.field),
          signature: at(signatures, entry.funcTypeIndex ?? 0),
        });
        break;
      }
      case State.FUNCTION:
        typeIndexes.push((result as { typeIndex: number }).typeIndex);
        break;
      case State.TABLE:
        tableSize = (result as { limits: { initial: number } }).limits.initial;
        break;
      case State.MEMORY: {
        const { limits } = result as { limits: { initial: number; maximum?: number } };
        memoryBytes = limits.initial * 0x10000;
        memoryMaximumPages = limits.maximum ?? null;
        break;
      }
      case State.EXPORT: {
        const entry = result as { field: Uint8Array; kind: number; index: number };
        if (entry.kind === 0) exports.set(text(entry.field), entry.index);
        break;
      }
      case State.START:
        start = (result as { index: number }).index;
        break;
      case State.BEGIN_GLOBAL: {
        const { type } = result as { type: { contentType: RawType; mutability: number } };
        rawGlobals.push({ type: valueType(type.contentType), isMutable: type.mutability === 1, initial: 0 });
        constant = 0;
        break;
      }
      case State.END_GLOBAL:
        at(rawGlobals, rawGlobals.length - 1).initial = constant;
        break;
      case State.INIT_OPERATOR:
      case State.OFFSET_OPERATOR:
        onConstant(result as RawOperator);
        break;
      case State.BEGIN_ELEMENT:
        if ((result as { mode: number }).mode !== 0)
          throw new Error("wasm: only active element segments are supported");
        break;
      case State.ELEMENT_BODY:
        inElement = true;
        slot = Number(constant);
        break;
      case State.END_ELEMENT:
        inElement = false;
        break;
      case State.BEGIN_DATA:
        if ((result as { mode: number }).mode !== 0) throw new Error("wasm: only active data segments are supported");
        break;
      case State.DATA_BODY:
        data.push({ offset: Number(constant), bytes: new Uint8Array((result as { data: Uint8Array }).data) });
        break;
      case State.BEGIN_FUNCTION_BODY: {
        const declared = (result as { locals: { count: number; type: RawType }[] }).locals;
        const signature = at(signatures, at(typeIndexes, bodies.length));
        locals = [...signature.parameters];
        for (const { count, type } of declared) locals.push(...Array<ValueType>(count).fill(valueType(type)));
        body = [];
        break;
      }
      case State.CODE_OPERATOR:
        body.push(readOperator(result as RawOperator, operatorStart));
        break;
      case State.END_FUNCTION_BODY:
        bodies.push({ locals, body });
        break;
      case State.NAME:
        readNames(result as RawNames, functionNames, localNames, globalNames);
        break;
      default:
        break;
    }
  }

  return {
    signatures,
    imports,
    functions: bodies.map((entry, position) => {
      const index = imports.length + position;
      return {
        index,
        name: functionNames.get(index) ?? `function ${index}`,
        signature: at(signatures, at(typeIndexes, position)),
        locals: entry.locals,
        localNames: localNames.get(index) ?? new Map<number, string>(),
        body: entry.body,
      };
    }),
    globals: rawGlobals.map((entry, index) => ({ ...entry, index, name: globalNames.get(index) ?? `global ${index}` })),
    exports,
    start,
    table,
    tableSize,
    data,
    memoryBytes,
    memoryMaximumPages,
  };
}

interface RawNames {
  readonly type: number;
  readonly names?: readonly { readonly index: number; readonly name: Uint8Array }[];
  readonly funcs?: readonly { index: number; locals: readonly { index: number; name: Uint8Array }[] }[];
}

/** The name section's subsections 1 (functions), 2 (locals) and 7 (globals). */
function readNames(
  raw: RawNames,
  functionNames: Map<number, string>,
  localNames: Map<number, Map<number, string>>,
  globalNames: Map<number, string>,
): void {
  for (const { index, name } of raw.names ?? []) {
    if (raw.type === 1) functionNames.set(index, text(name));
    else if (raw.type === 7) globalNames.set(index, text(name));
  }
  for (const { index, locals } of raw.funcs ?? []) {
    localNames.set(index, new Map(locals.map((local) => [local.index, text(local.name)])));
  }
}

/** An element that must be there. */
export function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new Error(`wasm: index ${index} is out of range (${list.length})`);
  return value;
}
