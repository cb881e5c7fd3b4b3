// Where the PCI configuration registers are in memory: the MCFG table (PCI Firmware 3.2 §4.1.2), or, on machines that have
// none (microvm), the word _CBA in the definitions (§4.1.3), found by its bytes.
//
//   Method (_CBA, 0) { Return (0xe0000000) }      14 length "_CBA" flags a4 0c/0e value

import * as mem from "machine/mem";
import { definitions } from "./fadt";
import { find, MCFG, tableLength } from "./tables";

const FIRST_ENTRY: u64 = 44;
const ENTRY_SIZE: u64 = 16; // base 8, segment 2, first bus 1, last bus 1, reserved 4
const HEADER: u64 = 36;

const CBA_NAME: u32 = 0x4142435f; // "_CBA"
const RETURN_OP: u32 = 0xa4;
const DWORD_PREFIX: u32 = 0x0c;
const QWORD_PREFIX: u32 = 0x0e;
/** Name, flags, return, prefix, four bytes. */
const SHORTEST: u64 = 11;

export class ConfigurationWindow {
  constructor(
    /** Physical address of bus 0's registers, whether they are there or not. */
    readonly base: u64,
    readonly firstBus: u32,
    readonly lastBus: u32,
  ) {}
}

/** The window of segment 0; null where there is none. */
export function configurationWindow(): ConfigurationWindow | null {
  let table = find(MCFG);
  if (table == 0) return searchDefinitions();
  let end = table + tableLength(table);
  for (let entry = table + FIRST_ENTRY; entry + ENTRY_SIZE <= end; entry += ENTRY_SIZE) {
    if (mem.load16(entry + 8) != 0) continue;
    return new ConfigurationWindow(mem.load64(entry), mem.load8(entry + 10), mem.load8(entry + 11));
  }
  return null;
}

function searchDefinitions(): ConfigurationWindow | null {
  let table = definitions();
  if (table == 0) return null;
  let end = table + tableLength(table);
  for (let at = table + HEADER; at + SHORTEST <= end; at++) {
    if (mem.load32(at) != CBA_NAME || mem.load8(at + 5) != RETURN_OP) continue;
    let prefix = mem.load8(at + 6);
    if (prefix == DWORD_PREFIX) return new ConfigurationWindow(<u64>mem.load32(at + 7), 0, 255);
    if (prefix == QWORD_PREFIX && at + 15 <= end) return new ConfigurationWindow(mem.load64(at + 7), 0, 255);
  }
  return null;
}
