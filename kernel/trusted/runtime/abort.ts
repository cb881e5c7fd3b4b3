// A broken invariant: `assert`, an index out of bounds, a failed cast. asc passes the message and the place.

import * as cpu from "machine/cpu";

let message: string = "";
let fileName: string = "";
let lineNumber: u32 = 0;

/** What failed: set before the trap that ends in the panic path, empty otherwise. */
export function abortMessage(): string {
  return message;
}
export function abortFile(): string {
  return fileName;
}
export function abortLine(): u32 {
  return lineNumber;
}

/** asc's `abort`: remember the reason, then trap. */
export function abort(reason: string | null, file: string | null, line: u32, _column: u32): void {
  message = reason !== null ? reason : "";
  fileName = file !== null ? file : "";
  lineNumber = line;
  cpu.trap();
}
