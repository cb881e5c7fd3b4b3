// The processor: privileged instructions, one import each.
//
// Part of the machine boundary: on the machine these are `static inline` C (machine/x86_64/cpu.h), in
// unit tests TypeScript (simulator/cpu.ts). Preconditions are the caller's: only kernel/trusted and the
// few modules that own the hardware state named here (sched, interrupt, memory) call them.

/** Stop until the next interrupt, with interrupts on; returns with interrupts off again (`sti; hlt; cli`). */
export declare function halt(): void;
/** Let pending interrupts in once and return with interrupts off (`sti; nop; cli`). */
export declare function pollInterrupts(): void;
/** Stop for ever, interrupts off. */
export declare function stop(): void;
/** Undefined instruction: ends in the panic path with a backtrace. */
export declare function trap(): void;
/** A hint that this is a spin loop. */
export declare function pause(): void;

/**
 * Switch kernel stacks: push the callee-saved registers, store the stack pointer (a linear address) at
 * `from`, load the one at `to`, pop, return on the other stack.
 */
export declare function switchTo(from: usize, to: usize): void;
/**
 * Lay out a new stack that ends at `top` (16-byte aligned linear address) so that the first `switchTo` it
 * calls the kernel's exported `threadMain(argument)` with interrupts off. Returns the stack pointer to store.
 */
export declare function prepareStack(top: usize, argument: usize): usize;
/** The linear address of this function's frame: where a stack scan begins. Spills the callee-saved registers first. */
export declare function stackPointer(): usize;
/** Leave the kernel: load every register from the frame (kernel/trusted/machine/frame.ts) and return to ring 3. Never returns. */
export declare function enterUser(frame: usize): void;
/** The stack (linear address of its top) that system calls and interrupts from ring 3 arrive on: TSS.RSP0 and the syscall entry. */
export declare function setKernelStack(top: usize): void;

/** Control registers. */
export declare function readCr0(): u64;
export declare function writeCr0(value: u64): void;
/** Faulting address of the last page fault. */
export declare function readCr2(): u64;
export declare function readCr3(): u64;
export declare function writeCr3(value: u64): void;
export declare function readCr4(): u64;
export declare function writeCr4(value: u64): void;
/** Extended control register 0: which state xsave keeps. Precondition: CR4.OSXSAVE. */
export declare function writeXcr0(value: u64): void;
/** Forget one page's translation (`invlpg`). */
export declare function invalidatePage(address: u64): void;

/** CPUID leaf/subleaf; each register by its own call keeps the import a single value. */
export declare function cpuidEax(leaf: u32, subleaf: u32): u32;
export declare function cpuidEbx(leaf: u32, subleaf: u32): u32;
export declare function cpuidEcx(leaf: u32, subleaf: u32): u32;
export declare function cpuidEdx(leaf: u32, subleaf: u32): u32;

export declare function readMsr(register: u32): u64;
export declare function writeMsr(register: u32, value: u64): void;
/** The program's FS base (thread-local storage); `wrfsbase` where the CPU has it, else the MSR. */
export declare function readFsBase(): u64;
export declare function writeFsBase(value: u64): void;
/** The program's GS base: it stays in GS while the kernel runs (machine/x86_64/entry.S). */
export declare function readUserGsBase(): u64;
export declare function writeUserGsBase(value: u64): void;

/** Extended state save and restore: `area` is a kernel address, 64-byte aligned; fxsave/fxrstor where the CPU has no xsave. */
export declare function saveExtendedState(area: u64): void;
export declare function restoreExtendedState(area: u64): void;

/**
 * Load GDT, IDT and TSS, which machine/x86_64 keeps, and the SYSCALL MSRs; after this, traps reach `trap(frame)`.
 * #DF, NMI and #MC run on IST stacks: the image's kernel stacks 1 to 3. Also puts `stac` and `clac` in place, so it
 * comes before CR4.SMAP is set and before the image is write-protected.
 */
export declare function installTraps(): void;
