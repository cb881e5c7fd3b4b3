// The power button asks the program to end, as an orderly shutdown does.

import { SIGTERM } from "../abi/signal";
import { PowerButton, watchPowerButton } from "../drivers/power-button";
import { firstProcess } from "../process/process-table";
import { signalProcess } from "../process/signal-send";

class EndProgram extends PowerButton {
  override pressed(): void {
    let process = firstProcess();
    if (process !== null) signalProcess(process, SIGTERM);
  }
}

export function register(): void {
  watchPowerButton(new EndProgram());
}
