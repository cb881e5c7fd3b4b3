// A handler for uname(2): ordinary TypeScript that runs on a worker of the program.

import type { SystemCall } from "eggos/syscall";

/** Says that it was called, and lets the kernel answer. */
export default function uname(call: SystemCall): bigint {
  console.log("syscall `uname` called");
  return call.original();
}
