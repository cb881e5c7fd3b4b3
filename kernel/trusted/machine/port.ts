// x86 I/O ports.

export declare function in8(port: u32): u32;
export declare function in16(port: u32): u32;
export declare function in32(port: u32): u32;
export declare function out8(port: u32, value: u32): void;
export declare function out16(port: u32, value: u32): void;
export declare function out32(port: u32, value: u32): void;
/** Write `count` bytes from a kernel-virtual address to one port: under a hypervisor one exit for all. */
export declare function outBytes(port: u32, address: u64, count: u64): void;
