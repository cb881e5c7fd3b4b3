// Who ends when memory is out: the programs of the address space that memory/oom.ts chose, each with a line on the console.

import * as frames from "memory/frames";
import * as log from "../log/log";
import { AddressSpace } from "../memory/address-space";
import { Keeper, setKeeper } from "../memory/oom";
import { Process, ProcessState } from "./process";
import { nextProcess } from "./process-table";
import { SIGKILL } from "../abi/signal";
import { signalProcess } from "./signal-send";

/** Pages in a megabyte, as a shift. */
const PAGES_PER_MB: u64 = 8;

class ProcessKeeper extends Keeper {
  override end(victim: AddressSpace): bool {
    let found = false;
    let process = nextProcess(1);
    while (process !== null) {
      if (process.addressSpace === victim && process.state == ProcessState.RUNNING) {
        announce(process, victim);
        signalProcess(process, SIGKILL);
        found = true;
      }
      process = nextProcess(process.id + 1);
    }
    return found;
  }
}

/** "out of memory: node (process 1) holds 212 of 243 MB and is ended; give the machine more with -m" */
function announce(process: Process, space: AddressSpace): void {
  let line = log.begin(log.ERROR).string("out of memory: ");
  let executable = process.executable;
  if (executable !== null) line.array(executable.entry.name);
  line
    .string(" (process ")
    .decimal(<u64>process.id)
    .string(") holds ")
    .decimal(<u64>space.heldPages >> PAGES_PER_MB)
    .string(" of ")
    .decimal(frames.totalCount() >> PAGES_PER_MB)
    .string(" MB and is ended; give the machine more with -m");
  log.end();
}

/** From now on programs end when memory is out. */
export function guardMemory(): void {
  setKeeper(new ProcessKeeper());
}
