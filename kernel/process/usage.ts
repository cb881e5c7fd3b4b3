// struct rusage for getrusage(2), wait4(2) and waitid(2).

import { at, bytesAddress, pointerOf } from "memory/address";
import * as mem from "machine/mem";
import { NS_PER_SECOND } from "../abi/time";
import { ResourceUsage, RESOURCE_USAGE_SIZE } from "../abi/resource";
import { copyOut } from "../memory/user";
import { processRunNs, processSystemNs, threadRunNs, threadSystemNs } from "./cpu-time";
import { Process } from "./process";
import { UserThread } from "./user-thread";

const buffer = new StaticArray<u8>(<i32>RESOURCE_USAGE_SIZE);
const usage = at<ResourceUsage>(pointerOf(buffer));

function begin(runTimeNs: u64, systemTimeNs: u64, peakResidentPages: u64): void {
  mem.fill(bytesAddress(buffer), 0, RESOURCE_USAGE_SIZE);
  let userNs = runTimeNs - min(systemTimeNs, runTimeNs);
  usage.userSeconds = <i64>(userNs / NS_PER_SECOND);
  usage.userMicroseconds = <i64>((userNs % NS_PER_SECOND) / 1000);
  usage.systemSeconds = <i64>(systemTimeNs / NS_PER_SECOND);
  usage.systemMicroseconds = <i64>((systemTimeNs % NS_PER_SECOND) / 1000);
  usage.maxResidentKb = <i64>(peakResidentPages * 4);
}

/** A usage of which only these are known. Returns 0 or -EFAULT. */
export function storeUsage(address: u64, runTimeNs: u64, systemNs: u64, peakResidentPages: u64): i32 {
  begin(runTimeNs, systemNs, peakResidentPages);
  return copyOut(address, bytesAddress(buffer), RESOURCE_USAGE_SIZE);
}

export function storeThreadUsage(address: u64, thread: UserThread): i32 {
  begin(threadRunNs(thread), threadSystemNs(thread), <u64>thread.process.addressSpace.usage.peakResidentPages);
  usage.voluntarySwitches = <i64>thread.voluntarySwitches;
  usage.involuntarySwitches = <i64>thread.involuntarySwitches;
  return copyOut(address, bytesAddress(buffer), RESOURCE_USAGE_SIZE);
}

export function storeProcessUsage(address: u64, process: Process): i32 {
  let memory = process.addressSpace.usage;
  begin(processRunNs(process), processSystemNs(process), <u64>memory.peakResidentPages);
  usage.minorFaults = <i64>memory.minorFaults;
  usage.majorFaults = <i64>memory.majorFaults;
  let voluntary = process.pastVoluntarySwitches;
  let involuntary = process.pastInvoluntarySwitches;
  for (let i = 0; i < process.threads.length; i++) {
    voluntary += process.threads[i].voluntarySwitches;
    involuntary += process.threads[i].involuntarySwitches;
  }
  usage.voluntarySwitches = <i64>voluntary;
  usage.involuntarySwitches = <i64>involuntary;
  return copyOut(address, bytesAddress(buffer), RESOURCE_USAGE_SIZE);
}
