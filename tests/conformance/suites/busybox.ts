// busybox's own test suite, from Debian's source, over Debian's busybox: one applet a case.

import { globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Case, folderEntries, type Suite, textEntry, type Verdict } from "../suite.ts";
import { sourcePackage } from "../sources.ts";

const PLACE = "/conformance/busybox";

/** Results as its runtest prints them: `PASS: name`, `FAIL: name`, `SKIPPED: name`, `UNTESTED: name`. */
function judge(output: string, status: number): Verdict {
  const names = (word: string): string[] =>
    [...output.matchAll(new RegExp(`^${word}: (.*)$`, "gm"))].map((match) => match[1] ?? "");
  const [passed, failures] = [names("PASS"), names("FAIL")];
  const skipped = names("SKIPPED").length + names("UNTESTED").length;
  const failed = failures.length;
  const note = failed === 0 && status !== 0 ? `exit status ${status}` : "";
  const outcome = failed > 0 || status !== 0 ? "fail" : passed.length > 0 ? "pass" : "skip";
  return { outcome, passed: passed.length, failed, skipped, failures, note };
}

function applets(folder: string): string[] {
  const files = globSync("*.tests", { cwd: folder }).map((name) => name.replace(/\.tests$/, ""));
  const folders = readdirSync(folder).filter((name) => statSync(join(folder, name)).isDirectory());
  return [...new Set([...files, ...folders])]
    .filter((name) => name !== "all_sourcecode" && !name.startsWith("ash_"))
    .sort();
}

function appletCase(name: string): Case {
  // The suite wants a shell whose echo knows -ne: busybox's own.
  const script = `ln -sf busybox /usr/bin/sh
cp -r ${PLACE} /tmp/suite && cp /bin/busybox /tmp/suite && cd /tmp/suite/testsuite && PATH=/tmp/suite:$PATH exec sh ./runtest -v ${name}`;
  return { name, script, seconds: 120 };
}

export const busyboxSuite: Suite = {
  name: "busybox",
  title: "busybox",
  about: "The test suite in Debian's busybox source, over Debian's busybox-static: an applet a case.",
  packages: ["busybox-static"],
  memoryMiB: 384,
  prepare: async () => {
    let source: string;
    try {
      source = await sourcePackage("busybox");
    } catch (error) {
      return { missing: (error as Error).message };
    }
    const tests = join(source, "testsuite");
    return {
      entries: [
        ...folderEntries(tests, `${PLACE}/testsuite`),
        textEntry(`${PLACE}/.config`, readFileSync(join(source, "debian/config/pkg/static"), "utf8")),
      ],
      cases: applets(tests).map(appletCase),
    };
  },
  judge,
};
