// Node.js's prompt (`egg run node`) as a person uses it, on a pseudo-terminal of the host.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { prepareTarget } from "../../cli/image/prepare.ts";
import { type HostTerminal, startOnTerminal } from "./host-terminal.ts";

const egg = join(import.meta.dirname, "../../cli/main.ts");
const UP = "\x1b[A";
const LEFT = "\x1b[D";
/** To the line's end, and away with what is before. */
const CLEAR_LINE = "\x05\x15";
const CTRL_C = "\x03";
const CTRL_D = "\x04";
/** readline takes a key at a time: a large paste takes minutes on a busy machine. console.test.ts pastes more. */
const PASTED_BYTES = Number(process.env.PASTED_BYTES ?? 10_000);

let terminal: HostTerminal;
const isPrompt = (screen: string[]): boolean => screen.at(-1) === ">";
const prompted = (): Promise<void> => terminal.until("a prompt", isPrompt);
const lastLines = (count: number): string[] => terminal.screen().slice(-count);

/** Type a line and wait for the next prompt: what was shown between. */
async function evaluate(line: string): Promise<string[]> {
  terminal.type(`${line}\r`);
  await terminal.until(`an answer to ${line}`, (screen) => screen.at(-2) !== undefined && isPrompt(screen));
  return terminal.screen();
}

before(async () => {
  // Kernel and image first: a person waits for them, a time limit does not.
  await prepareTarget("node");
  terminal = await startOnTerminal([process.execPath, egg, "run", "node"]);
  await terminal.untilShown("Welcome to Node.js");
  await prompted();
});

// What a failed test left in the line is not the next one's.
beforeEach(() => terminal.type(CLEAR_LINE));

after(() => terminal.kill());

test("an expression is evaluated and its value shown in colour", async () => {
  await evaluate("6 * 7");
  await terminal.until("42", (screen) => screen.at(-2) === "42");
  assert.ok(terminal.shown.includes("\x1b[33m42\x1b[39m"));
});

test("the arrow keys bring history back and move inside the line", async () => {
  terminal.type(UP);
  await terminal.until("the line again", (screen) => screen.at(-1) === "> 6 * 7");
  terminal.type(`${LEFT}${LEFT}${LEFT}${LEFT}1\r`);
  await terminal.until("427", (screen) => screen.at(-2) === "427" || screen.at(-2) === "112");
  assert.deepEqual(lastLines(3), ["> 61 * 7", "427", ">"]);
});

test("Tab completes a name, and lists what there is", async () => {
  terminal.type("process.plat\t");
  await terminal.until("process.platform", (screen) => screen.at(-1)?.startsWith("> process.platform") === true);
  terminal.type("\r");
  await terminal.until("linux", (screen) => screen.at(-2) === "'linux'");
  terminal.type("Math.a");
  await terminal.until("the text", (screen) => screen.at(-1) === "> Math.a");
  // A key at a time: readline takes a Tab inside a piece of text for a pasted one.
  terminal.type("\t");
  await sleep(2000);
  terminal.type("\t");
  await terminal.untilShown("Math.atanh");
  terminal.type(CTRL_C);
  await prompted();
});

test("Ctrl-C drops the line and interrupts what runs", async () => {
  terminal.type("this is dropped");
  await terminal.until("the text", (screen) => screen.at(-1) === "> this is dropped");
  terminal.type(CTRL_C);
  await prompted();
  terminal.type("for (;;) {}\r");
  // Three Ctrl-C within a second are for egg, and two have been typed.
  await sleep(1200);
  terminal.type(CTRL_C);
  await terminal.untilShown("Script execution was interrupted");
  await prompted();
});

test("lines that are not finished go on", async () => {
  terminal.type("function twice(n) {\r");
  await terminal.until("the next line", (screen) => /^(\.\.\.|\|)/.test(screen.at(-1) ?? ""));
  terminal.type("return n * 2;\r}\r");
  await terminal.until("the function", (screen) => screen.at(-2) === "undefined" && isPrompt(screen));
  await evaluate("twice(21000)");
  await terminal.until("its value", (screen) => screen.at(-2) === "42000");
});

test("wide and combining characters are kept and take their cells", async () => {
  terminal.type("'日本é'");
  await terminal.until("the text", (screen) => screen.at(-1) === "> '日本é'");
  // Two of quotes, four for two wide characters, one for the letter with its accent, and the prompt.
  assert.equal(terminal.cursorColumn(), 2 + 2 + 4 + 1);
  terminal.type(`${LEFT}\x7f\x7f\r`);
  await terminal.until("the rest", (screen) => screen.at(-2)?.startsWith("'日") === true && isPrompt(screen));
});

test("the window's new size reaches the program", async () => {
  terminal.resize(120, 40);
  // The window's size and the keys take different ways as far as `egg`.
  for (let tries = 0; tries < 20 && !terminal.screen().includes("'120x40'"); tries++) {
    await evaluate("process.stdout.columns + 'x' + process.stdout.rows");
    await sleep(300);
  }
  await terminal.untilShown("'120x40'");
});

test("typing while output runs is neither lost nor mixed up", async () => {
  await evaluate(
    "let n = 0; const timer = setInterval(() => { console.log('tick', ++n); if (n == 40) clearInterval(timer); }, 20); n",
  );
  for (const key of "'kept' + 1000") {
    terminal.type(key);
    await sleep(25);
  }
  await terminal.untilShown("tick 40");
  terminal.type("\r");
  await terminal.until("the value", (screen) => screen.at(-2) === "'kept1000'");
});

test("what is pasted arrives whole", async () => {
  const rows: string[] = [];
  let length = 0;
  for (let index = 0; length < PASTED_BYTES; index++) {
    const row = `pasted.push("${String(index).padStart(6, "0")} ${"x".repeat(80)}");`;
    rows.push(row);
    length += row.length + 1;
  }
  // In the editor nothing is evaluated while it comes, so that the test takes no minutes.
  await evaluate("const pasted = []; 0");
  terminal.type(".editor\r");
  await terminal.untilShown("Entering editor mode");
  terminal.type(`${rows.join("\r")}\r`);
  await terminal.until(
    "the last row",
    (screen) => screen.some((line) => line.includes(rows.at(-1) ?? "")),
    30_000 + PASTED_BYTES * 5,
  );
  terminal.type(CTRL_D);
  await terminal.until("their number", (screen) => screen.at(-2) === String(rows.length) && isPrompt(screen));
  await evaluate(
    "pasted.every((row, i) => row === String(i).padStart(6, '0') + ' ' + 'x'.repeat(80)) && pasted.length",
  );
  await terminal.until("the count", (screen) => screen.at(-2) === String(rows.length));
});

test("Ctrl-D at an empty prompt ends the program and the machine", async () => {
  terminal.type(CTRL_D);
  assert.equal(await Promise.race([terminal.ended, sleep(30_000, "still running", { ref: false })]), 0);
});
