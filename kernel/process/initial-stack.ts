// The stack that a new program finds (x86-64 psABI §3.4.1, "Initial Stack and Register State"):
//
//   top        8 zero bytes
//              file name, environment and argument strings      (arguments.ts wrote them)
//              "x86_64", 16 random bytes
//              (alignment)
//              auxiliary vector … AT_NULL
//              environment pointers … 0
//              argument pointers … 0
//   rsp ->     argument count                                    16-byte aligned

import * as cpu from "machine/cpu";
import { bytesAddress, linearAddress, pointerOf } from "memory/address";
import * as elf from "../abi/elf";
import { ENOMEM } from "../abi/errno";
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_GROWSDOWN,
  MAP_PRIVATE,
  PAGE_SIZE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from "../abi/mman";
import { AddressSpace } from "../memory/address-space";
import { SpecialName } from "../memory/page-source";
import { random64, randomStackTop } from "../memory/placement";
import { writeRemote } from "../memory/remote";
import { Arguments } from "./arguments";
import { Credentials } from "./credentials";
import * as extendedState from "./extended-state";

/** What Linux maps below the arguments at once; the rest comes with faults. */
const FIRST_STACK_BYTES: u64 = 131072;
/** times(2), /proc/stat: USER_HZ. */
const CLOCK_TICKS: u64 = 100;
/** arch/x86/include/uapi/asm/hwcap2.h: the program may use rdfsbase and its kin. */
const HWCAP2_FSGSBASE: u64 = 2;
const CR4_FSGSBASE: u64 = 1 << 16;
/** A signal frame without the extended state, rounded up generously (man 3 sysconf, _SC_MINSIGSTKSZ). */
const SIGNAL_FRAME_BYTES: u64 = 1024;
/** linux/rseq.h: the original structure, up to its flags; aligned as its own size. */
const RSEQ_FEATURE_SIZE: u64 = 20;
const RSEQ_ALIGNMENT: u64 = 32;

const stackName = new SpecialName("[stack]");
const platform: StaticArray<u8> = [0x78, 0x38, 0x36, 0x5f, 0x36, 0x34, 0]; // "x86_64"

/** What the program header tables and the loader found out. */
export class ProgramFacts {
  /** The program's own entry point and headers, where they stand in memory. */
  entry: u64 = 0;
  headers: u64 = 0;
  headerCount: u64 = 0;
  /** Where the interpreter was loaded, 0 without one. */
  interpreterBase: u64 = 0;
  hasExecutableStack: bool = false;
  /** Who it acts as, and whether these are rights that its caller did not have (AT_SECURE). */
  effectiveUser: u32 = 0;
  effectiveGroup: u32 = 0;
  isSecure: bool = false;
}

/** Where the stack ends: chosen before anything is mapped. */
export function chooseStackTop(): u64 {
  return randomStackTop();
}

/**
 * Map the stack below `top` and fill it. Takes the frames of `strings` over, also when it fails. Returns the stack pointer or a
 * negative errno.
 */
export function buildStack(
  space: AddressSpace,
  top: u64,
  strings: Arguments,
  facts: ProgramFacts,
  credentials: Credentials,
): i64 {
  let stringPages = <u64>strings.pages.length * PAGE_SIZE;
  let start = top - stringPages - FIRST_STACK_BYTES;
  let protection = PROT_READ | PROT_WRITE | (facts.hasExecutableStack ? PROT_EXEC : 0);
  let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN;
  let mapped = space.map(start, top - start, protection, flags, null, 0, stackName);
  let isComplete = mapped >= 0 && placeStrings(space, top, strings);
  strings.discard();
  if (mapped < 0) return mapped;
  if (!isComplete) return -ENOMEM;

  space.stackStart = top - 8;
  space.environmentEnd = top - strings.name;
  space.environmentStart = strings.envp.length > 0 ? top - strings.envp[strings.envp.length - 1] : space.environmentEnd;
  space.argumentsEnd = space.environmentStart;
  space.argumentsStart = top - strings.used;

  let platformAt = top - strings.used - <u64>platform.length;
  let randomAt = platformAt - 16;
  if (writeRemote(space, platformAt, bytesAddress(platform), <u64>platform.length) != 0) return -ENOMEM;
  let seed = new StaticArray<u64>(2);
  seed[0] = random64();
  seed[1] = random64();
  if (writeRemote(space, randomAt, linearAddress(pointerOf(seed)), 16) != 0) return -ENOMEM;

  let auxiliary = auxiliaryVector(space, facts, credentials, top - strings.name, platformAt, randomAt);
  space.auxiliary = auxiliary;
  let argumentCount = strings.argv.length;
  let environmentCount = strings.envp.length;
  let words = new StaticArray<u64>(1 + argumentCount + 1 + environmentCount + 1 + auxiliary.length);
  let at = 0;
  words[at++] = <u64>argumentCount;
  for (let i = argumentCount - 1; i >= 0; i--) words[at++] = top - strings.argv[i];
  words[at++] = 0;
  for (let i = environmentCount - 1; i >= 0; i--) words[at++] = top - strings.envp[i];
  words[at++] = 0;
  for (let i = 0; i < auxiliary.length; i++) words[at++] = auxiliary[i];

  let bytes = <u64>words.length * 8;
  // Some pages' worth of randomness within the stack, as Linux's arch_align_stack.
  let pointer = (randomAt - (random64() & 0x1ff0) - bytes) & ~15;
  if (writeRemote(space, pointer, linearAddress(pointerOf(words)), bytes) != 0) return -ENOMEM;
  return <i64>pointer;
}

/** Put the frames with the strings where they belong; the stack takes their references. */
function placeStrings(space: AddressSpace, top: u64, strings: Arguments): bool {
  let mapping = space.mappingAt(top - PAGE_SIZE)!;
  let address = top;
  while (strings.pages.length > 0) {
    let frame = strings.pages[0];
    address -= PAGE_SIZE;
    if (!space.adoptPage(mapping, address, frame)) return false;
    strings.pages.shift();
  }
  return true;
}

function auxiliaryVector(
  space: AddressSpace,
  facts: ProgramFacts,
  credentials: Credentials,
  nameAt: u64,
  platformAt: u64,
  randomAt: u64,
): StaticArray<u64> {
  let vector = [] as u64[];
  if (space.vdso != 0) add(vector, elf.AT_SYSINFO_EHDR, space.vdso);
  add(vector, elf.AT_MINSIGSTKSZ, extendedState.areaSize() + SIGNAL_FRAME_BYTES);
  add(vector, elf.AT_HWCAP, <u64>cpu.cpuidEdx(1, 0));
  add(vector, elf.AT_PAGESZ, PAGE_SIZE);
  add(vector, elf.AT_CLKTCK, CLOCK_TICKS);
  add(vector, elf.AT_PHDR, facts.headers);
  add(vector, elf.AT_PHENT, <u64>elf.PROGRAM_HEADER_SIZE);
  add(vector, elf.AT_PHNUM, facts.headerCount);
  add(vector, elf.AT_BASE, facts.interpreterBase);
  add(vector, elf.AT_FLAGS, 0);
  add(vector, elf.AT_ENTRY, facts.entry);
  add(vector, elf.AT_UID, <u64>credentials.realUser);
  add(vector, elf.AT_EUID, <u64>facts.effectiveUser);
  add(vector, elf.AT_GID, <u64>credentials.realGroup);
  add(vector, elf.AT_EGID, <u64>facts.effectiveGroup);
  add(vector, elf.AT_SECURE, facts.isSecure ? 1 : 0);
  add(vector, elf.AT_RANDOM, randomAt);
  add(vector, elf.AT_HWCAP2, (cpu.readCr4() & CR4_FSGSBASE) != 0 ? HWCAP2_FSGSBASE : 0);
  add(vector, elf.AT_EXECFN, nameAt);
  add(vector, elf.AT_PLATFORM, platformAt);
  add(vector, elf.AT_RSEQ_FEATURE_SIZE, RSEQ_FEATURE_SIZE);
  add(vector, elf.AT_RSEQ_ALIGN, RSEQ_ALIGNMENT);
  add(vector, elf.AT_NULL, 0);
  return StaticArray.fromArray<u64>(vector);
}

function add(vector: Array<u64>, key: u64, value: u64): void {
  vector.push(key);
  vector.push(value);
}
