// A handler in front of uname(2), in kernel TypeScript: it prints a line and calls the one that was there.

import { Handler, log, SYS_uname, syscalls } from "eggos/kernel";

let original: Handler = new Handler();

function uname(address: u64): i64 {
  log.print("syscall `uname` called");
  return original.call(address);
}

export function register(): void {
  original = syscalls.getHandler(SYS_uname);
  syscalls.register(SYS_uname, uname);
}
