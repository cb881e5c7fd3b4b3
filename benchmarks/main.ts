// `npm run bench`: the same programs on eggos and on a Linux guest, in turn, on the same QEMU settings.
//
//   npm run bench                        all parts, 5 rounds
//   npm run bench -- micro boot          only these parts (boot, micro, processes, console, node, http, go, network, graphics)
//   --rounds N   --system eggos,linux-initramfs,linux-disk   --json FILE   --memory MIB
//   --count                              the guest's clock counts instructions: 1 ns is one, whatever else the machine does
//
// Prints medians and eggos-to-Linux ratios as Markdown; benchmarks/README.md says what each figure is.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { bootPart } from "./parts/boot.ts";
import { consolePart } from "./parts/console.ts";
import { graphicsPart } from "./parts/graphics.ts";
import { goPart, httpPart } from "./parts/http.ts";
import { microPart } from "./parts/micro.ts";
import { networkPart } from "./parts/network.ts";
import { nodePart } from "./parts/node.ts";
import { processesPart } from "./parts/processes.ts";
import { formatTable, Results } from "./results.ts";
import { prepareSystem, SYSTEMS, type System, type SystemName } from "./systems.ts";

export interface Part {
  title: string;
  /** One round on one system: puts its figures into the results. */
  round(system: System, results: Results): Promise<void>;
}

const PARTS: Record<string, Part> = {
  boot: bootPart,
  micro: microPart,
  processes: processesPart,
  console: consolePart,
  node: nodePart,
  http: httpPart,
  go: goPart,
  network: networkPart,
  graphics: graphicsPart,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    system: { type: "string", default: SYSTEMS.join(",") },
    memory: { type: "string", default: "256" },
    json: { type: "string" },
    count: { type: "boolean", default: false },
  },
});

const names = positionals.length > 0 ? positionals : Object.keys(PARTS);
const unknown = names.filter((name) => !(name in PARTS));
const systems = values.system.split(",").filter((name): name is SystemName => SYSTEMS.includes(name as SystemName));
if (unknown.length > 0 || systems.length === 0) {
  process.stderr.write(
    `bench: unknown: ${[...unknown, values.system].join(" ")} (parts: ${Object.keys(PARTS).join(", ")}; systems: ${SYSTEMS.join(", ")})\n`,
  );
  process.exit(64);
}

// The virtual clock advances by one nanosecond an instruction, and jumps over idle time.
const qemuArguments = values.count ? ["-icount", "shift=0,sleep=off"] : [];

const all: Record<string, unknown> = {};
for (const name of names) {
  const part = PARTS[name] as Part;
  const results = new Results();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const systemName of systems) {
      process.stderr.write(`${name}, round ${round + 1} of ${values.rounds}, ${systemName}\n`);
      const system = await prepareSystem(systemName, { memoryMiB: Number(values.memory), qemuArguments });
      try {
        await part.round(system, results);
      } catch (error) {
        // One system that fails must not take the others' figures with it.
        process.stderr.write(
          `bench: ${name} on ${systemName}: ${error instanceof Error ? error.message : String(error)}\n`,
        );
      }
    }
  }
  process.stdout.write(`\n### ${part.title}\n\n${formatTable(results, systems)}\n`);
  all[name] = results.toJSON();
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(all, null, 2)}\n`);
