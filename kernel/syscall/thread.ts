// What concerns one thread: man 2 set_tid_address, arch_prctl, rseq, gettid, getcpu, exit.

import * as cpu from "machine/cpu";
import { USER_END } from "machine/linear";
import { isUserRange } from "memory/address";
import { EBUSY, EFAULT, EINVAL, ENODEV, EPERM } from "../abi/errno";
import {
  ARCH_CET_STATUS,
  ARCH_GET_CPUID,
  ARCH_GET_FS,
  ARCH_GET_GS,
  ARCH_GET_XCOMP_PERM,
  ARCH_GET_XCOMP_SUPP,
  ARCH_SET_CPUID,
  ARCH_SET_FS,
  ARCH_SET_GS,
} from "../abi/clone";
import {
  SYS_arch_prctl,
  SYS_exit,
  SYS_exit_group,
  SYS_getcpu,
  SYS_gettid,
  SYS_rseq,
  SYS_set_tid_address,
} from "../abi/syscall-numbers";
import { store32, store64 } from "../memory/user";
import { currentThread } from "../process/current";
import { exitGroup, exitWithCode } from "../process/exit";
import { enabledFeatures } from "../process/extended-state";
import { define0, define1, define2, define3, define4 } from "./table";

function gettid(): i64 {
  return currentThread().id;
}

function setTidAddress(address: u64): i64 {
  let thread = currentThread();
  thread.clearChildTid = address;
  return thread.id;
}

function exit(code: u64): i64 {
  exitWithCode(<i32>code);
  return 0;
}

function exitGroupCall(code: u64): i64 {
  exitGroup(<i32>code);
  return 0;
}

function archPrctl(operation: u64, address: u64): i64 {
  let thread = currentThread();
  switch (<i32>operation) {
    case ARCH_SET_FS:
      if (address >= USER_END) return -EPERM;
      thread.fsBase = address;
      cpu.writeFsBase(address);
      return 0;
    case ARCH_SET_GS:
      if (address >= USER_END) return -EPERM;
      thread.gsBase = address;
      cpu.writeUserGsBase(address);
      return 0;
    case ARCH_GET_FS:
      return store64(address, cpu.readFsBase());
    case ARCH_GET_GS:
      return store64(address, cpu.readUserGsBase());
    case ARCH_GET_CPUID:
      return 1;
    case ARCH_SET_CPUID:
      return -ENODEV;
    case ARCH_GET_XCOMP_SUPP:
    case ARCH_GET_XCOMP_PERM:
      return store64(address, enabledFeatures());
    case ARCH_CET_STATUS: // no shadow stacks: as a Linux without them
      return -EINVAL;
    default:
      return -EINVAL;
  }
}

/** rseq(2): Linux include/uapi/linux/rseq.h. */
const RSEQ_FLAG_UNREGISTER: u32 = 1;
const RSEQ_MIN_SIZE: u32 = 32;
const RSEQ_CPU_ID_UNINITIALIZED: u32 = 0xffffffff;

/** With one CPU the numbers in the area never change; process/restartable-sequence.ts does the rest. */
function rseq(address: u64, length: u64, flags: u64, signature: u64): i64 {
  let thread = currentThread();
  if ((<u32>flags & RSEQ_FLAG_UNREGISTER) != 0) {
    if (<u32>flags != RSEQ_FLAG_UNREGISTER || thread.rseqArea == 0 || thread.rseqArea != address) return -EINVAL;
    if (thread.rseqLength != <u32>length) return -EINVAL;
    if (thread.rseqSignature != <u32>signature) return -EPERM;
    store32(address, 0);
    store32(address + 4, RSEQ_CPU_ID_UNINITIALIZED);
    thread.rseqArea = 0;
    return 0;
  }
  if (<u32>flags != 0) return -EINVAL;
  if (thread.rseqArea != 0) {
    if (thread.rseqArea != address || thread.rseqLength != <u32>length) return -EINVAL;
    return thread.rseqSignature != <u32>signature ? -EPERM : -EBUSY;
  }
  if (<u32>length < RSEQ_MIN_SIZE || (address & 31) != 0) return -EINVAL;
  if (!isUserRange(address, length)) return -EFAULT;
  // cpu_id_start, cpu_id, and behind rseq_cs and flags node_id, mm_cid.
  if (store64(address, 0) < 0 || store64(address + 8, 0) < 0 || store64(address + 16, 0) < 0) return -EFAULT;
  thread.rseqArea = address;
  thread.rseqLength = <u32>length;
  thread.rseqSignature = <u32>signature;
  return 0;
}

function getcpu(cpuAddress: u64, nodeAddress: u64, _cache: u64): i64 {
  if (cpuAddress != 0 && store32(cpuAddress, 0) < 0) return -EFAULT;
  if (nodeAddress != 0 && store32(nodeAddress, 0) < 0) return -EFAULT;
  return 0;
}

/** The rows of this family. */
export function defineThreadCalls(): void {
  define0(SYS_gettid, "gettid", "", gettid, "complete");
  define1(SYS_set_tid_address, "set_tid_address", "ptr", setTidAddress, "complete");
  define1(SYS_exit, "exit", "int", exit, "complete");
  define1(SYS_exit_group, "exit_group", "int", exitGroupCall, "complete");
  define2(SYS_arch_prctl, "arch_prctl", "hex hex", archPrctl, "FS, GS, XCOMP; no CPUID faulting, no shadow stacks");
  define4(SYS_rseq, "rseq", "ptr uint flags uint", rseq, "complete");
  define3(SYS_getcpu, "getcpu", "ptr ptr ptr", getcpu, "complete");
}
