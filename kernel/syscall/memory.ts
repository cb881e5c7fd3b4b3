// Calls on the address space: mmap and its kin, brk, advice, locking, and the answers of a machine with one memory node.

import { bytesAddress } from "memory/address";
import { EACCES, EBADF, EFAULT, EINVAL, ENODEV, ENOMEM, ENOSPC, EOPNOTSUPP, EOVERFLOW, EPERM } from "../abi/errno";
import * as mman from "../abi/mman";
import { PAGE_SIZE } from "../abi/mman";
import * as nr from "../abi/syscall-numbers";
import { advise, lock, lockAll, residentPages, synchronize } from "../memory/advice";
import { AddressSpace, MAP_NEVER_WRITABLE } from "../memory/address-space";
import { LOCK_ON_FAULT, LOCKED } from "../memory/mapping";
import { anonymousSource, MappingName, PageSource } from "../memory/page-source";
import { remap } from "../memory/remap";
import { MAXIMUM_SHARED, SharedMemory, sharedMemoryName } from "../memory/shared-memory";
import { clear, copyOut, fetch64, fetched, store32 } from "../memory/user";
import { currentProcess } from "../process/current";
import * as table from "./table";

/** Open files with this flag cannot be mapped: man 2 open. */
const O_PATH: u32 = 0o10000000;

const KNOWN_MAP_FLAGS: u32 =
  mman.MAP_TYPE |
  mman.MAP_FIXED |
  mman.MAP_ANONYMOUS |
  mman.MAP_32BIT |
  mman.MAP_GROWSDOWN |
  mman.MAP_DENYWRITE |
  mman.MAP_EXECUTABLE |
  mman.MAP_LOCKED |
  mman.MAP_NORESERVE |
  mman.MAP_POPULATE |
  mman.MAP_NONBLOCK |
  mman.MAP_STACK |
  mman.MAP_HUGETLB |
  mman.MAP_FIXED_NOREPLACE;
const PROTECTIONS: u32 = mman.PROT_READ | mman.PROT_WRITE | mman.PROT_EXEC;

function space(): AddressSpace {
  return currentProcess().addressSpace;
}

/** May it lock memory beyond its limit (CAP_IPC_LOCK)? */
function isPrivileged(): bool {
  return currentProcess().credentials.effectiveUser == 0;
}

function mmap(address: u64, length: u64, protection: u64, flagBits: u64, descriptor: u64, offset: u64): i64 {
  if ((offset & (PAGE_SIZE - 1)) != 0) return -EINVAL;
  let flags = <u32>flagBits;
  let type = flags & mman.MAP_TYPE;
  // Flags of our own must not come from outside; unknown ones count only for MAP_SHARED_VALIDATE.
  let known = flags & KNOWN_MAP_FLAGS;
  let wanted = <u32>protection & PROTECTIONS;
  if ((flags & mman.MAP_ANONYMOUS) != 0) {
    if (length == 0) return -EINVAL;
    if (type != mman.MAP_SHARED && type != mman.MAP_PRIVATE) return -EINVAL;
    if ((flags & mman.MAP_HUGETLB) != 0) return -ENOMEM;
    return mapAnonymous(address, length, wanted, known);
  }
  let file = currentProcess().descriptors.get(<i32>descriptor);
  if (file === null || (file.flags & O_PATH) != 0) return -EBADF;
  if ((flags & mman.MAP_HUGETLB) != 0 || length == 0) return -EINVAL;
  let size = (length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
  if (size < length) return -ENOMEM;
  if (offset + size < offset) return -EOVERFLOW;
  switch (type) {
    case mman.MAP_SHARED_VALIDATE:
      if (flags != known) return -EOPNOTSUPP;
      known &= ~mman.MAP_TYPE;
      known |= mman.MAP_SHARED;
      break;
    case mman.MAP_SHARED:
    case mman.MAP_PRIVATE:
      break;
    default:
      return -EINVAL;
  }
  if (!file.isReadable) return -EACCES;
  if (type != mman.MAP_PRIVATE && !file.isWritable) {
    if ((wanted & mman.PROT_WRITE) != 0) return -EACCES;
    known |= MAP_NEVER_WRITABLE;
  }
  let source = file.mappable();
  if (source === null) return -ENODEV;
  if (source === anonymousSource) return mapAnonymous(address, length, wanted, known);
  return space().map(address, length, wanted, known, source, offset, file.path);
}

function mapAnonymous(address: u64, length: u64, protection: u32, flags: u32): i64 {
  let source: PageSource | null = null;
  let name: MappingName | null = null;
  if ((flags & mman.MAP_TYPE) != mman.MAP_PRIVATE) {
    if (length > MAXIMUM_SHARED) return -ENOMEM;
    source = new SharedMemory((length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
    name = sharedMemoryName;
  }
  return space().map(address, length, protection, flags & ~MAP_NEVER_WRITABLE, source, 0, name);
}

function munmap(address: u64, length: u64): i64 {
  return space().unmap(address, length);
}

function mprotect(start: u64, length: u64, protection: u64): i64 {
  let wanted = <u32>protection;
  let grows = wanted & (mman.PROT_GROWSDOWN | mman.PROT_GROWSUP);
  wanted &= ~grows;
  if (grows == (mman.PROT_GROWSDOWN | mman.PROT_GROWSUP)) return -EINVAL;
  if ((start & (PAGE_SIZE - 1)) != 0) return -EINVAL;
  if (length == 0) return 0;
  if (start + length < start) return -ENOMEM;
  if ((wanted & ~(PROTECTIONS | mman.PROT_SEM)) != 0) return -EINVAL;
  let here = space();
  if (grows != 0) {
    let mapping = here.mappings.find(start);
    if (mapping === null) return -ENOMEM;
    if (grows == mman.PROT_GROWSUP || !mapping.growsDown) return -EINVAL;
    length += start - mapping.start;
    start = mapping.start;
  }
  return here.protect(start, length, wanted & PROTECTIONS);
}

function mremap(start: u64, oldLength: u64, newLength: u64, flags: u64, target: u64): i64 {
  return remap(space(), start, oldLength, newLength, <u32>flags, target);
}

function madvise(start: u64, length: u64, advice: u64): i64 {
  return advise(space(), start, length, <i32>advice);
}

function brk(address: u64): i64 {
  return <i64>space().moveBreak(address);
}

function mincore(start: u64, length: u64, vector: u64): i64 {
  return residentPages(space(), start, length, vector);
}

function msync(start: u64, length: u64, flags: u64): i64 {
  return synchronize(space(), start, length, <u32>flags);
}

function mlock(start: u64, length: u64): i64 {
  return lock(space(), start, length, LOCKED, isPrivileged());
}

function mlock2(start: u64, length: u64, flags: u64): i64 {
  if ((flags & ~(<u64>mman.MLOCK_ONFAULT)) != 0) return -EINVAL;
  let locks = flags != 0 ? LOCKED | LOCK_ON_FAULT : LOCKED;
  return lock(space(), start, length, locks, isPrivileged());
}

function munlock(start: u64, length: u64): i64 {
  return lock(space(), start, length, 0, true);
}

function mlockall(flagBits: u64): i64 {
  let flags = <u32>flagBits;
  if (flags == 0 || (flags & ~(mman.MCL_CURRENT | mman.MCL_FUTURE | mman.MCL_ONFAULT)) != 0) return -EINVAL;
  if (flags == mman.MCL_ONFAULT) return -EINVAL;
  let locks = (flags & mman.MCL_ONFAULT) != 0 ? LOCKED | LOCK_ON_FAULT : LOCKED;
  let future = (flags & mman.MCL_FUTURE) != 0 ? locks : 0;
  return lockAll(space(), (flags & mman.MCL_CURRENT) != 0, locks, future, isPrivileged());
}

function munlockall(): i64 {
  return lockAll(space(), true, 0, 0, true);
}

// ── Protection keys: what a processor without them answers (man 2 pkey_alloc) ──────────────────────────────────────

function pkeyMprotect(start: u64, length: u64, protection: u64, key: u64): i64 {
  return <i32>key == -1 ? mprotect(start, length, protection) : -EINVAL;
}

function pkeyAlloc(flags: u64, rights: u64): i64 {
  return flags != 0 || (rights & ~(<u64>3)) != 0 ? -EINVAL : -ENOSPC;
}

function pkeyFree(_key: u64): i64 {
  return -EINVAL;
}

// ── membarrier: one CPU, so every barrier has happened when the call returns ───────────────────────────────────────

const MEMBARRIER_QUERY: i32 = 0;
const MEMBARRIER_GLOBAL: i32 = 1;
const MEMBARRIER_GLOBAL_EXPEDITED: i32 = 1 << 1;
const MEMBARRIER_REGISTER_GLOBAL_EXPEDITED: i32 = 1 << 2;
const MEMBARRIER_PRIVATE_EXPEDITED: i32 = 1 << 3;
const MEMBARRIER_REGISTER_PRIVATE_EXPEDITED: i32 = 1 << 4;
const MEMBARRIER_PRIVATE_EXPEDITED_SYNC_CORE: i32 = 1 << 5;
const MEMBARRIER_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE: i32 = 1 << 6;
const MEMBARRIER_COMMANDS: i32 = 0x7f;

function membarrier(command: u64, flags: u64, _cpu: u64): i64 {
  if (flags != 0) return -EINVAL;
  let here = space();
  switch (<i32>command) {
    case MEMBARRIER_QUERY:
      return MEMBARRIER_COMMANDS;
    case MEMBARRIER_GLOBAL:
    case MEMBARRIER_GLOBAL_EXPEDITED:
      return 0;
    case MEMBARRIER_REGISTER_GLOBAL_EXPEDITED:
    case MEMBARRIER_REGISTER_PRIVATE_EXPEDITED:
    case MEMBARRIER_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
      here.barrierRegistrations |= <u32>command;
      return 0;
    case MEMBARRIER_PRIVATE_EXPEDITED:
    case MEMBARRIER_PRIVATE_EXPEDITED_SYNC_CORE:
      // Its registration is the next bit.
      return (here.barrierRegistrations & ((<u32>command) << 1)) != 0 ? 0 : -EPERM;
    default:
      return -EINVAL;
  }
}

// ── Memory policy: one node, number 0 ──────────────────────────────────────────────────────────────────────────────

/** linux/mempolicy.h: DEFAULT, PREFERRED, BIND, INTERLEAVE, LOCAL, PREFERRED_MANY, WEIGHTED_INTERLEAVE. */
const LAST_POLICY: u32 = 6;
const POLICY_MODE_FLAGS: u32 = 0xe000;
const POLICY_OF_NODE: u64 = 1;
const POLICY_OF_ADDRESS: u64 = 2;
const POLICY_ALLOWED_NODES: u64 = 4;
const MAXIMUM_NODES: u64 = 4096 * 8;
const BIND_FLAGS: u64 = 7;

const nodeWord = new StaticArray<u8>(8);

function getMempolicy(mode: u64, nodes: u64, maximum: u64, address: u64, flags: u64): i64 {
  if ((flags & ~(POLICY_OF_NODE | POLICY_OF_ADDRESS | POLICY_ALLOWED_NODES)) != 0) return -EINVAL;
  if ((flags & POLICY_ALLOWED_NODES) != 0 && flags != POLICY_ALLOWED_NODES) return -EINVAL;
  if (nodes != 0 && maximum < 1) return -EINVAL;
  if ((flags & POLICY_OF_ADDRESS) != 0) {
    if (space().mappings.find(address) === null) return -EFAULT;
  } else if (address != 0 && flags != POLICY_ALLOWED_NODES) return -EINVAL;
  if (flags == POLICY_OF_NODE) return -EINVAL; // only interleaved policies have a next node
  if (mode != 0 && store32(mode, 0) < 0) return -EFAULT;
  if (nodes == 0) return 0;
  let bytes = min((maximum + 62) & ~63, MAXIMUM_NODES) >> 3;
  if (bytes == 0) return 0;
  nodeWord[0] = flags == POLICY_ALLOWED_NODES ? 1 : 0;
  if (clear(nodes, bytes) < 0 || copyOut(nodes, bytesAddress(nodeWord), min(bytes, 8)) < 0) return -EFAULT;
  return 0;
}

/** Whether a policy can be had here: its mode is known and its nodes are no others than node 0. 0 or a negative errno. */
function checkPolicy(mode: u64, nodes: u64, maximum: u64): i64 {
  let policy = <u32>mode & ~POLICY_MODE_FLAGS;
  if (policy > LAST_POLICY) return -EINVAL;
  if (nodes == 0 || maximum <= 1) return 0;
  if (maximum > MAXIMUM_NODES) return -EINVAL;
  for (let bit: u64 = 0; bit < maximum - 1; bit += 64) {
    if (fetch64(nodes + bit / 8) < 0) return -EFAULT;
    let mask = maximum - 1 - bit < 64 ? ((<u64>1) << (maximum - 1 - bit)) - 1 : u64.MAX_VALUE;
    let others = bit == 0 ? ~(<u64>1) : u64.MAX_VALUE;
    if ((fetched & mask & others) != 0) return -EINVAL;
  }
  return 0;
}

function setMempolicy(mode: u64, nodes: u64, maximum: u64): i64 {
  return checkPolicy(mode, nodes, maximum);
}

function mbind(start: u64, length: u64, mode: u64, nodes: u64, maximum: u64, flags: u64): i64 {
  if ((flags & ~BIND_FLAGS) != 0 || (start & (PAGE_SIZE - 1)) != 0) return -EINVAL;
  let end = start + ((length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
  if (end < start) return -EINVAL;
  let error = checkPolicy(mode, nodes, maximum);
  if (error < 0 || end == start) return error;
  let mappings = space().mappings;
  let address = start;
  while (address < end) {
    let mapping = mappings.find(address);
    if (mapping === null) return -EFAULT;
    address = mapping.end;
  }
  return 0;
}

function migratePages(_process: u64, maximum: u64, from: u64, to: u64): i64 {
  let error = checkPolicy(0, from, maximum);
  return error < 0 ? error : checkPolicy(0, to, maximum);
}

/** Add the rows of this family to the table. */
export function defineMemoryCalls(): void {
  table.define6(nr.SYS_mmap, "mmap", "hex size hex hex fd hex", mmap, "complete: no huge pages");
  table.define2(nr.SYS_munmap, "munmap", "hex size", munmap, "complete");
  table.define3(nr.SYS_mprotect, "mprotect", "hex size hex", mprotect, "complete");
  table.define5(nr.SYS_mremap, "mremap", "hex size size flags hex", mremap, "complete");
  table.define3(
    nr.SYS_madvise,
    "madvise",
    "hex size int",
    madvise,
    "MADV_FREE frees at once; REMOVE, MERGEABLE and huge-page advice are not taken",
  );
  table.define1(nr.SYS_brk, "brk", "hex", brk, "complete");
  table.define3(nr.SYS_mincore, "mincore", "hex size ptr", mincore, "complete");
  table.define3(nr.SYS_msync, "msync", "hex size flags", msync, "complete: stores reach the file at once");
  table.define2(nr.SYS_mlock, "mlock", "hex size", mlock, "complete");
  table.define3(nr.SYS_mlock2, "mlock2", "hex size flags", mlock2, "complete");
  table.define2(nr.SYS_munlock, "munlock", "hex size", munlock, "complete");
  table.define1(nr.SYS_mlockall, "mlockall", "flags", mlockall, "complete");
  table.define0(nr.SYS_munlockall, "munlockall", "", munlockall, "complete");
  table.define4(nr.SYS_pkey_mprotect, "pkey_mprotect", "hex size hex int", pkeyMprotect, "key -1 only");
  table.define2(nr.SYS_pkey_alloc, "pkey_alloc", "flags flags", pkeyAlloc, "as on a processor without protection keys");
  table.define1(nr.SYS_pkey_free, "pkey_free", "int", pkeyFree, "as on a processor without protection keys");
  table.define3(nr.SYS_membarrier, "membarrier", "int flags int", membarrier, "complete: one CPU, no rseq commands");
  table.define5(nr.SYS_get_mempolicy, "get_mempolicy", "ptr ptr uint hex flags", getMempolicy, "one node");
  table.define3(nr.SYS_set_mempolicy, "set_mempolicy", "int ptr uint", setMempolicy, "one node");
  table.define6(nr.SYS_mbind, "mbind", "hex size int ptr uint flags", mbind, "one node");
  table.define4(nr.SYS_migrate_pages, "migrate_pages", "int uint ptr ptr", migratePages, "one node");
}
