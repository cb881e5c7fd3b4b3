import type { SystemCall } from "eggos/syscall";

/** Prints, then does what the kernel does. */
export default (call: SystemCall): bigint => {
  console.log("syscall `uname` called");
  return call.original();
};
