// Runs a suite's cases in a guest, on eggos or on Linux. A guest that dies or falls silent costs the case that ran then,
// and the next ones go on in a new guest.

import { createInterface } from "node:readline";
import { bootedImage, type Root } from "../../benchmarks/systems.ts";
import { prepareLinuxImage, startLinux } from "../../benchmarks/linux/guest.ts";
import type { BootConfig } from "../../cli/image/boot-config.ts";
import { startGuest } from "../../cli/run/guest.ts";
import { FOLDER } from "./image.ts";
import type { Case } from "./suite.ts";

export type SystemName = "eggos" | "linux";

export interface Outcome {
  output: string;
  /** Exit status; null when the machine itself failed. */
  status: number | null;
  /** How the machine failed. */
  machine: string;
  seconds: number;
  /** What the kernel said meanwhile. */
  kernel: string;
}

/** What the machine may take beyond a case's own limit, seconds, before it counts as hanging. */
const PATIENCE = 60;

/** Of what the kernel says, so many characters are kept. */
const KERNEL_TEXT = 60_000;

export interface Watching {
  /** Called as each case ends. */
  tell(number: number, outcome: Outcome): void;
  /** System calls to trace, of the cases and all they start; eggos only. */
  strace?: string[] | undefined;
}

async function boot(
  system: SystemName,
  root: Root,
  memoryMiB: number,
  numbers: number[],
  strace: string[] | undefined,
) {
  const config: BootConfig = {
    program: "/bin/sh",
    args: ["sh", `${FOLDER}/driver`, ...numbers.map(String)],
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    cwd: "/",
    stdin: "none",
    stdout: "pipe",
    stderr: "com2",
  };
  if (system === "eggos") {
    const guest = await startGuest({
      elf: await bootedImage(root),
      boot: config,
      memoryMiB,
      output: "pipe",
      ...(strace ? { strace } : {}),
    });
    return { stdout: guest.stdout, stderr: guest.stderr, ended: guest.ended, kill: guest.kill };
  }
  const image = await prepareLinuxImage(root.entries, root.key, "disk");
  const guest = startLinux({ image, boot: { hostname: "eggos", ...config }, memoryMiB });
  return { stdout: guest.stdout, stderr: guest.stderr, ended: guest.ended, kill: () => guest.process.kill("SIGKILL") };
}

/** Run the cases with these numbers. */
export async function runCases(
  system: SystemName,
  root: Root,
  memoryMiB: number,
  cases: Case[],
  numbers: number[],
  watching: Watching,
): Promise<void> {
  let left = [...numbers];
  while (left.length > 0) {
    const done = await runGuestOnce(system, root, memoryMiB, cases, left, watching);
    left = left.slice(done);
  }
}

/** One guest's life. Returns how many of the cases it settled: at least one. */
async function runGuestOnce(
  system: SystemName,
  root: Root,
  memoryMiB: number,
  cases: Case[],
  numbers: number[],
  watching: Watching,
): Promise<number> {
  const guest = await boot(system, root, memoryMiB, numbers, watching.strace);
  let settled = 0;
  let running: number | undefined;
  let startedAt = Date.now();
  let output: string[] = [];
  let kernel = "";
  let hangs = false;
  let timer: NodeJS.Timeout | undefined;
  const arm = (seconds: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      hangs = true;
      guest.kill();
    }, seconds * 1000);
  };
  arm(PATIENCE * 2);
  guest.stderr.on("data", (chunk: Buffer) => {
    kernel = (kernel + chunk.toString("latin1")).slice(-KERNEL_TEXT);
  });
  const settle = (number: number, status: number | null, machine: string): void => {
    settled++;
    const seconds = (Date.now() - startedAt) / 1000;
    watching.tell(number, { output: output.join("\n"), status, machine, seconds, kernel });
    running = undefined;
    output = [];
    kernel = "";
  };
  if (guest.stdout) {
    createInterface({ input: guest.stdout }).on("line", (line) => {
      const marker = /^@@(begin|end) (\d+)(?: (\d+))?\r?$/.exec(line);
      if (!marker) {
        output.push(line);
        return;
      }
      const number = Number(marker[2]);
      if (marker[1] === "begin") {
        running = number;
        startedAt = Date.now();
        output = [];
        arm((cases[number]?.seconds ?? 0) + PATIENCE);
      } else {
        settle(number, Number(marker[3]), "");
        arm(PATIENCE);
      }
    });
  }
  const { ending } = await guest.ended;
  clearTimeout(timer);
  // readline may hold the last lines a moment longer.
  await new Promise((resolve) => setTimeout(resolve, 50));
  if (running !== undefined || settled < numbers.length) {
    const number = running ?? numbers[settled];
    const panic = ending.kind === "panic" ? `kernel panic: ${ending.message}` : "";
    const how = panic !== "" ? panic : hangs ? "the machine hangs" : `the machine ended (${ending.kind})`;
    if (number !== undefined) settle(number, null, how);
  }
  return settled;
}
