// Names for addresses, for panics and profiles. The table is built after linking (tools/kernel) and placed in
// the image; where it is missing, the lookups return 0.

/** Copy the text "function (file:line)" for a code address into linear memory, innermost inlined frame `depth` = 0; returns its length, 0 when there is none. */
export declare function describe(address: u64, depth: u32, buffer: usize, capacity: u32): u32;
/** The frame pointer of the caller, for walking the stack (kernel code keeps frame pointers). */
export declare function framePointer(): u64;
