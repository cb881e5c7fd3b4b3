// User memory. The only code that touches addresses below USER_END: range-checked, with SMAP lifted for the
// copy alone, and with a fix-up, so that a fault which the kernel cannot fill ends the copy, not the kernel.
//
// A fault on the way goes through the ordinary page-fault path first (demand-zero, file pages, copy-on-write).

/** Copy in; returns the bytes NOT copied (0 = all). `destination` is a kernel-virtual address. */
export declare function copyIn(destination: u64, userSource: u64, length: u64): u64;
/** Copy out; returns the bytes NOT copied (0 = all). `source` is a kernel-virtual address. */
export declare function copyOut(userDestination: u64, source: u64, length: u64): u64;
/** Zero user memory; returns the bytes NOT zeroed. */
export declare function zero(userDestination: u64, length: u64): u64;
/** A 32-bit load: the value, or -1 for a fault. */
export declare function load32(userAddress: u64): i64;
/** An aligned 32-bit compare-and-exchange: the value found there (equal to `expected` if exchanged), or -1 for a fault. */
export declare function compareExchange32(userAddress: u64, expected: u32, desired: u32): i64;
/** The offset of the first NUL byte within `limit` bytes; `limit` if there is none; -1 for a fault. */
export declare function stringLength(userAddress: u64, limit: u64): i64;
/**
 * Where to go on when the fault of the kernel instruction at `address` cannot be filled: the fix-up of one of the routines
 * above (or of the return to ring 3), or 0 when the fault is the kernel's own mistake.
 */
export declare function fixup(address: u64): u64;
