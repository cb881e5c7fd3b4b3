// Making processes and talking with them: benchmarks/programs/processes.c, and cluster.mjs, two processes of Node.js that serve one
// port. Times as the programs themselves measure them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageEntries } from "../../cli/image/debian.ts";
import { hashKey } from "../../cli/image/hash.ts";
import type { Part } from "../main.ts";
import type { Root } from "../systems.ts";
import { benchLines, nodeRoot, programsRoot } from "./programs.ts";

/** The programs, and busybox for the shell script. */
async function shellRoot(): Promise<Root> {
  const root = await programsRoot();
  const packages = await packageEntries(["busybox-static"], "the benchmark");
  const own = new Set(root.entries.map((entry) => entry.path));
  const shell = packages.entries.filter((entry) => !own.has(entry.path));
  return { key: hashKey(root.key, packages.key), entries: [...root.entries, ...shell] };
}

export const processesPart: Part = {
  title: "Processes",
  round: async (system, results) => {
    const guest = await system.launch({
      root: await shellRoot(),
      boot: { program: "/programs/processes", args: ["processes"] },
    });
    const { lines } = await guest.finish(600_000);
    for (const { name, value, unit } of benchLines(lines)) results.add(system.name, name, value, unit);
    const text = readFileSync(join(import.meta.dirname, "../programs/cluster.mjs"), "utf8");
    const cluster = await system.launch({
      root: await nodeRoot({ "cluster.mjs": text }),
      boot: { program: "/usr/bin/node", args: ["node", "/app/cluster.mjs"], cwd: "/app" },
    });
    const told = (await cluster.finish(600_000)).lines;
    for (const { name, value, unit } of benchLines(told)) results.add(system.name, name, value, unit);
  },
};
