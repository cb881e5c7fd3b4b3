// Our own terminal, pipe or file on one side, a guest on the other: input, signals, window size.
//
// On a terminal every key goes to the guest as it is, Ctrl-C too: the guest's line discipline makes the signal.
// Otherwise input is passed on with its end, and signals we get are passed on; the second of a kind ends the machine.

import { constants } from "node:os";
import type { BootConfig } from "../image/boot-config.ts";
import type { Guest } from "./guest.ts";

const CTRL_C = 3;
/** So many Ctrl-C within so many milliseconds end the machine. */
const FORCE_COUNT = 3;
const FORCE_WITHIN_MS = 1000;
const FORWARDED: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/** What the program should take its standard streams for. */
export function terminalConfig(): BootConfig {
  const { stdin, stdout, stderr } = process;
  const config: BootConfig = {
    stdin: stdin.isTTY ? "tty" : "pipe",
    stdout: stdout.isTTY ? "tty" : "pipe",
    stderr: stdout.isTTY && stderr.isTTY ? "tty" : "com2",
  };
  if (stdout.isTTY) {
    config.columns = stdout.columns;
    config.rows = stdout.rows;
  }
  return config;
}

export interface Terminal {
  /** The signal that made us end the machine, if we did. */
  readonly endedBy: number | null;
  detach(): void;
}

class Attachment implements Terminal {
  endedBy: number | null = null;
  readonly #guest: Guest;
  readonly #ctrlC: number[] = [];
  readonly #seen = new Set<string>();
  readonly #cleanup: (() => void)[] = [];

  constructor(guest: Guest) {
    this.#guest = guest;
    guest.stderr.pipe(process.stderr, { end: false });
    if (process.stdin.isTTY) this.#attachKeyboard();
    else void this.#copyInput();
    for (const name of FORWARDED) this.#listen(process, name, () => this.#forward(name));
    if (process.stdout.isTTY) {
      this.#listen(process.stdout, "resize", () => guest.resize(process.stdout.columns, process.stdout.rows));
    }
  }

  detach(): void {
    for (const undo of this.#cleanup) undo();
    process.stdin.destroy();
  }

  #listen(source: NodeJS.EventEmitter, event: string, listener: () => void): void {
    source.on(event, listener);
    this.#cleanup.push(() => source.off(event, listener));
  }

  #end(signal: number): void {
    this.endedBy = signal;
    this.#guest.kill();
  }

  #forward(name: NodeJS.Signals): void {
    const signal = constants.signals[name];
    if (this.#seen.has(name)) {
      this.#end(signal);
    } else {
      this.#seen.add(name);
      this.#guest.sendSignal(signal);
    }
  }

  #attachKeyboard(): void {
    const { stdin } = process;
    stdin.setRawMode(true);
    this.#cleanup.push(() => stdin.setRawMode(false));
    stdin.on("data", (keys: Buffer) => {
      if (keys.includes(CTRL_C) && this.#isForced()) this.#end(constants.signals.SIGINT);
      else void this.#guest.write(keys);
    });
  }

  #isForced(): boolean {
    const now = performance.now();
    this.#ctrlC.push(now);
    const first = this.#ctrlC.at(-FORCE_COUNT);
    return first !== undefined && now - first <= FORCE_WITHIN_MS;
  }

  async #copyInput(): Promise<void> {
    try {
      for await (const chunk of process.stdin) await this.#guest.write(chunk as Buffer);
    } catch {
      // Unreadable input ends like an empty one.
    }
    this.#guest.endInput();
  }
}

export function attachTerminal(guest: Guest): Terminal {
  return new Attachment(guest);
}
