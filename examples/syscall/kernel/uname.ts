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
