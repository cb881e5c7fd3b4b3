// Shell scripts, as package scripts and #! files run them.

import assert from "node:assert/strict";
import { execFileSync, execSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "shell-")));
after(() => fs.rmSync(folder, { recursive: true }));

function script(name: string, text: string): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, text, { mode: 0o755 });
  return file;
}

function run(text: string): string {
  return execSync(text, { cwd: folder, encoding: "utf8" });
}

test("a #!/bin/sh script runs with its arguments", () => {
  const file = script("greet", '#!/bin/sh\nfor name in "$@"; do echo "hello $name"; done\nexit 2\n');
  const result = spawnSync(file, ["a b", "c"], { encoding: "utf8" });
  assert.equal(result.stdout, "hello a b\nhello c\n");
  assert.equal(result.status, 2);
});

test("#! passes one argument, and /usr/bin/env finds node", () => {
  const flagged = script("flagged", "#!/bin/sh -e\nfalse\necho not reached\n");
  assert.deepEqual([spawnSync(flagged).status, spawnSync(flagged).stdout.length], [1, 0]);
  const file = script("node-script", "#!/usr/bin/env node\nconsole.log(process.argv.length, process.argv[2]);\n");
  const env = { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` };
  assert.equal(execFileSync(file, ["x"], { encoding: "utf8", env }), "3 x\n");
});

test("a script whose interpreter is a script runs", () => {
  const outer = script("outer", '#!/bin/sh\necho "outer $2"\n. "$1"\n');
  const inner = script("inner", `#!${outer} flag\necho inner\n`);
  const result = spawnSync(inner, [], { encoding: "utf8" });
  assert.match(result.stdout, /^outer /);
});

test("pipes, substitution, here documents and background jobs", () => {
  assert.equal(run("seq 1 100 | grep 7 | wc -l").trim(), "19");
  assert.equal(run('echo "$(echo a; echo b)" | tr "\\n" ,'), "a,b,");
  assert.equal(run("cat <<END\none $((1 + 1))\nEND"), "one 2\n");
  assert.equal(run("(sleep 0.2; echo second) & echo first; wait; echo third"), "first\nsecond\nthird\n");
  assert.equal(run("f() { return 3; }; f; echo $?; set -- a b; echo $#"), "3\n2\n");
});

test("files: redirection, tests, globs, find and sed", () => {
  run(
    "mkdir -p tree/sub; echo one > tree/a.txt; echo two >> tree/a.txt; cp tree/a.txt tree/sub/b.txt; ln -s a.txt tree/l",
  );
  assert.equal(run("find tree -type f | sort"), "tree/a.txt\ntree/sub/b.txt\n");
  assert.equal(run("[ -L tree/l ] && [ -d tree/sub ] && ! [ -e nothing ] && echo yes"), "yes\n");
  assert.equal(run("sed s/o/0/g tree/sub/b.txt; echo tree/*"), "0ne\ntw0\ntree/a.txt tree/l tree/sub\n");
  assert.equal(run("tar cf - tree | tar tf - | wc -l").trim(), "5");
  run("rm -r tree; [ ! -e tree ]");
});

test("a signal that ends a command shows as 128 and its number", () => {
  assert.equal(run("sh -c 'kill -TERM $$'; echo $?"), "143\n");
  assert.equal(run("trap 'echo caught' INT; kill -INT $$; echo on"), "caught\non\n");
  assert.equal(run("sleep 100 & kill %1 2>/dev/null || kill $!; wait $!; echo $?"), "143\n");
});

test("package scripts run in order with their environment, as npm runs them", () => {
  fs.writeFileSync(
    path.join(folder, "package.json"),
    JSON.stringify({
      name: "scripted",
      scripts: { build: "echo built $NODE_RUN_SCRIPT_NAME > out", test: "cat out && exit 4" },
    }),
  );
  fs.mkdirSync(path.join(folder, "node_modules/.bin"), { recursive: true });
  const result = spawnSync(process.execPath, ["--run", "build"], { cwd: folder, encoding: "utf8" });
  assert.equal(result.status, 0, result.stderr);
  const test = spawnSync(process.execPath, ["--run", "test"], { cwd: folder, encoding: "utf8" });
  assert.match(test.stdout, /^built build$/m);
  assert.notEqual(test.status, 0);
});

test("two hundred commands in a row", () => {
  const text = 'i=0; while [ $i -lt 200 ]; do i=$(expr $i + 1); done; echo "$i"';
  assert.equal(run(text), "200\n");
});
