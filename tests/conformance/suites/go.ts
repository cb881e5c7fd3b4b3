// Go's standard-library tests, built here from Debian's golang source, run there: `go test -c`, one package a case.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Entry } from "../../../cli/image/erofs.ts";
import { cacheFolder } from "../../../cli/paths.ts";
import { step } from "../../../cli/progress.ts";
import { installPackages, missingPackages } from "../../../tools/setup/debian.mjs";
import { type Case, fileEntry, folderEntries, lastLine, type Suite, type Verdict } from "../suite.ts";

const run = promisify(execFile);

const PACKAGES = `os os/exec os/signal os/user net net/http net/http/httptest net/rpc net/textproto net/mail net/netip net/url net/smtp
  syscall time sync sync/atomic runtime runtime/debug runtime/pprof runtime/trace io io/fs io/ioutil path path/filepath bufio bytes
  strings compress/gzip compress/flate compress/bzip2 compress/zlib archive/tar archive/zip internal/poll context log/syslog`;
const LONG = new Set([
  "net/http",
  "runtime",
  "net",
  "crypto/tls",
  "time",
  "compress/flate",
  "archive/zip",
  "os/signal",
]);

/** Tests that start the go command, which is not in the image, without looking for it first: the whole package ends there. */
const NEED_GO: Record<string, string[]> = { os: ["TestErrProcessDone"], "os/exec": ["TestExtraFiles"] };

/** The options that choose all tests of a package but those. */
function selection(name: string): string {
  const excluded = NEED_GO[name];
  if (excluded === undefined) return "";
  const list = `/conformance/go/${name}.test -test.list '^Test' | grep -vx ${excluded.map((test) => `-e ${test}`).join(" ")}`;
  return `-test.run "^($(${list} | tr '\\n' '|')none)$"`;
}

function judge(output: string, status: number): Verdict {
  const names = (word: string): string[] =>
    [...output.matchAll(new RegExp(`^--- ${word}: (\\S+)`, "gm"))].map((match) => match[1] ?? "");
  const failures = [...new Set(names("FAIL"))];
  const crash = /^(panic: .*|fatal error: .*|SIG\w+: .*)$/m.exec(output)?.[1] ?? "";
  const note = status !== 0 && failures.length === 0 ? crash || lastLine(output) : crash;
  const passed = names("PASS").length;
  const counts = { passed, failed: failures.length, skipped: names("SKIP").length, failures, note };
  return { ...counts, outcome: status !== 0 ? "fail" : passed > 0 ? "pass" : "skip" };
}

export const goSuite: Suite = {
  name: "go",
  title: "Go's standard library",
  about:
    "The tests in Debian's golang source, built by `go test -c` (static, without cgo), run with `-test.short`. What needs the go command in the guest skips itself, or is left out (`TestErrProcessDone`, `TestExtraFiles`).",
  packages: ["tzdata", "media-types", "grep"],
  memoryMiB: 1024,
  prepare: async () => {
    await installPackages(missingPackages(new URL("../../../tools/setup/golang.json", import.meta.url)));
    const { stdout } = await run("go", ["env", "GOROOT"]);
    const root = stdout.trim();
    if (!existsSync(join(root, "src/os/os_test.go"))) return { missing: `${root}/src holds no tests` };
    const { stdout: version } = await run("go", ["env", "GOVERSION"]);
    const folder = join(cacheFolder("conformance-go"), version.trim());
    mkdirSync(folder, { recursive: true });
    const entries = new Map<string, Entry>();
    const cases: Case[] = [];
    for (const name of new Set(PACKAGES.split(/\s+/))) {
      const binary = join(folder, `${name.replaceAll("/", "-")}.test`);
      if (!existsSync(binary)) {
        await step(`building Go's tests of ${name} (once)`, () =>
          run("go", ["test", "-c", "-o", binary, name], { env: { ...process.env, CGO_ENABLED: "0" } }),
        );
      }
      // Each test runs in its package's folder.
      const place = `/usr/lib/go/src/${name}`;
      for (const entry of folderEntries(join(root, "src", name), place)) entries.set(entry.path, entry);
      entries.set(`/conformance/go/${name}`, fileEntry(`/conformance/go/${name}.test`, binary));
      const seconds = LONG.has(name) ? 600 : 240;
      const words = `-test.short -test.v -test.timeout ${seconds - 10}s ${selection(name)}`;
      cases.push({
        name,
        script: `export GOROOT=/usr/lib/go\ncd ${place}\nexec /conformance/go/${name}.test ${words}`,
        seconds,
      });
    }
    for (const extra of ["internal/testenv", "testdata", "compress/testdata"]) {
      const from = join(root, "src", extra);
      if (existsSync(from))
        for (const entry of folderEntries(from, `/usr/lib/go/src/${extra}`)) entries.set(entry.path, entry);
    }
    return { entries: [...entries.values()], cases };
  },
  judge,
};
