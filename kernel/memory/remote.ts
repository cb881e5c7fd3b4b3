// A program's memory from outside, whoever's address space is active: what exec writes into a new one, /proc/PID/mem and
// process_vm_readv read. Pages are faulted in as the program's own accesses would; bytes go through the direct map.

import * as mem from "machine/mem";
import { direct } from "memory/address";
import * as tables from "memory/user-tables";
import { PAGE_SIZE } from "../abi/mman";
import { AddressSpace } from "./address-space";
import * as fault from "./fault";

/** Copy kernel memory to [address, address + length) of `space`; returns the bytes NOT copied. */
export function writeRemote(space: AddressSpace, address: u64, source: u64, length: u64): u64 {
  let done: u64 = 0;
  while (done < length) {
    let page = window(space, address + done, fault.FAULT_WRITE);
    if (page == 0) break;
    let step = min(length - done, PAGE_SIZE - ((address + done) & (PAGE_SIZE - 1)));
    mem.copy(page, source + done, step);
    done += step;
  }
  return length - done;
}

/** Copy [address, address + length) of `space` to kernel memory; returns the bytes NOT copied. */
export function readRemote(space: AddressSpace, destination: u64, address: u64, length: u64): u64 {
  let done: u64 = 0;
  while (done < length) {
    let page = window(space, address + done, 0);
    if (page == 0) break;
    let step = min(length - done, PAGE_SIZE - ((address + done) & (PAGE_SIZE - 1)));
    mem.copy(destination + done, page, step);
    done += step;
  }
  return length - done;
}

/** Zero [address, address + length) of `space`; returns the bytes NOT zeroed. */
export function zeroRemote(space: AddressSpace, address: u64, length: u64): u64 {
  let done: u64 = 0;
  while (done < length) {
    let page = window(space, address + done, fault.FAULT_WRITE);
    if (page == 0) break;
    let step = min(length - done, PAGE_SIZE - ((address + done) & (PAGE_SIZE - 1)));
    mem.fill(page, 0, step);
    done += step;
  }
  return length - done;
}

/** The kernel-virtual address of `address`, resident and fit for the access, or 0 (device memory is not reached). */
function window(space: AddressSpace, address: u64, access: u64): u64 {
  let mapping = space.mappings.find(address);
  if (mapping !== null) {
    let source = mapping.source;
    if (source !== null && source.isDeviceMemory) return 0;
  }
  let entry = entryOf(space, address);
  let needed = access != 0 ? tables.PRESENT | tables.WRITABLE : tables.PRESENT;
  if ((entry & needed) != needed) {
    if (fault.handle(space, address, access) != fault.FaultResult.HANDLED) return 0;
    entry = entryOf(space, address);
    if ((entry & needed) != needed) return 0;
  }
  return direct((entry & tables.FRAME_MASK) | (address & (PAGE_SIZE - 1)));
}

function entryOf(space: AddressSpace, address: u64): u64 {
  // A space whose last process has ended has no tables any more.
  if (address >= tables.END || space.root == 0) return 0;
  return tables.effective(space.root, address);
}
