import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type BuildProgress, buildKernel, CompileError } from "../../../tools/kernel/build.ts";
import { repositoryRoot } from "../../../tools/kernel/cache.ts";
import { readRows } from "../../../tools/kernel/symbols.ts";

/** A kernel of two files of its own, in a folder of its own. */
const folder = `build/test/kernel-${process.pid}`;
const main = `${folder}/main.ts`;
const output = `${folder}/out`;

const mainText = `import * as cpu from "machine/cpu";
import { Counter } from "./lib/counter";

const counter: Counter = new Counter();

export function boot(info: usize): void {
  counter.add(<i32>info);
  cpu.stop();
}
export function trap(frame: usize): void {
  cpu.stop();
}
export function syscall(frame: usize): void {
  counter.add(-1);
}
export function threadMain(argument: usize): void {}
`;

const counterText = `export class Counter {
  total: i32 = 0;

  add(amount: i32): void {
    for (let i = 0; i < amount; i++) this.total += i;
  }
}
`;

function write(name: string, text: string): void {
  writeFileSync(join(repositoryRoot, folder, name), text);
}

async function build(entries: string[] = []): Promise<{ compiled: string[]; isFresh: boolean; path: string }> {
  const compiled: string[] = [];
  const onProgress = ({ step, item, done }: BuildProgress) => {
    if (step === "gcc" && done > 0) compiled.push(item);
  };
  const { isFresh, path } = await buildKernel({ main, entries, output, onProgress });
  return { compiled: compiled.toSorted(), isFresh, path };
}

before(() => {
  mkdirSync(join(repositoryRoot, folder, "lib"), { recursive: true });
  write("main.ts", mainText);
  write("lib/counter.ts", counterText);
});
after(() => rmSync(join(repositoryRoot, folder), { recursive: true }));

test("a build makes an ELF whose code is named after the TypeScript", async () => {
  const { path, isFresh } = await build();
  assert.ok(isFresh);
  assert.equal(readFileSync(path).readUInt32BE(0), 0x7f454c46);
  const rows = await readRows(path, []);
  const frames = rows.flatMap((row) => row.frames);
  assert.ok(
    frames.some(
      ({ name, file, line }) => name.endsWith("Counter_add") && file === `${folder}/lib/counter.ts` && line === 5,
    ),
  );
});

test("a build of nothing new does nothing, and soon", async () => {
  const started = performance.now();
  const { compiled, isFresh } = await build();
  assert.equal(isFresh, false);
  assert.deepEqual(compiled, []);
  assert.ok(performance.now() - started < 1000);
  const spelledOut = await buildKernel({ main, output, debug: false, entries: [] });
  assert.equal(spelledOut.isFresh, false, "an option's default is the same as no option");
});

test("a change recompiles only the units that it reaches", async () => {
  write("main.ts", mainText.replace("counter.add(-1)", "counter.add(-2)"));
  const { compiled } = await build();
  assert.equal(compiled.length, 1, compiled.join());
  assert.match(compiled[0] ?? "", /kernel_\d+$/);
});

test("a further entry file is compiled in", async () => {
  write("extra.ts", "let started: i32 = 0;\nstarted = 5;\nexport function extra(): i32 {\n  return started;\n}\n");
  await build([`${folder}/extra.ts`]);
  const units = readdirSync(join(repositoryRoot, output, "c"));
  const texts = units.map((name) => readFileSync(join(repositoryRoot, output, "c", name), "utf8"));
  assert.ok(texts.some((text) => /uint32_t kernel_extra\(void\) \{/.test(text)));
});

test("an error shows the file, the line and the offending text, and leaves the kernel that was there", async () => {
  const kernel = join(repositoryRoot, output, "kernel.elf");
  const before = statSync(kernel).mtimeMs;
  write("lib/counter.ts", counterText.replace("this.total += i", "this.total += missing"));
  await assert.rejects(build(), (error: Error) => {
    assert.ok(error instanceof CompileError);
    assert.match(error.message, /counter\.ts:5:\d+: error TS2304: Cannot find name 'missing'/);
    assert.match(error.message, /for \(let i = 0; i < amount; i\+\+\) this\.total \+= missing;\n.*~~~~~~~/);
    return true;
  });
  assert.ok(existsSync(kernel));
  assert.equal(statSync(kernel).mtimeMs, before);
});

test("unsafe operations outside kernel/trusted are refused", async () => {
  write("lib/counter.ts", counterText.replace("this.total += i", "this.total += load<i32>(64)"));
  await assert.rejects(build(), /counter\.ts:5:\d+: error AS101: Operation is unsafe/);
});

test("floating point is refused with the line and the function", async () => {
  write("lib/counter.ts", counterText.replace("this.total += i", "this.total += <i32>(<f64>i * 1.5)"));
  await assert.rejects(build(), (error: Error) => {
    assert.ok(error instanceof CompileError);
    assert.match(error.message, /counter\.ts:5: floating point has no place in the kernel \(in .*Counter#add\)/);
    return true;
  });
});
