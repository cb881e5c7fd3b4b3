// A small assembler for the 6502, the processor of the NES.
//
//   label:   lda #$20          numbers: 12, $0c, %1100, 'a'
//   COUNT = 8                  < and > take the low and the high byte
//            .org $c000        where what follows stands
//            .byte 1, 2, "AB"  .word label   .fill 8, 0
//
// Operands: #n  n  n,x  n,y  (n)  (n,x)  (n),y  a. What is known to be below 256 when it is first read is a zero-page address.

/** Opcodes by addressing mode, in the order of MODES; "--" where there is none. */
const MODES = ["imm", "zp", "zpx", "zpy", "abs", "absx", "absy", "ind", "indx", "indy", "acc", "imp", "rel"] as const;
type Mode = (typeof MODES)[number];

const OPCODES: Readonly<Record<string, string>> = {
  adc: "69 65 75 -- 6d 7d 79 -- 61 71",
  and: "29 25 35 -- 2d 3d 39 -- 21 31",
  asl: "-- 06 16 -- 0e 1e -- -- -- -- 0a",
  bcc: "-- -- -- -- -- -- -- -- -- -- -- -- 90",
  bcs: "-- -- -- -- -- -- -- -- -- -- -- -- b0",
  beq: "-- -- -- -- -- -- -- -- -- -- -- -- f0",
  bit: "-- 24 -- -- 2c",
  bmi: "-- -- -- -- -- -- -- -- -- -- -- -- 30",
  bne: "-- -- -- -- -- -- -- -- -- -- -- -- d0",
  bpl: "-- -- -- -- -- -- -- -- -- -- -- -- 10",
  brk: "-- -- -- -- -- -- -- -- -- -- -- 00",
  bvc: "-- -- -- -- -- -- -- -- -- -- -- -- 50",
  bvs: "-- -- -- -- -- -- -- -- -- -- -- -- 70",
  clc: "-- -- -- -- -- -- -- -- -- -- -- 18",
  cld: "-- -- -- -- -- -- -- -- -- -- -- d8",
  cli: "-- -- -- -- -- -- -- -- -- -- -- 58",
  clv: "-- -- -- -- -- -- -- -- -- -- -- b8",
  cmp: "c9 c5 d5 -- cd dd d9 -- c1 d1",
  cpx: "e0 e4 -- -- ec",
  cpy: "c0 c4 -- -- cc",
  dec: "-- c6 d6 -- ce de",
  dex: "-- -- -- -- -- -- -- -- -- -- -- ca",
  dey: "-- -- -- -- -- -- -- -- -- -- -- 88",
  eor: "49 45 55 -- 4d 5d 59 -- 41 51",
  inc: "-- e6 f6 -- ee fe",
  inx: "-- -- -- -- -- -- -- -- -- -- -- e8",
  iny: "-- -- -- -- -- -- -- -- -- -- -- c8",
  jmp: "-- -- -- -- 4c -- -- 6c",
  jsr: "-- -- -- -- 20",
  lda: "a9 a5 b5 -- ad bd b9 -- a1 b1",
  ldx: "a2 a6 -- b6 ae -- be",
  ldy: "a0 a4 b4 -- ac bc",
  lsr: "-- 46 56 -- 4e 5e -- -- -- -- 4a",
  nop: "-- -- -- -- -- -- -- -- -- -- -- ea",
  ora: "09 05 15 -- 0d 1d 19 -- 01 11",
  pha: "-- -- -- -- -- -- -- -- -- -- -- 48",
  php: "-- -- -- -- -- -- -- -- -- -- -- 08",
  pla: "-- -- -- -- -- -- -- -- -- -- -- 68",
  plp: "-- -- -- -- -- -- -- -- -- -- -- 28",
  rol: "-- 26 36 -- 2e 3e -- -- -- -- 2a",
  ror: "-- 66 76 -- 6e 7e -- -- -- -- 6a",
  rti: "-- -- -- -- -- -- -- -- -- -- -- 40",
  rts: "-- -- -- -- -- -- -- -- -- -- -- 60",
  sbc: "e9 e5 f5 -- ed fd f9 -- e1 f1",
  sec: "-- -- -- -- -- -- -- -- -- -- -- 38",
  sed: "-- -- -- -- -- -- -- -- -- -- -- f8",
  sei: "-- -- -- -- -- -- -- -- -- -- -- 78",
  sta: "-- 85 95 -- 8d 9d 99 -- 81 91",
  stx: "-- 86 -- 96 8e",
  sty: "-- 84 94 -- 8c",
  tax: "-- -- -- -- -- -- -- -- -- -- -- aa",
  tay: "-- -- -- -- -- -- -- -- -- -- -- a8",
  tsx: "-- -- -- -- -- -- -- -- -- -- -- ba",
  txa: "-- -- -- -- -- -- -- -- -- -- -- 8a",
  txs: "-- -- -- -- -- -- -- -- -- -- -- 9a",
  tya: "-- -- -- -- -- -- -- -- -- -- -- 98",
};

function opcode(mnemonic: string, mode: Mode): number | undefined {
  const text = OPCODES[mnemonic]?.split(" ")[MODES.indexOf(mode)];
  return text === undefined || text === "--" ? undefined : Number.parseInt(text, 16);
}

/** A mistake in a source, with its line. */
export class AssemblyError extends Error {
  override readonly name = "AssemblyError";
}

/** An operand's text by its shape; the zero-page modes have the same shape as the absolute ones. */
const SHAPES: readonly (readonly [RegExp, long: Mode, short: Mode])[] = [
  [/^#(.+)$/, "imm", "imm"],
  [/^\((.+),\s*x\)$/i, "indx", "indx"],
  [/^\((.+)\),\s*y$/i, "indy", "indy"],
  [/^\((.+)\)$/, "ind", "ind"],
  [/^(.+),\s*x$/i, "absx", "zpx"],
  [/^(.+),\s*y$/i, "absy", "zpy"],
  [/^(.+)$/, "abs", "zp"],
];

class Assembly {
  readonly symbols = new Map<string, number>();
  /** Bytes by address. */
  readonly bytes = new Map<number, number>();
  /** The mode that the first pass chose for each line: the second must not differ. */
  readonly #modes = new Map<number, Mode>();
  #address = 0;
  #line = 0;
  #isLast = false;

  run(source: string): void {
    for (this.#isLast of [false, true]) {
      this.#address = 0;
      for (const [index, text] of source.split("\n").entries()) {
        this.#line = index + 1;
        this.#statement(text.replace(/;(?=(?:[^"]*"[^"]*")*[^"]*$).*$/, "").trim());
      }
    }
  }

  fail(message: string): never {
    throw new AssemblyError(`line ${this.#line}: ${message}`);
  }

  #statement(text: string): void {
    const label = /^([a-z_]\w*):\s*/i.exec(text);
    if (label) {
      this.#define(label[1] as string, this.#address);
      text = text.slice(label[0].length);
    }
    const constant = /^([a-z_]\w*)\s*=\s*(.+)$/i.exec(text);
    if (constant) this.#define(constant[1] as string, this.#need(constant[2] as string));
    else if (text.startsWith(".")) this.#directive(text);
    else if (text !== "") this.#instruction(text);
  }

  #define(name: string, value: number): void {
    if (!this.#isLast && this.symbols.has(name)) this.fail(`${name} is defined twice`);
    this.symbols.set(name, value);
  }

  #emit(value: number): void {
    if (this.#isLast) {
      if (this.bytes.has(this.#address)) this.fail(`$${this.#address.toString(16)} is taken already`);
      this.bytes.set(this.#address, value & 0xff);
    }
    this.#address++;
  }

  #directive(text: string): void {
    const [, name = "", rest = ""] = /^\.(\w+)\s*(.*)$/.exec(text) ?? [];
    const items = rest.match(/"[^"]*"|[^,]+/g)?.map((item) => item.trim()) ?? [];
    if (name === "org") this.#address = this.#need(rest);
    else if (name === "fill")
      for (let i = this.#need(items[0] ?? ""); i > 0; i--) this.#emit(this.#need(items[1] ?? "0"));
    else if (name === "word") {
      for (const item of items) {
        const value = this.#value(item) ?? 0;
        this.#emit(value);
        this.#emit(value >> 8);
      }
    } else if (name === "byte") {
      for (const item of items) {
        if (item.startsWith('"')) for (const byte of Buffer.from(item.slice(1, -1), "latin1")) this.#emit(byte);
        else this.#emit(this.#byte(item));
      }
    } else this.fail(`unknown directive .${name}`);
  }

  #instruction(text: string): void {
    const [, word = "", operand = ""] = /^(\w+)\s*(.*)$/.exec(text) ?? [];
    const mnemonic = word.toLowerCase();
    if (OPCODES[mnemonic] === undefined) this.fail(`unknown instruction ${word}`);
    const implied = operand === "" ? opcode(mnemonic, "imp") : undefined;
    const accumulator = operand === "" || /^a$/i.test(operand) ? opcode(mnemonic, "acc") : undefined;
    const single = implied ?? accumulator;
    if (single !== undefined) {
      this.#emit(single);
      return;
    }
    const branch = opcode(mnemonic, "rel");
    if (branch !== undefined) this.#branch(branch, operand);
    else this.#operand(mnemonic, operand);
  }

  #branch(code: number, target: string): void {
    const distance = (this.#value(target) ?? this.#address) - (this.#address + 2);
    if (this.#isLast && (distance < -128 || distance > 127)) this.fail(`${target} is too far for a branch`);
    this.#emit(code);
    this.#emit(distance);
  }

  #operand(mnemonic: string, operand: string): void {
    for (const [shape, long, short] of SHAPES) {
      const match = shape.exec(operand);
      if (!match) continue;
      const expression = match[1] as string;
      const value = this.#value(expression);
      const isShort = value !== undefined && value >= 0 && value < 256 && opcode(mnemonic, short) !== undefined;
      const mode = this.#modes.get(this.#line) ?? (isShort ? short : long);
      this.#modes.set(this.#line, mode);
      const code = opcode(mnemonic, mode);
      if (code === undefined) this.fail(`${mnemonic} takes no operand like ${operand}`);
      this.#emit(code);
      if (mode === "imm") this.#emit(this.#byte(expression));
      else this.#emit(value ?? 0);
      if (mode === "abs" || mode === "absx" || mode === "absy" || mode === "ind") this.#emit((value ?? 0) >> 8);
      return;
    }
    this.fail(`${mnemonic} needs an operand`);
  }

  #byte(expression: string): number {
    const value = this.#value(expression) ?? 0;
    if (value < -128 || value > 255) this.fail(`${expression} is ${value}, which is no byte`);
    return value;
  }

  /** A value that must be known already in the first pass. */
  #need(expression: string): number {
    return this.#value(expression) ?? this.fail(`${expression} is not known here`);
  }

  /** Sums of terms from left to right; undefined while a label is not known yet. */
  #value(expression: string): number | undefined {
    const text = expression.trim();
    if (text.startsWith("<") || text.startsWith(">")) {
      const whole = this.#value(text.slice(1));
      return whole === undefined ? undefined : (text.startsWith("<") ? whole : whole >> 8) & 0xff;
    }
    const terms = text.match(/[+-]?\s*(?:\$[\da-f]+|%[01]+|'.'|\w+)/gi) ?? [];
    if (terms.join("").replaceAll(" ", "") !== text.replaceAll(" ", "")) this.fail(`cannot read ${expression}`);
    let sum = 0;
    for (const term of terms) {
      const value = this.#term(term.replace(/^[+-]\s*/, ""));
      if (value === undefined) return undefined;
      sum += term.startsWith("-") ? -value : value;
    }
    return sum;
  }

  #term(text: string): number | undefined {
    if (text.startsWith("$")) return Number.parseInt(text.slice(1), 16);
    if (text.startsWith("%")) return Number.parseInt(text.slice(1), 2);
    if (text.startsWith("'")) return text.charCodeAt(1);
    if (/^\d/.test(text)) return Number(text);
    const value = this.symbols.get(text);
    if (value === undefined && this.#isLast) this.fail(`${text} is not defined`);
    return value;
  }
}

/** Assemble; the bytes from address `start` on, `length` of them, zeros where nothing was put. */
export function assemble(source: string, start: number, length: number): Uint8Array {
  const assembly = new Assembly();
  assembly.run(source);
  const image = new Uint8Array(length);
  for (const [address, byte] of assembly.bytes) {
    if (address < start || address >= start + length) {
      throw new AssemblyError(`$${address.toString(16)} lies outside of the image`);
    }
    image[address - start] = byte;
  }
  return image;
}
