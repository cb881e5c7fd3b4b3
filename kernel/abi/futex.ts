// Futexes: Linux include/uapi/linux/futex.h, man 2 futex.

export const FUTEX_WAIT: i32 = 0;
export const FUTEX_WAKE: i32 = 1;
export const FUTEX_FD: i32 = 2;
export const FUTEX_REQUEUE: i32 = 3;
export const FUTEX_CMP_REQUEUE: i32 = 4;
export const FUTEX_WAKE_OP: i32 = 5;
export const FUTEX_LOCK_PI: i32 = 6;
export const FUTEX_UNLOCK_PI: i32 = 7;
export const FUTEX_TRYLOCK_PI: i32 = 8;
export const FUTEX_WAIT_BITSET: i32 = 9;
export const FUTEX_WAKE_BITSET: i32 = 10;
export const FUTEX_WAIT_REQUEUE_PI: i32 = 11;
export const FUTEX_CMP_REQUEUE_PI: i32 = 12;
export const FUTEX_LOCK_PI2: i32 = 13;
export const FUTEX_PRIVATE_FLAG: i32 = 128;
export const FUTEX_CLOCK_REALTIME: i32 = 256;
export const FUTEX_BITSET_MATCH_ANY: u32 = 0xffffffff;

/** The word of a robust or priority-inheriting lock: its owner's thread number and two flags. */
export const FUTEX_WAITERS: u32 = 0x80000000;
export const FUTEX_OWNER_DIED: u32 = 0x40000000;
export const FUTEX_TID_MASK: u32 = 0x3fffffff;

/** FUTEX_WAKE_OP's third value: operation (4 bits), comparison (4), operand (12), comparand (12). */
export const FUTEX_OP_SET: i32 = 0;
export const FUTEX_OP_ADD: i32 = 1;
export const FUTEX_OP_OR: i32 = 2;
export const FUTEX_OP_ANDN: i32 = 3;
export const FUTEX_OP_XOR: i32 = 4;
export const FUTEX_OP_OPARG_SHIFT: i32 = 8;
export const FUTEX_OP_CMP_EQ: i32 = 0;
export const FUTEX_OP_CMP_NE: i32 = 1;
export const FUTEX_OP_CMP_LT: i32 = 2;
export const FUTEX_OP_CMP_LE: i32 = 3;
export const FUTEX_OP_CMP_GT: i32 = 4;
export const FUTEX_OP_CMP_GE: i32 = 5;

/** struct robust_list_head: the first entry, the lock word's offset from an entry, the entry being locked. */
export const ROBUST_LIST_HEAD_SIZE: u64 = 24;
/** Entries walked at most: a list may be a circle. */
export const ROBUST_LIST_LIMIT: i32 = 2048;

/** struct futex_waitv: man 2 futex_waitv. */
@unmanaged
export class FutexWaitv {
  value: u64;
  address: u64;
  flags: u32;
  reserved: u32;
}
export const FUTEX_WAITV_SIZE: u64 = 24;
export const FUTEX_WAITV_MAX: u64 = 128;
/** futex2 flags. */
export const FUTEX2_SIZE_U32: u32 = 2;
export const FUTEX2_SIZE_MASK: u32 = 3;
export const FUTEX2_PRIVATE: u32 = 128;
