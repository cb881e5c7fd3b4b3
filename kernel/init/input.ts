// Keyboard and mouse reach the rest: the layout, the console that keys are typed on, Ctrl-Alt-Del.

import { SIGTERM } from "../abi/signal";
import { BootConfig } from "../boot/config";
import { Tty } from "../console/tty";
import * as keyboard from "../input/keyboard";
import { ConsoleKeys } from "../input/keyboard";
import { registerMice } from "../input/mice-file";
import * as log from "../log/log";
import { rebootAtEnd } from "../panic/power";
import { firstProcess } from "../process/process-table";
import { signalProcess } from "../process/signal-send";
import { registerInputFiles } from "../procfs/input-files";
import { scrollScreen, screenTyped } from "./screen";

/** Before the first driver. */
export function prepareInput(config: BootConfig): void {
  keyboard.initialize();
  registerInputFiles();
  registerMice();
  if (config.keyboard.length == 0 || keyboard.setLayout(config.keyboard)) return;
  log
    .begin(log.WARNING)
    .string("no keyboard layout ")
    .array(config.keyboard)
    .string(", so it is us; there are us, gb, de, fr");
  log.end();
}

/** Ctrl-Alt-Del asks the program to end, as an orderly shutdown does, and the machine starts anew then. */
export function restartMachine(): void {
  rebootAtEnd();
  let process = firstProcess();
  if (process !== null) signalProcess(process, SIGTERM);
}

class TypeOnTerminal extends ConsoleKeys {
  constructor(readonly tty: Tty) {
    super();
  }

  override type(byte: u32): void {
    screenTyped();
    this.tty.type(byte);
  }

  override scroll(direction: i32): bool {
    return scrollScreen(-direction);
  }

  override restart(): void {
    restartMachine();
  }
}

/** Keys are typed on `tty`. */
export function typeOn(tty: Tty): void {
  keyboard.setConsoleKeys(new TypeOnTerminal(tty));
}
