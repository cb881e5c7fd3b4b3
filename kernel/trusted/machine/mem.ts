// Memory outside the linear heap: page tables, page frames, packets, page cache, device-free RAM.
//
// Addresses are kernel-virtual u64: the direct map (`direct(physical)`, kernel/trusted/memory/address.ts) or
// `linearAddress(pointer)`. Never a user address (that is machine/user.ts), never a device (machine/mmio.ts):
// gcc may merge, reorder and hoist these accesses.

export declare function load8(address: u64): u32;
export declare function load16(address: u64): u32;
export declare function load32(address: u64): u32;
export declare function load64(address: u64): u64;
export declare function store8(address: u64, value: u32): void;
export declare function store16(address: u64, value: u32): void;
export declare function store32(address: u64, value: u32): void;
export declare function store64(address: u64, value: u64): void;
/** Copy `length` bytes; the ranges do not overlap. */
export declare function copy(destination: u64, source: u64, length: u64): void;
/** Copy `length` bytes; the ranges may overlap. */
export declare function move(destination: u64, source: u64, length: u64): void;
export declare function fill(destination: u64, byte: u32, length: u64): void;
/** Order of two byte ranges: negative, 0 or positive as memcmp. */
export declare function compare(left: u64, right: u64, length: u64): i32;
/** Zero one 4096-byte page. */
export declare function zeroPage(page: u64): void;
/** Copy one 4096-byte page. */
export declare function copyPage(destination: u64, source: u64): void;
