// Making processes and talking with them: benchmarks/programs/processes.c, times as the program itself measures them.

import { packageEntries } from "../../cli/image/debian.ts";
import { hashKey } from "../../cli/image/hash.ts";
import type { Part } from "../main.ts";
import type { Root } from "../systems.ts";
import { benchLines, programsRoot } from "./programs.ts";

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
  },
};
