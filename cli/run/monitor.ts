// QEMU's monitor: requests and answers as lines of JSON (QMP, docs/interop/qmp-spec.txt of QEMU).

import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import { EXIT_SOFTWARE, Failure } from "../failure.ts";

interface Answer {
  return?: unknown;
  error?: { desc: string };
  QMP?: unknown;
}

export class Monitor {
  readonly #stream: Duplex;
  /** Who waits for the next answers, in order. */
  readonly #waiting: ((answer: Answer) => void)[] = [];
  #isClosed = false;
  #isOpen = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on("error", () => this.#close());
    stream.on("close", () => this.#close());
    createInterface({ input: stream }).on("line", (line) => this.#take(line));
  }

  #take(line: string): void {
    const message = JSON.parse(line) as Answer;
    if ("return" in message || "error" in message) this.#waiting.shift()?.(message);
  }

  #close(): void {
    this.#isClosed = true;
    for (const answer of this.#waiting.splice(0)) answer({ error: { desc: "the machine has ended" } });
  }

  async #ask(command: string, values: Record<string, unknown>): Promise<unknown> {
    if (this.#isClosed) throw new Failure(`${command}: the machine has ended`, { status: EXIT_SOFTWARE });
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.push(resolve);
      this.#stream.write(`${JSON.stringify({ execute: command, arguments: values })}\n`);
    });
    if (answer.error) throw new Failure(`${command}: ${answer.error.desc}`, { status: EXIT_SOFTWARE });
    return answer.return;
  }

  /** Run one of the monitor's commands; a Failure with its words when it refuses or the machine has ended. */
  async run(command: string, values: Record<string, unknown> = {}): Promise<unknown> {
    if (!this.#isOpen) {
      this.#isOpen = true;
      await this.#ask("qmp_capabilities", {});
    }
    return await this.#ask(command, values);
  }
}
