// What lower layers ask of higher ones, connected once.

import { SIGPIPE } from "../abi/signal";
import { random64 } from "../entropy/random";
import { initializeFifos } from "../fs/pipe/fifo";
import { BrokenPipeListener, setBrokenPipeListener } from "../fs/pipe/pipe-file";
import { setRandomSource } from "../memory/placement";
import { guardMemory } from "../process/out-of-memory";
import { signalSelf } from "../process/signal-send";

class RaiseBrokenPipe extends BrokenPipeListener {
  override brokenPipe(): void {
    signalSelf(SIGPIPE);
  }
}

export function connectHooks(): void {
  setBrokenPipeListener(new RaiseBrokenPipe());
  initializeFifos();
  setRandomSource(random64);
  guardMemory();
}
