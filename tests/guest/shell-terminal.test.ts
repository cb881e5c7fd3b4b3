// The shell among the examples (`egg run shell`) as a person uses it, on a pseudo-terminal of the host.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { prepareTarget } from "../../cli/image/prepare.ts";
import { type HostTerminal, startOnTerminal } from "./host-terminal.ts";

const egg = join(import.meta.dirname, "../../cli/main.ts");
const UP = "\x1b[A";
const CTRL_C = "\x03";
const CTRL_D = "\x04";

let terminal: HostTerminal;
const isPrompt = (line: string | undefined): boolean => /^eggos \S+ >$/.test(line ?? "");
const prompted = (): Promise<void> => terminal.until("a prompt", (screen) => isPrompt(screen.at(-1)));

/** Type a line, wait for the prompt behind what it prints: that. */
async function run(line: string): Promise<string[]> {
  terminal.type("clear\r");
  await terminal.until("an empty screen", (screen) => screen.length === 1 && isPrompt(screen[0]));
  terminal.type(`${line}\r`);
  await terminal.until(
    `the end of ${line}`,
    (screen) => isPrompt(screen.at(-1)) && screen.some((one) => one.includes(line.slice(0, 40))),
  );
  return terminal.screen().slice(1, -1);
}

before(async () => {
  // Kernel and image first: a person waits for them, a time limit does not.
  await prepareTarget("shell");
  terminal = await startOnTerminal([process.execPath, egg, "run", "shell"], 100, 40);
  await terminal.untilShown("eggos shell");
  await prompted();
});

after(() => terminal.kill());

test("files are made, listed, printed and counted", async () => {
  assert.deepEqual(await run("mkdir -p /tmp/d && cd /tmp/d && pwd"), ["/tmp/d"]);
  await run("echo one > a; echo two >> a; touch b");
  assert.deepEqual(await run("cat a | wc"), ["2 2 8"]);
  assert.deepEqual(await run("ls"), ["a  b"]);
  assert.match((await run("ls -l")).join("\n"), /^mode +links +size +changed +name\n-rw-r--r-- +1 +8B .* a\n/);
  assert.match((await run("cat missing")).join(), /cat: missing: no such file or directory/);
});

test("ps and free show the program itself in aligned columns and colours", async () => {
  const lines = await run("ps");
  assert.match(lines[0] ?? "", /^pid +ppid +tty +s +thr +rss +time +command$/);
  assert.match(lines[1] ?? "", /^ +1 +0 +ttyS0 +R +\d+ +[\d.]+M +[\d:.]+ +node /);
  assert.match((await run("free")).join("\n"), /^ *total +used +free +cached +available\n/);
  assert.ok(terminal.shown.includes("\x1b[1m\x1b[36m"), "heads are painted");
});

test("pstack shows the kernel's threads and a process's in TypeScript lines", async () => {
  assert.match((await run("pstack")).join("\n"), /idle \(.*\n[\s\S]*kernel\/\S+\.ts:\d+/);
  assert.match((await run("pstack 1 | head -12")).join("\n"), /kernel\/syscall\/\S+\.ts:\d+/);
});

test("mount, df, dmesg, netstat, cpuinfo and uptime answer", async () => {
  assert.match((await run("mount")).join("\n"), /devpts +\/dev\/pts +devpts/);
  assert.match((await run("df")).join("\n"), /^on +type +size/);
  assert.match((await run("dmesg")).join("\n"), /^\[ +\d+\.\d{6}\] \S/m);
  assert.match((await run("netstat")).join("\n"), /^proto +recv-q/);
  assert.match((await run("cpuinfo")).join("\n"), /1 × \d+ MHz, x64/);
  assert.match((await run("uptime")).join("\n"), /^up .*, load /);
});

test("js evaluates and remembers", async () => {
  await run("js 'const six = 6'");
  assert.deepEqual(await run("js six * 7"), ["42"]);
});

test("Tab completes, the arrow brings a line back, Ctrl-C drops one", async () => {
  await run("echo first");
  terminal.type(UP);
  await terminal.until("the line", (screen) => screen.at(-1)?.endsWith("> echo first") === true);
  terminal.type(CTRL_C);
  await prompted();
  terminal.type("cat /proc/vers");
  await sleep(200);
  terminal.type("\t");
  await terminal.until("the path", (screen) => screen.at(-1)?.includes("cat /proc/version") === true);
  terminal.type("\r");
  await terminal.untilShown("Linux version");
});

test("Ctrl-C ends what runs; a job runs on behind the prompt", async () => {
  terminal.type("sleep 1000\r");
  await sleep(300);
  terminal.type(CTRL_C);
  await prompted();
  terminal.type("echo status $?\r");
  await terminal.until("its status", (screen) => screen.includes("status 130"));
  await prompted();
  assert.deepEqual(await run("sleep 0.5 &"), ["[1] sleep 0.5"]);
  terminal.type("jobs; sleep 1\r");
  await terminal.untilShown("[1] running  sleep 0.5");
  await terminal.untilShown("[1] done  sleep 0.5");
  await prompted();
});

test("a program gets the terminal and gives it back", async () => {
  terminal.type("clear\r");
  await prompted();
  terminal.type(
    'node -e \'process.stdin.setRawMode(true); console.log("key?"); process.stdin.once("data", (key) => { console.log("got " + key); process.exit() })\'\r',
  );
  await terminal.until("the program", (screen) => screen.includes("key?"));
  terminal.type("k");
  await terminal.until("its answer", (screen) => screen.includes("got k") && isPrompt(screen.at(-1)));
  assert.deepEqual(await run("echo back"), ["back"]);
});

test("top fills the screen, follows the window and gives the screen back", async () => {
  await run("echo before");
  terminal.type("top\r");
  await terminal.until(
    "its page",
    (screen) => screen.some((line) => line.startsWith("mem [")) && screen.at(-1) === "q ends",
  );
  terminal.resize(60, 20);
  await terminal.until(
    "a smaller page",
    (screen) => screen.length <= 20 && screen.some((line) => line.startsWith("cpu [")),
  );
  terminal.type("q");
  await terminal.until("the old screen", (screen) => isPrompt(screen.at(-1)));
  assert.ok(terminal.screen().includes("before"), terminal.screen().join("\n"));
});

test("Ctrl-D ends the shell and the machine", async () => {
  await prompted();
  terminal.type(CTRL_D);
  assert.equal(await Promise.race([terminal.ended, sleep(30_000, "still running", { ref: false })]), 0);
});
