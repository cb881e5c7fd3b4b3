// What is wrong with a kernel module is said before anything is built: file, line, the offending text, what to do.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { shownPath } from "../../../tools/kernel/diagnostic.ts";
import { checkPackages } from "../../../tools/kernel/package-check.ts";
import type { KernelPackage } from "../../../tools/kernel/packages.ts";

const folder = mkdtempSync(join(tmpdir(), "eggos-modules-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const registers = "export function register(): void {}\n";

/** A package of the given files; the first one is its entry. */
function made(name: string, files: Record<string, string>, isTrusted = false): KernelPackage {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name, path)), { recursive: true });
    writeFileSync(join(folder, name, path), text);
  }
  return { name, folder: join(folder, name), entries: Object.keys(files).slice(0, 1), isTrusted };
}

async function faultsOf(...packages: KernelPackage[]): Promise<string> {
  return (await checkPackages(packages)).join("\n").replaceAll(shownPath(folder), "").replaceAll(folder, "");
}

test("a module of nothing forbidden has no faults", async () => {
  const good = made("good", {
    "main.ts": `import { log } from "eggos/kernel";\nimport { text } from "./text";\n${registers}log.info(text);\n`,
    "text.ts": 'export const text: string = "hello";\n',
  });
  assert.equal(await faultsOf(good), "");
});

test("a module without register is refused", async () => {
  const faults = await faultsOf(made("silent", { "main.ts": "function register(): void {}\n" }));
  assert.match(faults, /^\/silent\/main\.ts:1:1: error: a kernel module exports `function register\(\): void`/);
});

test("register takes no arguments", async () => {
  const faults = await faultsOf(made("eager", { "main.ts": "export function register(what: i32): void {}\n" }));
  assert.match(faults, /^\/eager\/main\.ts:1:\d+: error: `register` takes no arguments/);
});

test("an import of anything but eggos/kernel and own files is refused where it stands", async () => {
  const faults = await faultsOf(
    made("curious", {
      "main.ts": `import { load8 } from "machine/mem";\nimport * as fs from "node:fs";\n${registers}`,
    }),
  );
  assert.match(
    faults,
    /main\.ts:1:23: error: "machine\/mem": a kernel module imports eggos\/kernel and its own files\n {2}1 \| /,
  );
  assert.match(faults, /main\.ts:2:21: error: "node:fs"/);
});

test("an import of a file that lies outside, or is not there, is refused", async () => {
  const faults = await faultsOf(
    made("lost", { "main.ts": `import { a } from "../good/text";\nimport { b } from "./missing";\n${registers}` }),
  );
  assert.match(faults, /main\.ts:1:\d+: error: "\.\.\/good\/text" lies outside of the package lost/);
  assert.match(faults, /main\.ts:2:\d+: error: "\.\/missing": there is no such file/);
});

const unsafe: [what: string, line: string, message: RegExp][] = [
  ["changetype", "let p = changetype<usize>(new Foo());", /:1:9: error: changetype goes around the compiler's checks/],
  ["unchecked", "let v = unchecked(list[9]);", /:1:9: error: unchecked goes around/],
  ["the runtime's functions", "__new(8, 1);", /:1:1: error: __new goes around/],
  ["a decorator", "@unmanaged class Raw {}", /:1:1: error: decorators change what the compiler checks/],
  ["declare", "declare function store8(address: u64, value: u32): void;", /:1:1: error: `declare` reaches the machine/],
];
for (const [what, line, message] of unsafe) {
  test(`${what} is refused without the mark, and told how to mark`, async () => {
    const text = `${line}\n${registers}`;
    const faults = await faultsOf(made("raw", { "main.ts": text }));
    assert.match(faults, message);
    assert.match(faults, /"trusted" in the project's package\.json/);
    assert.ok(faults.includes(`  1 | ${line}\n`), faults);
    assert.equal(await faultsOf(made("raw", { "main.ts": text }, true)), "");
  });
}

test("a second file is checked like the entry", async () => {
  const faults = await faultsOf(
    made("hidden", {
      "main.ts": `import { peek } from "./deep/peek";\n${registers}`,
      "deep/peek.ts": "export function peek(): usize {\n  return changetype<usize>(0);\n}\n",
    }),
  );
  assert.match(faults, /^\/hidden\/deep\/peek\.ts:2:10: error: changetype/);
});

test("a trusted module may import the kernel's files and the machine, but no other package", async () => {
  const faults = await faultsOf(
    made(
      "insider",
      {
        "main.ts":
          `import * as mem from "machine/mem";\nimport { find } from "eggos/kernel/syscall/table";\n` +
          `import * as left from "left-pad";\n${registers}`,
      },
      true,
    ),
  );
  assert.match(faults, /^\/insider\/main\.ts:3:23: error: "left-pad": a trusted kernel module imports/);
});

test("a syntax error is shown where it is", async () => {
  const faults = await faultsOf(made("typo", { "main.ts": `${registers}let a = ;\n` }));
  assert.match(faults, /^\/typo\/main\.ts:2:9: error: Expression expected/);
  assert.match(faults, /\n {2}2 \| let a = ;\n/);
});

const claim = (number: string, isAsking: boolean): string =>
  `import { SYS_uname, syscalls } from "eggos/kernel";\nfunction handler(address: u64): i64 { return 0; }\n` +
  `export function register(): void {\n  ${isAsking ? `syscalls.getHandler(${number});\n  ` : ""}syscalls.register(${number}, handler);\n}\n`;

test("two modules that claim one system call are both named, with both places", async () => {
  const faults = await faultsOf(
    made("first", { "main.ts": claim("SYS_uname", false) }),
    made("second", { "main.ts": claim("63", false) }),
  );
  assert.match(
    faults,
    /^\/second\/main\.ts:4:3: error: modules first and second both claim system call 63; call syscalls\.getHandler/,
  );
  assert.match(faults, /\n {2}\/first\/main\.ts:4:3:\n/);
});

test("a number of one's own that two modules name by a constant is a conflict too", async () => {
  const own = (name: string) =>
    made(name, {
      "main.ts":
        'import { syscalls as calls } from "eggos/kernel";\nconst MINE: i32 = 600;\nfunction handler(): i64 { return 0; }\n' +
        "export function register(): void { calls.register(MINE, handler); }\n",
    });
  assert.match(await faultsOf(own("red"), own("blue")), /modules red and blue both claim system call 600/);
});

test("a module that asks for the handler first wraps it: no conflict", async () => {
  const first = made("one", { "main.ts": claim("SYS_uname", false) });
  const second = made("two", { "main.ts": claim("SYS_uname", true) });
  assert.equal(await faultsOf(first, second), "");
});

test("a handler of other types than a system call's is shown in the module's own file", async () => {
  const text = claim("SYS_uname", true).replace("address: u64", "address: u32").replace("): i64 {", "): i32 {");
  const faults = await faultsOf(made("narrow", { "main.ts": text }));
  assert.match(faults, /narrow\/main\.ts:2:27: error: a system call's handler takes u64 arguments/);
  assert.match(faults, /narrow\/main\.ts:2:\d+: error: a system call's handler returns i64/);
});
