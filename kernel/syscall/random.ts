// getrandom(2).

import { EINVAL } from "../abi/errno";
import { SYS_getrandom } from "../abi/syscall-numbers";
import { putRandom } from "../fs/devfs/memory-devices";
import { currentThread } from "../process/current";
import { define3 } from "./table";

const GRND_NONBLOCK: u64 = 1;
const GRND_RANDOM: u64 = 2;
const GRND_INSECURE: u64 = 4;
/** man 2 getrandom: at most this much in one call. */
const MAX_LENGTH: u64 = 0x1ffffff;

function getrandom(buffer: u64, length: u64, flags: u64): i64 {
  if ((flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) != 0) return -EINVAL;
  if ((flags & GRND_RANDOM) != 0 && (flags & GRND_INSECURE) != 0) return -EINVAL;
  let io = currentThread().io;
  let error = io.setUser(buffer, min(length, MAX_LENGTH));
  return error < 0 ? error : putRandom(io);
}

/** Add the rows. */
export function defineRandomCalls(): void {
  define3(SYS_getrandom, "getrandom", "out size flags", getrandom, "complete; the generator is always ready");
}
