// The resource limits that concern memory (man 2 getrlimit), by their index in a process's limits.

export const LIMIT_DATA: i32 = 2;
export const LIMIT_STACK: i32 = 3;
export const LIMIT_MEMLOCK: i32 = 8;
export const LIMIT_ADDRESS_SPACE: i32 = 9;
const LIMIT_COUNT: i32 = 16;

/** What an address space goes by until a process hands over its own soft limits. */
export function defaultLimits(): StaticArray<u64> {
  let limits = new StaticArray<u64>(LIMIT_COUNT);
  for (let i = 0; i < LIMIT_COUNT; i++) limits[i] = u64.MAX_VALUE;
  limits[LIMIT_STACK] = 8 << 20;
  return limits;
}
