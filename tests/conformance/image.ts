// The image of a suite: the C library, the suite's Debian packages, its own files, and the driver that runs the cases.

import { packageEntries } from "../../cli/image/debian.ts";
import { prepareBase } from "../../cli/image/base.ts";
import type { Entry } from "../../cli/image/erofs.ts";
import { hashKey } from "../../cli/image/hash.ts";
import type { Root } from "../../benchmarks/systems.ts";
import { type Case, type Suite, textEntry } from "./suite.ts";

/** Every suite's image has these: the driver's tools, and what tests expect of a small Debian. */
const COMMON = ["dash", "coreutils", "busybox-static", "netbase"];

export const FOLDER = "/conformance";

/**
 * Process 1. For each case that it is given by number: a marker, the script's output, a marker with its exit status. A
 * case gets a process group of its own, an end when its time is over, and leaves no processes behind.
 */
const DRIVER = `#!/bin/sh
umask 022
ulimit -c 0
# As Debian has it: tests that fill the descriptor table expect an end.
ulimit -Sn 1024
export HOME=/root LC_ALL=C TERM=dumb USER=root LOGNAME=root
for number in "$@"; do
  read limit < ${FOLDER}/cases/$number.limit
  mkdir -p /tmp/work
  cd /tmp/work
  echo "@@begin $number"
  timeout -k 5 $limit sh ${FOLDER}/cases/$number > /run/output 2>&1 < /dev/null
  status=$?
  kill -KILL -1 2> /dev/null
  tail -c 300000 /run/output
  echo
  echo "@@end $number $status"
  cd /
  rm -rf /tmp/* /tmp/.[!.]* /var/tmp/* /dev/shm/* /run/output
done
`;

export async function suiteRoot(suite: Suite, own: Entry[], cases: Case[]): Promise<Root> {
  const base = await prepareBase("glibc");
  const packages = await packageEntries([...COMMON, ...suite.packages], `the conformance suite ${suite.name}`);
  const entries = new Map(base.entries.map((entry) => [entry.path, entry]));
  for (const entry of packages.entries) if (!entries.has(entry.path)) entries.set(entry.path, entry);
  for (const entry of own) entries.set(entry.path, entry);
  const driver = [textEntry(`${FOLDER}/driver`, DRIVER)];
  cases.forEach((one, index) => {
    driver.push(textEntry(`${FOLDER}/cases/${index}`, one.script));
    driver.push(textEntry(`${FOLDER}/cases/${index}.limit`, `${one.seconds}\n`));
  });
  const texts = driver.map((entry) => (entry.kind === "file" && "bytes" in entry.content ? entry.content.bytes : ""));
  const files = own.map((entry) => {
    if (entry.kind !== "file") return entry.path;
    return `${entry.path}:${"bytes" in entry.content ? hashKey(entry.content.bytes) : entry.content.size}`;
  });
  return {
    key: hashKey(base.key, packages.key, files.join("\n"), ...texts),
    entries: [...entries.values(), ...driver],
  };
}
