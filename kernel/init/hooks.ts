// What lower layers ask of higher ones, connected once.

import { SIGPIPE, SIGTERM } from "../abi/signal";
import { PowerButton, watchPowerButton } from "../drivers/power-button";
import { random64 } from "../entropy/random";
import { initializeFifos } from "../fs/pipe/fifo";
import { BrokenPipeListener, setBrokenPipeListener } from "../fs/pipe/pipe-file";
import { setRandomSource } from "../memory/placement";
import { guardMemory } from "../process/out-of-memory";
import { firstProcess } from "../process/process-table";
import { signalProcess, signalSelf } from "../process/signal-send";

class RaiseBrokenPipe extends BrokenPipeListener {
  override brokenPipe(): void {
    signalSelf(SIGPIPE);
  }
}

/** The power button asks the program to end, as an orderly shutdown does. */
class EndProgram extends PowerButton {
  override pressed(): void {
    let process = firstProcess();
    if (process !== null) signalProcess(process, SIGTERM);
  }
}

export function connectHooks(): void {
  watchPowerButton(new EndProgram());
  setBrokenPipeListener(new RaiseBrokenPipe());
  initializeFifos();
  setRandomSource(random64);
  guardMemory();
}
