// Whatever `egg run` takes, on the Linux guest: the same files, the same command.

import type { BootConfig } from "../../cli/image/boot-config.ts";
import { withArguments } from "../../cli/image/boot-config.ts";
import { hashKey } from "../../cli/image/hash.ts";
import { prepareProgram } from "../../cli/image/program.ts";
import { findTarget } from "../../cli/image/target.ts";
import type { PortForward } from "../../cli/run/qemu.ts";
import { prepareLinuxImage, type RunningGuest, startLinux } from "./guest.ts";

export interface TargetOptions {
  args?: string[];
  boot?: BootConfig;
  memoryMiB?: number;
  ports?: PortForward[];
}

export async function startTargetOnLinux(target: string, options: TargetOptions = {}): Promise<RunningGuest> {
  const found = findTarget(target);
  if (found.kind !== "script" && found.kind !== "program") throw new Error(`${target}: not a program or a project`);
  const program = await prepareProgram(found);
  const image = await prepareLinuxImage(
    [...program.base.entries, ...program.entries],
    hashKey(program.base.key, program.key),
    "disk",
    { network: options.ports !== undefined },
  );
  return startLinux({
    image,
    boot: {
      ...program.boot,
      stdin: "none",
      stderr: "com2",
      ...options.boot,
      ...(options.args ? { args: withArguments(program.boot, options.args) } : {}),
    },
    memoryMiB: options.memoryMiB ?? 384,
    ...(options.ports ? { ports: options.ports } : {}),
  });
}

if (import.meta.main) {
  const [target = ".", ...args] = process.argv.slice(2);
  const guest = await startTargetOnLinux(target, { args, ports: [] });
  guest.stdout.pipe(process.stdout);
  guest.stderr.pipe(process.stderr);
  const { ending } = await guest.ended;
  process.exitCode = ending.kind === "exit" ? ending.status : 1;
}
