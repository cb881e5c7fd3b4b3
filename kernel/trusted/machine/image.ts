// Addresses that the linker and the loader fixed.

/** Physical bounds [start, end) of the kernel image: code, data, linear memory's initial part. */
export declare function physicalStart(): u64;
export declare function physicalEnd(): u64;
/** Virtual bounds of the kernel's code, for W^X and for walking stacks. */
export declare function textStart(): u64;
export declare function textEnd(): u64;
export declare function readOnlyEnd(): u64;
/** Virtual end of the C data and zeroed memory after it. */
export declare function dataEnd(): u64;
/** Bytes of linear memory that the image itself backs, from offset `memoryBase` on: static data and the first heap. */
export declare function linearBytes(): u32;
/** Physical address behind linear offset 0 (the page there is never mapped). */
export declare function linearPhysicalBase(): u64;
/** Physical address of the page table that boot code built. */
export declare function bootPageTable(): u64;
/** Physical address of the stacks in slots 0 to BOOT_STACKS - 1, one after the other. */
export declare function bootStacks(): u64;
/**
 * Physical address of the record that `egg build` patches: the bytes "EGGSROOT", then u64 physical address and size of
 * the root image, u64 physical address and size of the command line (0 where there is none).
 */
export declare function rootRecord(): u64;
/** Physical address of the page-aligned vDSO image and its size in bytes. */
export declare function vdsoStart(): u64;
export declare function vdsoSize(): u32;
