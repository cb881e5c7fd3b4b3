// Bulk TCP, datagrams and idle connections over a tap, where QEMU's user network is not in the way. The peer is the host's
// Linux in a network namespace made for each round; benchmarks/tap.ts runs there and prints figures, a JSON line each.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Part } from "../main.ts";
import type { Figure } from "../results.ts";
import { nodeRoot, programsRoot } from "./programs.ts";
import { IDLE_SERVER } from "./scripts.ts";

/** How to get a network namespace: as root, or with a user namespace of one's own. */
function unshareFlags(): string[] {
  for (const flags of [["-n"], ["-r", "-n"]]) {
    if (spawnSync("unshare", [...flags, "ip", "tuntap", "add", "probe0", "mode", "tap"]).status === 0) return flags;
  }
  throw new Error("no network namespaces, or no ip(8), here: nothing measured");
}

export const networkPart: Part = {
  title: "Network: bulk TCP, datagrams, idle connections (over a tap)",
  round: async (system, results) => {
    // Everything that has to be fetched or built is, while there is a network.
    await system.imageBytes(await programsRoot());
    await system.imageBytes(await nodeRoot({ "server.mjs": IDLE_SERVER }));
    const script = join(import.meta.dirname, "../tap.ts");
    const child = spawn("unshare", [...unshareFlags(), process.execPath, script, system.name], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [out, [status]] = await Promise.all([text(child.stdout), once(child, "close")]);
    for (const line of out.split("\n").filter((one) => one.startsWith("{"))) {
      const { name, unit, value } = JSON.parse(line) as Figure & { value: number };
      results.add(system.name, name, value, unit);
    }
    if (status !== 0) throw new Error(`benchmarks/tap.ts ended with ${String(status)}`);
  },
};
