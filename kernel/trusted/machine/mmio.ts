// Device registers and memory that a device or another CPU writes: volatile accesses, each with a compiler
// barrier, in program order. Addresses are kernel-virtual u64.

export declare function read8(address: u64): u32;
export declare function read16(address: u64): u32;
export declare function read32(address: u64): u32;
export declare function read64(address: u64): u64;
export declare function write8(address: u64, value: u32): void;
export declare function write16(address: u64, value: u32): void;
export declare function write32(address: u64, value: u32): void;
export declare function write64(address: u64, value: u64): void;
/** Full memory barrier (`mfence`): a store before it is seen by a device before a load after it. */
export declare function fence(): void;
