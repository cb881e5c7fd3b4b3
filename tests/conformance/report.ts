// The results as docs/conformance.md: what passes, what fails and why.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Suite, Verdict } from "./suite.ts";

export interface CaseResult extends Verdict {
  seconds: number;
}

export interface Results {
  /** Why the suite could not run at all. */
  missing?: string;
  cases: Record<string, CaseResult>;
}

interface SuiteResults {
  suite: Suite;
  eggos: Results | undefined;
  linux: Results | undefined;
}

/** Why something fails: by "suite case", or "suite case: test" for one test of a case; a * stands for anything. */
const reasons = JSON.parse(readFileSync(join(import.meta.dirname, "reasons.json"), "utf8")) as Record<string, string>;

const patterns = Object.entries(reasons)
  .filter(([name]) => name.includes("*"))
  .map(([name, text]) => ({ pattern: new RegExp(`^${name.split("*").map(RegExp.escape).join(".*")}$`), text }));

function reasonOf(name: string): string | undefined {
  return reasons[name] ?? patterns.find(({ pattern }) => pattern.test(name))?.text;
}

/** Tests by name, not endlessly many of them. */
function listTests(tests: string[]): string {
  const shown = tests.slice(0, 6).map((test) => `\`${test}\``);
  return tests.length > 6 ? `${shown.join(", ")} and ${tests.length - 6} more` : shown.join(", ");
}

/** The reasons of a failed case: its own, or those of each of its failed tests. Tests without one are named. */
function explain(
  suite: string,
  name: string,
  result: CaseResult,
  linux: CaseResult | undefined,
): { texts: string[]; open: string[] } {
  const whole = reasonOf(`${suite} ${name}`);
  if (whole !== undefined) return { texts: [whole], open: [] };
  if (result.failures.length === 0) {
    if (linux?.outcome === "fail") return { texts: ["fails on Linux in the same image too"], open: [] };
    return { texts: [], open: [name] };
  }
  const byReason = new Map<string, string[]>();
  const open: string[] = [];
  for (const test of result.failures) {
    let reason = reasonOf(`${suite} ${name}: ${test}`);
    if (reason === undefined && linux?.failures.includes(test)) reason = "on Linux in the same image too";
    if (reason === undefined) open.push(test);
    else byReason.set(reason, [...(byReason.get(reason) ?? []), test]);
  }
  return {
    texts: [...byReason].map(([reason, tests]) => `${listTests(tests)}: ${reason}`),
    open,
  };
}

export function isExplained(suite: string, name: string, result: CaseResult, linux: CaseResult | undefined): boolean {
  return explain(suite, name, result, linux).open.length === 0;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function count(results: Results | undefined, of: (one: CaseResult) => number): number {
  return Object.values(results?.cases ?? {}).reduce((sum, one) => sum + of(one), 0);
}

function summaryRow({ suite, eggos, linux }: SuiteResults): string {
  if (eggos?.missing !== undefined) return `| [${suite.title}](#${suite.name}) | – | – | – | – | – |`;
  const cases = Object.values(eggos?.cases ?? {});
  const whole = (outcome: string): number => cases.filter((one) => one.outcome === outcome).length;
  const tests = `${count(eggos, (one) => one.passed)} of ${count(eggos, (one) => one.passed + one.failed)}`;
  const linuxCases = Object.values(linux?.cases ?? {});
  const other = linux
    ? `${linuxCases.filter((one) => one.outcome === "pass").length} of ${linuxCases.filter((one) => one.outcome !== "skip").length}`
    : "–";
  return `| [${suite.title}](#${suite.name}) | ${whole("pass")} | ${whole("fail")} | ${whole("skip")} | ${tests} | ${other} |`;
}

function suiteSection({ suite, eggos, linux }: SuiteResults): string[] {
  const lines = [`## ${suite.name}`, "", suite.about, ""];
  if (eggos?.missing !== undefined) return [...lines, `Not run: ${eggos.missing}.`, ""];
  const entries = Object.entries(eggos?.cases ?? {});
  const failed = entries.filter(([, one]) => one.outcome === "fail");
  const passed = entries.filter(([, one]) => one.outcome === "pass");
  const skipped = entries.filter(([, one]) => one.outcome === "skip");
  if (failed.length > 0) {
    lines.push("| fails | tests passed | what and why |", "| --- | ---: | --- |");
    for (const [name, one] of failed) {
      const { texts, open } = explain(suite.name, name, one, linux?.cases[name]);
      const named = open.filter((test) => test !== name);
      const bare = texts.length === 0 && named.length === 0 ? [one.note] : [];
      const unexplained = named.length > 0 ? [listTests(named)] : [];
      const total = one.passed + one.failed;
      lines.push(`| ${name} | ${one.passed} of ${total} | ${cell([...texts, ...unexplained, ...bare].join("; "))} |`);
    }
    lines.push("");
  }
  const counted = (name: string, one: CaseResult): string => (one.passed > 1 ? `${name} (${one.passed})` : name);
  if (passed.length > 0) lines.push(`Passes: ${passed.map(([name, one]) => counted(name, one)).join(", ")}.`, "");
  if (skipped.length > 0) {
    const told = skipped.map(([name, one]) => {
      const why = reasons[`${suite.name} ${name}`] ?? one.note;
      return why === "" ? name : `${name} (${why})`;
    });
    lines.push(`Skips itself: ${told.join(", ")}.`, "");
  }
  return lines;
}

export function formatReport(all: SuiteResults[]): string {
  const lines = [
    "# Conformance",
    "",
    "Suites that others wrote and Debian packages, run in the guest by `npm run conformance`, which makes this page",
    "([tests/conformance](../tests/conformance/README.md)). A case is what runs as one program: a stressor, a module of tests,",
    "a package. Linux is Debian's cloud kernel under the same QEMU with the same image; there, what fails on eggos was run.",
    "",
    "| suite | cases pass | fail | skip themselves | single tests pass | run on Linux too: pass |",
    "| --- | ---: | ---: | ---: | ---: | ---: |",
    ...all.map(summaryRow),
    "",
  ];
  for (const one of all) lines.push(...suiteSection(one));
  return `${lines.join("\n").trimEnd()}\n`;
}
