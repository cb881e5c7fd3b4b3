// The shell's state and how a line is run: commands one after the other, pipes, files, jobs, programs.

import { spawn } from "node:child_process";
import { accessSync, appendFileSync, constants, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Call, CommandError, type Commands, reason } from "./command.ts";
import { type Command, LineError, type Pipeline, parseLine } from "./line.ts";
import * as look from "./text.ts";

/** What commands ended by Ctrl-C end with: 128 + SIGINT. */
const INTERRUPTED = 130;
const NOT_FOUND = 127;

export interface Job {
  number: number;
  text: string;
  controller: AbortController;
  done: Promise<number>;
  /** Its exit status, once it has ended. */
  status: number | null;
}

/** Where a pipeline's output goes. */
export interface Output {
  write(text: string): void;
  isTerminal: boolean;
}

export class Shell {
  readonly commands: Commands = {};
  readonly jobs: Job[] = [];
  /** The last pipeline's exit status: `$?`. */
  status = 0;
  /** Set by `exit`. */
  isOver = false;
  /** What runs in the foreground. */
  #foreground: AbortController | null = null;
  /** Forget what was typed and not yet entered. */
  dropTyped: () => void = () => {};
  readonly #output: Output;
  /** Give the terminal to a program, and take it back. */
  readonly #lend: (isLent: boolean) => void;

  constructor(output: Output, lend: (isLent: boolean) => void) {
    this.#output = output;
    this.#lend = lend;
  }

  get isBusy(): boolean {
    return this.#foreground !== null;
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.#foreground?.abort();
  }

  /** Run a line; false when it could not be understood. */
  async run(line: string): Promise<boolean> {
    let pipelines: Pipeline[];
    try {
      pipelines = parseLine(line, (name) => this.#variable(name));
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      this.#complain("shell", error.message);
      this.status = 2;
      return false;
    }
    for (const pipeline of pipelines) {
      if (this.isOver) break;
      if (pipeline.condition === "success" && this.status !== 0) continue;
      if (pipeline.condition === "failure" && this.status === 0) continue;
      if (pipeline.isBackground) this.#start(pipeline);
      else await this.wait(new AbortController(), (signal) => this.#runPipeline(pipeline, signal, this.#output));
      if (this.status === INTERRUPTED) break;
    }
    return true;
  }

  #variable(name: string): string {
    if (name === "?") return String(this.status);
    if (name === "$") return String(process.pid);
    return process.env[name] ?? "";
  }

  /** Have something in the foreground until it ends or Ctrl-C ends it. */
  async wait(controller: AbortController, work: (signal: AbortSignal) => Promise<number>): Promise<void> {
    this.#foreground = controller;
    try {
      this.status = await work(controller.signal);
    } finally {
      this.#foreground = null;
    }
  }

  #start(pipeline: Pipeline): void {
    const controller = new AbortController();
    const number = Math.max(0, ...this.jobs.map((job) => job.number)) + 1;
    const done = this.#runPipeline(pipeline, controller.signal, { write: this.#output.write, isTerminal: false });
    const job: Job = { number, text: pipeline.text, controller, done, status: null };
    this.jobs.push(job);
    this.#output.write(`[${number}] ${pipeline.text}\n`);
    this.status = 0;
    void done.then((status) => {
      job.status = status;
    });
  }

  /** Jobs that ended since this was last asked, as lines. */
  endedJobs(): string[] {
    const ended = this.jobs.filter((job) => job.status !== null);
    for (const job of ended) this.jobs.splice(this.jobs.indexOf(job), 1);
    return ended.map((job) => `[${job.number}] ${job.status === 0 ? "done" : `ended with ${job.status}`}  ${job.text}`);
  }

  #complain(name: string, message: string): void {
    if (message !== "") this.#output.write(`${look.paint("red", name)}: ${message}\n`);
  }

  async #runPipeline(pipeline: Pipeline, signal: AbortSignal, output: Output): Promise<number> {
    let input: string | undefined;
    let status = 0;
    for (const [index, command] of pipeline.commands.entries()) {
      const isLast = index === pipeline.commands.length - 1;
      let collected = "";
      const isCollecting = !isLast || command.output !== undefined;
      const sink: Output = isCollecting ? { write: (text) => (collected += text), isTerminal: false } : output;
      status = await this.#runCommand(command, input, signal, sink, pipeline.isBackground);
      if (signal.aborted) return INTERRUPTED;
      if (command.output && !this.#save(command.output, collected)) return 1;
      input = isLast || command.output ? "" : collected;
    }
    return status;
  }

  #save(output: NonNullable<Command["output"]>, text: string): boolean {
    try {
      (output.isAppending ? appendFileSync : writeFileSync)(output.path, text);
      return true;
    } catch (error) {
      this.#complain(output.path, reason(error));
      return false;
    }
  }

  async #runCommand(
    command: Command,
    piped: string | undefined,
    signal: AbortSignal,
    output: Output,
    isBackground: boolean,
  ): Promise<number> {
    const [name = "", ...args] = command.words;
    try {
      const input = command.input === undefined ? piped : readFileSync(command.input, "utf8");
      const entry = Object.hasOwn(this.commands, name) ? this.commands[name] : undefined;
      if (!entry) return await this.#runProgram(name, args, input, signal, output, isBackground);
      const call: Call = {
        args,
        input,
        print: (text) => output.write(`${text}\n`),
        write: output.write,
        isTerminal: output.isTerminal,
        width: process.stdout.columns ?? 80,
        signal,
      };
      this.status = 0;
      await entry.run(call);
      return this.status;
    } catch (error) {
      if (signal.aborted) return INTERRUPTED;
      this.#complain(name, reason(error));
      return error instanceof CommandError ? error.status : 1;
    }
  }

  /** A program of the image, by its path or found in PATH. */
  findProgram(name: string): string | null {
    const places = name.includes("/")
      ? [name]
      : (process.env.PATH ?? "").split(delimiter).map((place) => join(place, name));
    for (const place of places) {
      try {
        accessSync(place, constants.X_OK);
        if (statSync(place).isFile()) return place;
      } catch {
        // Not here.
      }
    }
    return null;
  }

  #runProgram(
    name: string,
    args: string[],
    input: string | undefined,
    signal: AbortSignal,
    output: Output,
    isBackground: boolean,
  ): Promise<number> {
    const path = this.findProgram(name);
    if (path === null) throw new CommandError("no such command; help lists them", NOT_FOUND);
    const hasTerminal = output.isTerminal && input === undefined && !isBackground;
    return new Promise((resolve, reject) => {
      if (hasTerminal) this.#lend(true);
      const child = spawn(path, args, {
        argv0: name,
        stdio: hasTerminal ? "inherit" : [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      });
      const takeBack = (): void => {
        if (hasTerminal) this.#lend(false);
      };
      signal.addEventListener("abort", () => child.kill("SIGINT"));
      child.stdout?.setEncoding("utf8").on("data", output.write);
      child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#output.write(text));
      child.stdin?.on("error", () => {});
      child.stdin?.end(input ?? "");
      child.on("error", (error) => {
        takeBack();
        reject(error);
      });
      child.on("close", (status, ending) => {
        takeBack();
        resolve(status ?? 128 + (ending === "SIGINT" ? 2 : 1));
      });
    });
  }
}
