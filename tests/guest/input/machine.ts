// A guest whose keyboard and mouse are the test's: QEMU's machine protocol (QMP) plugs devices in and out and presses keys.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { type Guest, type GuestOptions, startGuest } from "../../../cli/run/guest.ts";
import { buildPrograms } from "../build-programs.ts";

const BOOT_LIMIT_MS = 60_000;
const LINE_LIMIT_MS = 20_000;

/** The programs of this folder, compiled. */
export async function inputPrograms(): Promise<Record<"events" | "evdev" | "typed", string>> {
  const into = join(import.meta.dirname, "../../../build/guest-programs/input");
  const [events, evdev, typed] = await buildPrograms(["events", "evdev", "typed"], import.meta.dirname, into);
  assert.ok(events !== undefined && evdev !== undefined && typed !== undefined);
  return { events, evdev, typed };
}

/** An event as QMP's input-send-event takes it. */
export type InputEvent =
  | { type: "btn"; data: { button: string; down: boolean } }
  | { type: "rel" | "abs"; data: { axis: "x" | "y"; value: number } }
  | { type: "key"; data: { key: { type: "qcode"; data: string }; down: boolean } };

export class InputMachine {
  readonly lines: string[] = [];
  readonly guest: Guest;
  #monitor: Socket;
  #answers: { resolve(value: unknown): void; reject(error: Error): void }[] = [];
  #folder: string;
  #read = 0;
  #isOver = false;
  #text = "";

  private constructor(guest: Guest, monitor: Socket, folder: string) {
    this.guest = guest;
    this.#monitor = monitor;
    this.#folder = folder;
    createInterface({ input: guest.stdout as Readable }).on("line", (line) => this.lines.push(line.trimEnd()));
    (guest.stdout as Readable).on("data", (chunk: Buffer) => {
      this.#text += chunk.toString("latin1");
    });
    createInterface({ input: monitor }).on("line", (line) => this.#heard(line));
    void guest.ended.then(() => {
      this.#isOver = true;
    });
  }

  static async start(options: GuestOptions, ...qemuArguments: string[]): Promise<InputMachine> {
    const folder = mkdtempSync(join(tmpdir(), "input-"));
    const path = join(folder, "qmp");
    const guest = await startGuest({
      ...options,
      boot: { stdin: "tty", stdout: "tty", stderr: "com2", ...options.boot },
      output: "pipe",
      qemuArguments: ["-qmp", `unix:${path},server=on,wait=off`, ...qemuArguments],
    });
    for (let tries = 0; ; tries++) {
      const monitor = connect(path);
      const failed = await new Promise<boolean>((resolve) => {
        monitor.once("connect", () => resolve(false));
        monitor.once("error", () => resolve(true));
      });
      if (!failed) {
        const machine = new InputMachine(guest, monitor, folder);
        await machine.command("qmp_capabilities");
        return machine;
      }
      assert.ok(tries < 200, "QEMU opens no monitor");
      await sleep(50);
    }
  }

  #heard(line: string): void {
    const message = JSON.parse(line) as { return?: unknown; error?: { desc: string } };
    if (message.error !== undefined) this.#answers.shift()?.reject(new Error(message.error.desc));
    else if ("return" in message) this.#answers.shift()?.resolve(message.return);
  }

  command(execute: string, args: Record<string, unknown> = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#answers.push({ resolve, reject });
      this.#monitor.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    });
  }

  /** Press the keys of each word together, one word after the other: "shift-a b". */
  async press(...words: string[]): Promise<void> {
    for (const word of words) {
      const keys = word.split("-").map((data) => ({ type: "qcode", data }));
      await this.command("send-key", { keys, "hold-time": 20 });
      await sleep(60);
    }
  }

  /** Events as they are, in one packet; to the device `to` if named. */
  async send(...events: InputEvent[]): Promise<void> {
    await this.command("input-send-event", { events });
    await sleep(30);
  }

  async plug(driver: string, id: string, more: Record<string, unknown> = {}): Promise<void> {
    await this.command("device_add", { driver, id, ...more });
  }

  async unplug(id: string): Promise<void> {
    await this.command("device_del", { id });
  }

  /** The next line that matches, skipping others. */
  async line(pattern: RegExp, limitMs = LINE_LIMIT_MS): Promise<string> {
    const began = performance.now();
    const from = this.#read;
    while (true) {
      for (let at = this.#read; at < this.lines.length; at++) {
        const line = this.lines[at] ?? "";
        if (!pattern.test(line)) continue;
        this.#read = at + 1;
        return line;
      }
      const tail = this.lines.slice(from).join("\n  ");
      assert.ok(!this.#isOver, `the guest ended before ${pattern}; since then:\n  ${tail}`);
      assert.ok(performance.now() - began < limitMs, `no ${pattern} within ${limitMs} ms; since then:\n  ${tail}`);
      await sleep(20);
    }
  }

  ready(pattern = /^(listening|ready)/): Promise<string> {
    return this.line(pattern, BOOT_LIMIT_MS);
  }

  /** Wait for a prompt: text that no newline ends. */
  async prompt(text: string): Promise<void> {
    const began = performance.now();
    while (!this.#text.includes(text)) {
      assert.ok(performance.now() - began < BOOT_LIMIT_MS, `no "${text}" on the terminal: ${this.#text}`);
      await sleep(50);
    }
  }

  async stop(): Promise<void> {
    this.guest.kill();
    await this.guest.ended;
    this.#monitor.destroy();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
