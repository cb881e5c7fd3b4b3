// What a project asks for beside its program: Debian packages for a Go program, npm for the scripts of its package.json.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { type GuestResult, runGuest } from "../../cli/run/guest.ts";
import { installPackages, missingPackages } from "../../tools/setup/debian.mjs";

const work = mkdtempSync(join(tmpdir(), "egg-project-"));

before(async () => {
  await installPackages(missingPackages(new URL("../../tools/setup/golang.json", import.meta.url)));
});
after(() => rmSync(work, { recursive: true }));

function project(name: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(work, name, path)), { recursive: true });
    writeFileSync(join(work, name, path), text);
  }
  return join(work, name);
}

function shown(result: GuestResult): string {
  return `status ${result.status}${result.timedOut ? " (time limit)" : ""}\n${result.stdout}\n${result.stderr.slice(-2000)}`;
}

const GO_PROGRAM = `package main

import (
	"fmt"
	"os"
	"os/exec"
)

func main() {
	out, err := exec.Command("sh", "-c", "echo from a shell; cat data/x").CombinedOutput()
	fmt.Print(string(out), err, os.Args[1:], os.Getenv("GREETING"), "\\n")
}
`;

test("a Go program has the packages, files, arguments and environment that the package.json beside it names", async () => {
  const egg = { packages: ["busybox-static"], args: ["a", "b"], env: { GREETING: "hi" }, files: ["data"] };
  const folder = project("go", {
    "go.mod": "module shellout\ngo 1.19\n",
    "main.go": GO_PROGRAM,
    "data/x": "a file\n",
    "package.json": JSON.stringify({ egg }),
  });
  const result = await runGuest({ target: folder, timeoutMs: 90_000 });
  assert.equal(result.stdout, "from a shell\na file\n<nil> [a b]hi\n", shown(result));
});

test("settings that only Node.js could follow are refused for a Go program", async () => {
  const folder = project("refused", {
    "go.mod": "module refused\ngo 1.19\n",
    "main.go": "package main\nfunc main() {}\n",
    "package.json": JSON.stringify({ egg: { nodeOptions: ["--expose-gc"] } }),
  });
  await assert.rejects(runGuest({ target: folder }), { message: /"egg\.nodeOptions" is for Node\.js/, status: 65 });
});

const SCRIPTS_PROGRAM = `import { spawnSync } from "node:child_process";
for (const [command, ...words] of [["npm", "run", "-s", "greet"], ["npm", "run", "-s", "fails"], ["node", "--run", "greet"]]) {
  const { status, stdout } = spawnSync(command as string, words, { encoding: "utf8" });
  console.log(command, words.join(" "), status, JSON.stringify(stdout));
}
`;

test("scripts of package.json run in the guest, by npm and by node --run", async () => {
  const folder = project("scripts", {
    "main.ts": SCRIPTS_PROGRAM,
    "package.json": JSON.stringify({
      name: "scripts",
      version: "1.2.3",
      type: "module",
      main: "main.ts",
      scripts: { pregreet: "echo before", greet: "echo hello $npm_package_version from $(pwd)", fails: "exit 7" },
      egg: { npm: true },
    }),
  });
  const result = await runGuest({ target: folder, memoryMiB: 512, timeoutMs: 120_000 });
  const expected = [
    'npm run -s greet 0 "before\\nhello 1.2.3 from /app\\n"',
    'npm run -s fails 7 ""',
    'node --run greet 0 "hello from /app\\n"',
    "",
  ];
  assert.equal(result.stdout, expected.join("\n"), shown(result));
});
