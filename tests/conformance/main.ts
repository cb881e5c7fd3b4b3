// `npm run conformance`: suites that others wrote, run in the guest; docs/conformance.md is made of the results.
//
//   npm run conformance                        all suites on eggos, then the report
//   npm run conformance -- python go           only these
//   --only TEXT,…    cases whose name contains a TEXT   --system eggos,linux   where to run (the report compares)
//   --missing        cases without a result             --failed               cases that failed on eggos
//   --list           the cases                          --report   the report from the results at hand
//   --verbose        the output of cases that fail      --strace NAMES   and these system calls on eggos
//
// Results are kept in build/conformance; a case that runs again replaces its result.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Failure } from "../../cli/failure.ts";
import { readJson, writeJson } from "../../cli/image/hash.ts";
import { repositoryRoot } from "../../cli/paths.ts";
import { suiteRoot } from "./image.ts";
import { formatReport, isExplained, type Results } from "./report.ts";
import { type Outcome, runCases, type SystemName } from "./run.ts";
import type { Case, Suite } from "./suite.ts";
import { busyboxSuite } from "./suites/busybox.ts";
import { goSuite } from "./suites/go.ts";
import { pythonSuite } from "./suites/python.ts";
import { redisSuite } from "./suites/redis.ts";
import { sqliteSuite } from "./suites/sqlite.ts";
import { stressSuite } from "./suites/stress-ng.ts";
import { sysbenchSuite } from "./suites/sysbench.ts";

const SUITES: Suite[] = [stressSuite, sysbenchSuite, redisSuite, sqliteSuite, pythonSuite, goSuite, busyboxSuite];
const RESULTS = join(repositoryRoot, "build/conformance");
const REPORT = join(repositoryRoot, "docs/conformance.md");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string", default: "" },
    system: { type: "string", default: "eggos" },
    list: { type: "boolean", default: false },
    report: { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
    strace: { type: "string" },
    missing: { type: "boolean", default: false },
    failed: { type: "boolean", default: false },
  },
});

function fail(message: string, status: number): never {
  process.stderr.write(`conformance: ${message}\n`);
  process.exit(status);
}

function resultsPath(suite: Suite, system: SystemName): string {
  return join(RESULTS, `${suite.name}.${system}.json`);
}

async function runSuite(suite: Suite, system: SystemName): Promise<void> {
  const prepared = await suite.prepare();
  if ("missing" in prepared) {
    writeJson(resultsPath(suite, system), { missing: prepared.missing, cases: {} } satisfies Results);
    process.stderr.write(`conformance: ${suite.name}: ${prepared.missing}\n`);
    return;
  }
  const { entries, cases } = prepared;
  const old = readJson<Results>(resultsPath(suite, system));
  const onEggos = readJson<Results>(resultsPath(suite, "eggos"));
  const isWanted = ({ name }: Case): boolean =>
    values.only.split(",").some((text) => name.includes(text)) &&
    !(values.missing && old?.cases[name] !== undefined) &&
    !(values.failed && onEggos?.cases[name]?.outcome !== "fail");
  const numbers = cases.flatMap((one, index) => (isWanted(one) ? [index] : []));
  if (values.list) {
    for (const number of numbers) process.stdout.write(`${suite.name} ${cases[number]?.name}\n`);
    return;
  }
  if (numbers.length === 0) return;
  const root = await suiteRoot(suite, entries, cases);
  const known = new Set(cases.map((one) => one.name));
  const results: Results = {
    cases: Object.fromEntries(Object.entries(old?.cases ?? {}).filter(([name]) => known.has(name))),
  };
  const tell = (number: number, outcome: Outcome): void => {
    const name = cases[number]?.name ?? String(number);
    const verdict = suite.judge(outcome.output, outcome.status ?? 255);
    // What timeout(1) ends has status 124, or 137 when it had to be killed.
    const isLate =
      outcome.status === 124 || (outcome.status === 137 && outcome.seconds >= (cases[number]?.seconds ?? 0));
    const note = outcome.machine !== "" ? outcome.machine : isLate ? "not done in its time" : verdict.note;
    const failed = outcome.machine !== "" || isLate || verdict.outcome === "fail";
    const failures = outcome.machine !== "" || isLate ? [] : verdict.failures;
    // Another run may have added its own meanwhile.
    const now = Object.entries(readJson<Results>(resultsPath(suite, system))?.cases ?? {});
    Object.assign(results.cases, Object.fromEntries(now.filter(([other]) => known.has(other))));
    results.cases[name] = {
      ...verdict,
      outcome: failed ? "fail" : verdict.outcome,
      failed: failed ? Math.max(1, verdict.failed) : 0,
      failures,
      note,
      seconds: Math.round(outcome.seconds),
    };
    writeJson(resultsPath(suite, system), results);
    const mark = failed ? "✖" : verdict.outcome === "skip" ? "-" : "✔";
    const counts = verdict.passed + verdict.failed + verdict.skipped > 1 ? ` ${verdict.passed} passed` : "";
    const said = failed ? `: ${[note, ...failures].filter((text) => text !== "").join(" | ")}` : "";
    process.stdout.write(`${mark} ${system} ${suite.name} ${name} (${outcome.seconds.toFixed(1)} s)${counts}${said}\n`);
    if (values.verbose && (failed || verdict.outcome === "skip"))
      process.stdout.write(`${outcome.output.slice(-20_000)}\n${outcome.kernel.slice(values.strace ? 0 : -3000)}\n`);
  };
  const strace = values.strace?.split(",");
  await runCases(system, root, suite.memoryMiB, cases, numbers, { tell, strace });
}

const unknown = positionals.filter((name) => !SUITES.some((suite) => suite.name === name));
if (unknown.length > 0)
  fail(`no suite ${unknown.join(", ")}; there are ${SUITES.map((one) => one.name).join(", ")}`, 64);
const systems = values.system.split(",");
if (!systems.every((name): name is SystemName => name === "eggos" || name === "linux"))
  fail("--system takes eggos, linux or eggos,linux", 64);

mkdirSync(RESULTS, { recursive: true });
try {
  for (const suite of SUITES) {
    if (values.report || (positionals.length > 0 && !positionals.includes(suite.name))) continue;
    for (const system of systems as SystemName[]) await runSuite(suite, system);
  }
} catch (error) {
  if (error instanceof Failure) fail(error.message, 69);
  throw error;
}
if (!values.list) {
  const all = SUITES.map((suite) => ({
    suite,
    eggos: readJson<Results>(resultsPath(suite, "eggos")),
    linux: readJson<Results>(resultsPath(suite, "linux")),
  }));
  const without = all.filter((one) => one.eggos === undefined).map((one) => one.suite.name);
  if (without.length > 0) {
    process.stderr.write(`conformance: no report yet: these suites have not run: ${without.join(", ")}\n`);
  } else {
    writeFileSync(REPORT, formatReport(all));
    process.stderr.write("conformance: docs/conformance.md is written\n");
  }
  const open = all.flatMap(({ suite, eggos, linux }) =>
    Object.entries(eggos?.cases ?? {})
      .filter(([name, one]) => one.outcome === "fail" && !isExplained(suite.name, name, one, linux?.cases[name]))
      .map(([name]) => `${suite.name} ${name}`),
  );
  if (open.length > 0) {
    process.stderr.write(
      `conformance: failures without a reason in tests/conformance/reasons.json: ${open.join(", ")}\n`,
    );
    process.exitCode = 1;
  }
}
