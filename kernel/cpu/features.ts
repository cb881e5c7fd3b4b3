// What the processor can do (Intel SDM 2A CPUID; AMD APM 3 appendix E) and switching on what the kernel uses of it.
// `detect` once on the boot CPU, `enable` on every CPU.

import * as cpu from "machine/cpu";

const CR0_MONITOR: u64 = 1 << 1;
const CR0_EMULATE: u64 = 1 << 2;
const CR0_TASK_SWITCHED: u64 = 1 << 3;
const CR0_NUMERIC_ERROR: u64 = 1 << 5;
const CR0_WRITE_PROTECT: u64 = 1 << 16;
const CR4_DEBUGGING: u64 = 1 << 3;
const CR4_MACHINE_CHECK: u64 = 1 << 6;
const CR4_GLOBAL_PAGES: u64 = 1 << 7;
const CR4_OSFXSR: u64 = 1 << 9;
const CR4_OSXMMEXCPT: u64 = 1 << 10;
const CR4_UMIP: u64 = 1 << 11;
const CR4_FSGSBASE: u64 = 1 << 16;
const CR4_OSXSAVE: u64 = 1 << 18;
const CR4_SMEP: u64 = 1 << 20;
const CR4_SMAP: u64 = 1 << 21;
const MSR_PAT: u32 = 0x277;
/** Write-back, write-through, uncached-, uncached, then entry 4: write-combining (memory/page-tables). */
const PAT_ENTRIES: u64 = 0x0007040100070406;

/** x87, SSE, AVX, and AVX-512's three: what a program gets without asking (not AMX, not protection keys). */
const XCR0_WANTED: u64 = 0b1110_0111;
const FXSAVE_SIZE: u32 = 512;

export class Features {
  hasXsave: bool = false;
  hasFsgsbase: bool = false;
  hasSmep: bool = false;
  hasSmap: bool = false;
  hasUmip: bool = false;
  hasGigabytePages: bool = false;
  hasRdrand: bool = false;
  hasRdseed: bool = false;
  hasX2apic: bool = false;
  hasTscDeadline: bool = false;
  /** The time-stamp counter runs at one rate in every power state. */
  hasInvariantTsc: bool = false;
  hasRdtscp: bool = false;
  isVirtual: bool = false;
  /** First CPUID leaf of KVM's paravirtual interface; 0 where there is none. */
  kvmBase: u32 = 0;
  /** Highest standard leaf. */
  highestLeaf: u32 = 0;
  highestExtendedLeaf: u32 = 0;
  /** The extended states that are on, as XCR0 has them; 0 without xsave. */
  extendedStates: u64 = 0;
  /** Bytes of a thread's extended-state area. */
  extendedStateSize: u32 = FXSAVE_SIZE;
  /** Leaf 1's signature: family, model and stepping. */
  signature: u32 = 0;
  /** AT_HWCAP: CPUID 1 EDX. */
  hwcap: u32 = 0;
}

export const features: Features = new Features();

/** Fill in `features`. */
export function detect(): void {
  let f = features;
  f.highestLeaf = cpu.cpuidEax(0, 0);
  f.highestExtendedLeaf = cpu.cpuidEax(0x80000000, 0);
  f.signature = cpu.cpuidEax(1, 0);
  f.hwcap = cpu.cpuidEdx(1, 0);
  let one = cpu.cpuidEcx(1, 0);
  f.hasXsave = isSet(one, 26);
  f.hasRdrand = isSet(one, 30);
  f.hasX2apic = isSet(one, 21);
  f.hasTscDeadline = isSet(one, 24);
  f.isVirtual = isSet(one, 31);
  if (f.highestLeaf >= 7) {
    let seven = cpu.cpuidEbx(7, 0);
    f.hasFsgsbase = isSet(seven, 0);
    f.hasSmep = isSet(seven, 7);
    f.hasRdseed = isSet(seven, 18);
    f.hasSmap = isSet(seven, 20);
    f.hasUmip = isSet(cpu.cpuidEcx(7, 0), 2);
  }
  if (f.highestExtendedLeaf >= 0x80000001) {
    let extended = cpu.cpuidEdx(0x80000001, 0);
    f.hasGigabytePages = isSet(extended, 26);
    f.hasRdtscp = isSet(extended, 27);
  }
  if (f.highestExtendedLeaf >= 0x80000007) f.hasInvariantTsc = isSet(cpu.cpuidEdx(0x80000007, 0), 8);
  if (f.isVirtual) f.kvmBase = findKvm();
}

/** Switch on, on this CPU, what `detect` found. Precondition: traps are installed (they patch stac and clac). */
export function enable(): void {
  let f = features;
  cpu.writeMsr(MSR_PAT, PAT_ENTRIES);
  let cr0 = cpu.readCr0() & ~(CR0_EMULATE | CR0_TASK_SWITCHED);
  cpu.writeCr0(cr0 | CR0_MONITOR | CR0_NUMERIC_ERROR | CR0_WRITE_PROTECT);
  let cr4 = cpu.readCr4() | CR4_DEBUGGING | CR4_MACHINE_CHECK | CR4_GLOBAL_PAGES | CR4_OSFXSR | CR4_OSXMMEXCPT;
  if (f.hasUmip) cr4 |= CR4_UMIP;
  if (f.hasFsgsbase) cr4 |= CR4_FSGSBASE;
  if (f.hasXsave) cr4 |= CR4_OSXSAVE;
  if (f.hasSmep) cr4 |= CR4_SMEP;
  if (f.hasSmap) cr4 |= CR4_SMAP;
  cpu.writeCr4(cr4);
  if (!f.hasXsave) return;
  let supported = <u64>cpu.cpuidEax(0xd, 0) | ((<u64>cpu.cpuidEdx(0xd, 0)) << 32);
  f.extendedStates = supported & XCR0_WANTED;
  cpu.writeXcr0(f.extendedStates);
  f.extendedStateSize = cpu.cpuidEbx(0xd, 0); // what XCR0 holds now needs this much
}

function isSet(register: u32, bit: u32): bool {
  return ((register >> bit) & 1) != 0;
}

/** The leaf whose EBX, ECX, EDX spell "KVMKVMKVM" (Linux Documentation/virt/kvm/x86/cpuid.rst). */
function findKvm(): u32 {
  for (let leaf: u32 = 0x40000000; leaf < 0x40010000; leaf += 0x100) {
    if (cpu.cpuidEbx(leaf, 0) == 0x4b4d564b && cpu.cpuidEcx(leaf, 0) == 0x564b4d56 && cpu.cpuidEdx(leaf, 0) == 0x4d)
      return leaf;
  }
  return 0;
}
