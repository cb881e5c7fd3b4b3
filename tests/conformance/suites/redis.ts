// redis-server with redis-cli's checks, redis-benchmark, and the unit tests in Debian's redis source (they need tclsh).

import { join } from "node:path";
import { byStatus, type Case, folderEntries, lastLine, type Suite, textEntry, type Verdict } from "../suite.ts";
import type { Entry } from "../../../cli/image/erofs.ts";
import { sourcePackage } from "../sources.ts";

const PLACE = "/conformance/redis";
const START = `redis-server --port 7000 --daemonize yes --dir /tmp/work --logfile /tmp/work/log --enable-debug-command yes "$@" > /dev/null
tries=0
until redis-cli -p 7000 ping 2> /dev/null | grep -q PONG; do
  tries=$((tries + 1)); [ $tries -gt 100 ] && { cat /tmp/work/log; exit 1; }
  sleep 0.1
done
ask() { redis-cli -p 7000 "$@"; }
want() { expected=$1; shift; got=$(ask "$@"); [ "$got" = "$expected" ] || { echo "$*: $got, not $expected"; exit 1; }; }
`;

/** Server with options, checks. */
function serverCase(name: string, options: string, checks: string): Case {
  return { name, script: `set -- ${options}\n${START}${checks}\nask shutdown nosave\ntrue\n`, seconds: 120 };
}

const SERVER_CASES: Case[] = [
  serverCase(
    "commands",
    "",
    `want OK set a 1
want 2 incr a
want 3 rpush list x y z
want "$(printf 'x\\ny\\nz')" lrange list 0 -1
want 2 hset hash f 1 g 2
want 1 zadd z 1 one
want OK set gone soon px 200
sleep 0.5
want "" get gone
want 9 eval 'return redis.call("get", KEYS[1]) + 7' 1 a`,
  ),
  serverCase(
    "snapshot by fork (BGSAVE)",
    "",
    `ask debug populate 20000 > /dev/null || exit 1
for i in 1 2 3 4 5; do ask set key$i $i > /dev/null; done
want "Background saving started" bgsave
tries=0
until ask info persistence | grep -q 'rdb_bgsave_in_progress:0'; do tries=$((tries + 1)); [ $tries -gt 300 ] && exit 1; sleep 0.1; done
ask info persistence | grep -q 'rdb_last_bgsave_status:ok' || exit 1
redis-check-rdb /tmp/work/dump.rdb || exit 1
ask shutdown nosave
sleep 0.3
redis-server --port 7000 --daemonize yes --dir /tmp/work --logfile /tmp/work/log > /dev/null
sleep 1
want 3 get key3`,
  ),
  serverCase(
    "append-only file, rewritten",
    "--appendonly yes --save ''",
    `for i in $(seq 1 200); do ask set k $i > /dev/null; done
ask bgrewriteaof > /dev/null
tries=0
until ask info persistence | grep -q 'aof_rewrite_in_progress:0'; do tries=$((tries + 1)); [ $tries -gt 300 ] && exit 1; sleep 0.1; done
ask info persistence | grep -q 'aof_last_bgrewrite_status:ok' || exit 1
redis-check-aof /tmp/work/appendonlydir/appendonly.aof.manifest`,
  ),
  serverCase(
    "unix socket and threads",
    "--unixsocket /tmp/work/socket --io-threads 3 --io-threads-do-reads yes",
    `[ "$(redis-cli -s /tmp/work/socket ping)" = PONG ] || exit 1
redis-benchmark -s /tmp/work/socket -q -n 1000 -c 20 -t set,get`,
  ),
  serverCase(
    "replica",
    "",
    `ask debug populate 2000 > /dev/null
redis-server --port 7001 --daemonize yes --dir /tmp --dbfilename replica.rdb --replicaof 127.0.0.1 7000 > /dev/null
tries=0
until [ "$(redis-cli -p 7001 dbsize)" = 2000 ]; do tries=$((tries + 1)); [ $tries -gt 300 ] && { redis-cli -p 7001 info replication; exit 1; }; sleep 0.1; done
ask set after 1 > /dev/null
sleep 1
[ "$(redis-cli -p 7001 get after)" = 1 ]
status=$?
redis-cli -p 7001 shutdown nosave
[ $status = 0 ] || exit 1`,
  ),
  ...["ping,set,get,incr", "lpush,rpush,lpop,rpop", "sadd,hset,spop", "zadd,zpopmin", "lrange_100", "mset"].map(
    (tests) =>
      serverCase(
        `redis-benchmark ${tests}`,
        "--save ''",
        `redis-benchmark -p 7000 -q -n 1000 -c 20 -P 4 -t ${tests} || exit 1`,
      ),
  ),
];

/** Those that lean on processes, sockets and files; the data types' own tests are long, and say little of a kernel. */
const UNITS = `unit/auth unit/keyspace unit/scan unit/info unit/type/string unit/type/incr unit/type/list unit/expire
  unit/multi unit/quit unit/pubsub unit/networking unit/introspection unit/limits unit/protocol integration/redis-cli
  integration/redis-benchmark integration/shutdown integration/convert-zipmap-hash-on-load`;

function unitCase(name: string): Case {
  return {
    name,
    script: `cp -r ${PLACE} /tmp/suite && cd /tmp/suite
exec tclsh tests/test_helper.tcl --single ${name} --clients 1 --skipuntil '' --tags '-needs:debug -large-memory -slow -needs:repl' --timeout 280`.replace(
      " --skipuntil ''",
      "",
    ),
    seconds: 300,
  };
}

/** `[ok]: name (12 ms)` and `[err]: name in file`. */
function judge(output: string, status: number): Verdict {
  const passed = [...output.matchAll(/\[ok\]/g)].length;
  if (!/\[(ok|err|exception)\]/.test(output)) {
    const plain = byStatus(output, status);
    const said = output.split("\n").filter((line) => line.trim() !== "");
    return { ...plain, note: status === 0 ? "" : (said.at(-1) ?? "") };
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the suite colours its words
  const text = output.replace(/\u001b\[[0-9;]*m/g, "");
  const failures = [
    ...new Set([...text.matchAll(/^\[(?:err|exception)\]: (.*)$/gm)].map((match) => (match[1] ?? "").slice(0, 100))),
  ];
  const outcome = status === 0 && failures.length === 0 ? "pass" : "fail";
  return {
    outcome,
    passed,
    failed: failures.length,
    skipped: 0,
    failures,
    note: failures.length === 0 ? lastLine(text) : "",
  };
}

export const redisSuite: Suite = {
  name: "redis",
  title: "redis",
  about:
    "Debian's redis-server with redis-cli, redis-benchmark and redis-check-*; then test units of Debian's redis source (`tests/unit`, `tests/integration`), which start servers of their own.",
  packages: ["redis-server", "redis-tools", "tcl", "grep", "procps"],
  memoryMiB: 512,
  prepare: async () => {
    let entries: Entry[] = [];
    let units: string[] = [];
    try {
      const source = await sourcePackage("redis");
      entries = [
        ...folderEntries(join(source, "tests"), `${PLACE}/tests`, (path) => !/^(tmp|modules|cluster)/.test(path)),
        ...folderEntries(join(source, "src"), `${PLACE}/src`, (path) => path === "help.h"),
        { path: `${PLACE}/redis.conf`, kind: "file", mode: 0o644, content: { bytes: Buffer.from("") } },
        ...["redis-server", "redis-cli", "redis-benchmark", "redis-check-aof", "redis-check-rdb"].map(
          (name): Entry => ({ path: `${PLACE}/src/${name}`, kind: "symlink", target: `/usr/bin/${name}` }),
        ),
        textEntry(`${PLACE}/utils/.keep`, ""),
      ];
      units = UNITS.split(/\s+/);
    } catch (error) {
      process.stderr.write(`conformance: redis: ${(error as Error).message}; its own units are left out\n`);
    }
    return { entries, cases: [...SERVER_CASES, ...units.map(unitCase)] };
  },
  judge,
};
