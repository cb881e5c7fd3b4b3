// The end of the first process is the end of the machine: its status goes to whoever started it.

import { exit, exitBySignal, rebootAtEnd } from "../panic/power";
import { MachineEnd } from "../process/exit";

export class EndWithProgram extends MachineEnd {
  override onInitExit(status: i32): void {
    let signal = status & 0x7f;
    if (signal != 0) exitBySignal(signal);
    else exit((status >> 8) & 0xff);
  }

  override restart(): void {
    rebootAtEnd();
  }
}
