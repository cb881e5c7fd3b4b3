/**
 * System calls: made as they are, and answered by the program.
 *
 * ```ts
 * import { register, SYS, syscall } from "eggos/syscall";
 *
 * console.log(syscall(SYS.getpid) === BigInt(process.pid)); // true
 * const uname = await register(SYS.uname, new URL("./uname.ts", import.meta.url));
 * ```
 *
 * and in `uname.ts`, ordinary TypeScript that runs on a thread of its own:
 *
 * ```ts
 * import type { SystemCall } from "eggos/syscall";
 *
 * export default (call: SystemCall): bigint => {
 *   console.log("syscall `uname` called");
 *   return call.original();
 * };
 * ```
 */
export { type Errno, errnoName, syscall } from "./call.ts";
export { type Handler, type Result, SystemCall } from "./handler.ts";
export { SYS } from "./numbers.ts";
export { register, type RegisterOptions, type Registration } from "./register.ts";
