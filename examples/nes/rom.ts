// The demonstration as an iNES file (https://www.nesdev.org/wiki/INES): header, program, pictures.
//
//   node examples/nes/rom.ts demo.nes        writes it, for other emulators

import { readFileSync, writeFileSync } from "node:fs";
import { assemble } from "./assembler.ts";

const PROGRAM_START = 0xc000;
const PROGRAM_SIZE = 0x4000;
const PICTURES_SIZE = 0x2000;

/** Assemble demo.asm. */
export function demoRom(): Uint8Array {
  const source = readFileSync(new URL("./demo.asm", import.meta.url), "utf8");
  // "NES", end of text, then how many pieces of 16 KB and 8 KB there are; mapper 0, horizontal mirroring.
  const header = Uint8Array.of(0x4e, 0x45, 0x53, 0x1a, 1, 1, ...new Uint8Array(10));
  return Buffer.concat([header, assemble(source, PROGRAM_START, PROGRAM_SIZE + PICTURES_SIZE)]);
}

if (import.meta.main) {
  const [path] = process.argv.slice(2);
  if (path === undefined) {
    process.stderr.write("usage: node rom.ts FILE.nes\n");
    process.exit(64);
  }
  writeFileSync(path, demoRom());
}
