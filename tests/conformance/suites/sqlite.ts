// SQLite: Debian's sqlite3 with SQL of ours, and the regression suite in Debian's source: its testfixture built here.

import { execFile } from "node:child_process";
import { existsSync, globSync, mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Entry } from "../../../cli/image/erofs.ts";
import { cacheFolder } from "../../../cli/paths.ts";
import { step } from "../../../cli/progress.ts";
import { installPackages, missingPackages } from "../../../tools/setup/debian.mjs";
import { byStatus, type Case, fileEntry, folderEntries, lastLine, type Suite, type Verdict } from "../suite.ts";
import { sourcePackage } from "../sources.ts";

const run = promisify(execFile);
const PLACE = "/conformance/sqlite";

/** Files of the suite that lean on the operating system, and the core of SQL. */
const FILES = `lock lock2 lock3 lock4 lock5 lock6 lock7 shared shared2 shared3 shared6 sharedlock wal wal3 wal4 wal5 walblock walhook
  walmode walpersist walprotocol walro walshared walvfs pager1 io journal1 journal2 jrnlmode jrnlmode2 exclusive exclusive2 mmap1
  mmap2 bigfile nolock oserror superlock syscall symlink thread001 thread002 thread004 thread1 thread2 crash8 cacheflush busy
  filectrl tempdb temptable vacuum vacuum-into incrvacuum autovacuum backup attach uri rdonly chunksize select1 insert update
  delete trans savepoint index join view trigger1 fkey1 func date unixexcl quota multiplex atomic snapshot`;
const LONG = new Set([
  "walslow",
  "walthread",
  "threadtest3",
  "thread2",
  "crash",
  "crash8",
  "wal3",
  "pager1",
  "pagerfault2",
]);

function fileCase(name: string): Case {
  // The suite makes files that root could read all the same: it wants another user.
  const run = `cd /tmp/work && exec ${PLACE}/testfixture ${PLACE}/test/${name}.test`;
  const script = `chown 1000:1000 .\nexec chroot --userspec=1000:1000 / sh -c '${run}'`;
  return { name: `${name}.test`, script, seconds: LONG.has(name) ? 600 : 240 };
}

const SHELL_CASES: Case[] = [
  {
    name: "sqlite3: tables, indexes, transactions",
    script: `set -e
sqlite3 a.db <<'SQL'
PRAGMA journal_mode=DELETE;
CREATE TABLE t(id INTEGER PRIMARY KEY, word TEXT, n REAL);
WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 20000) INSERT INTO t SELECT x, 'word ' || (x % 97), x / 7.0 FROM c;
CREATE INDEX words ON t(word);
BEGIN; DELETE FROM t WHERE id > 100; ROLLBACK;
SQL
[ "$(sqlite3 a.db 'SELECT count(*), sum(id) FROM t')" = "20000|200010000" ]
[ "$(sqlite3 a.db "SELECT count(*) FROM t WHERE word = 'word 5'")" = 207 ]
[ "$(sqlite3 a.db 'PRAGMA integrity_check')" = ok ]`,
    seconds: 90,
  },
  {
    name: "sqlite3: four writers on one write-ahead log",
    script: `set -e
sqlite3 w.db 'PRAGMA journal_mode=WAL; CREATE TABLE t(who, n);' > /dev/null
for who in 1 2 3 4; do
  (for n in $(seq 1 40); do echo "INSERT INTO t VALUES($who, $n);"; done | sqlite3 -cmd '.timeout 60000' w.db) &
done
wait
[ "$(sqlite3 w.db 'SELECT count(*), count(DISTINCT who) FROM t')" = "160|4" ]
[ "$(sqlite3 w.db 'PRAGMA integrity_check')" = ok ]`,
    seconds: 120,
  },
  {
    name: "sqlite3: a killed writer leaves a database that recovers",
    script: `set -e
sqlite3 k.db 'CREATE TABLE t(x); INSERT INTO t VALUES(1);'
(echo 'PRAGMA cache_size=5; BEGIN;'; i=0; while [ $i -lt 3000 ]; do echo "INSERT INTO t VALUES(randomblob(500));"; i=$((i + 1)); done; sleep 30) | sqlite3 k.db &
sleep 4
kill -KILL $(pidof sqlite3)
[ -s k.db-journal ]
[ "$(sqlite3 k.db 'SELECT count(*) FROM t')" = 1 ]
[ "$(sqlite3 k.db 'PRAGMA integrity_check')" = ok ]`,
    seconds: 90,
  },
];

/** The suite's end: `0 errors out of 123 tests`; each failure is named in a line of its own. */
function judge(output: string, status: number): Verdict {
  const end = /^(\d+) errors? out of (\d+) tests/m.exec(output);
  if (!end) {
    const verdict = byStatus(output, status);
    return { ...verdict, note: status === 0 ? "" : lastLine(output) };
  }
  const [failed, ran] = [Number(end[1]), Number(end[2])];
  const failures = (/^!Failures on these tests: (.*)$/m.exec(output)?.[1] ?? "")
    .split(" ")
    .filter((name) => name !== "");
  const note = status === 0 || failures.length > 0 ? "" : lastLine(output);
  const counts = { passed: ran - failed, failed, skipped: 0, failures, note };
  return { ...counts, outcome: failed > 0 || status !== 0 ? "fail" : ran > 1 ? "pass" : "skip" };
}

/** The suite's interpreter, built out of tree. */
async function buildFixture(source: string): Promise<string> {
  const folder = cacheFolder("conformance-sqlite");
  const program = join(folder, "testfixture");
  if (existsSync(program)) return program;
  await installPackages(missingPackages(new URL("../../../tools/setup/conformance.json", import.meta.url)));
  mkdirSync(folder, { recursive: true });
  await step("building SQLite's test program (once)", async () => {
    const options = { cwd: folder, maxBuffer: 64 << 20 };
    await run(join(source, "configure"), ["--with-tcl=/usr/lib/tcl8.6", "--disable-shared"], options);
    await run("make", [`-j${availableParallelism()}`, "testfixture", "CFLAGS=-O1"], options);
  });
  return program;
}

export const sqliteSuite: Suite = {
  name: "sqlite",
  title: "SQLite",
  about:
    "Debian's sqlite3 with SQL of ours, and the Tcl regression suite of Debian's SQLite source (testfixture is built from it): the files that lean on locks, shared memory, files and threads, and the core of SQL.",
  packages: ["sqlite3", "libtcl8.6", "tcl8.6", "zlib1g", "procps"],
  memoryMiB: 768,
  prepare: async () => {
    let entries: Entry[] = [];
    let files: string[] = [];
    try {
      const source = await sourcePackage("sqlite3");
      const program = await buildFixture(source);
      const there = new Set(globSync("*.test", { cwd: join(source, "test") }));
      files = [...new Set(FILES.split(/\s+/))].filter((name) => there.has(`${name}.test`));
      entries = [fileEntry(`${PLACE}/testfixture`, program), ...folderEntries(join(source, "test"), `${PLACE}/test`)];
    } catch (error) {
      process.stderr.write(`conformance: sqlite: ${(error as Error).message}; its regression suite is left out\n`);
    }
    return { entries, cases: [...SHELL_CASES, ...files.map(fileCase)] };
  },
  judge,
};
