import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";

const check = join(import.meta.dirname, "../../../tools/checks/imports.ts");

/** Run the check over a tree of these files. */
function checkTree(files: Readonly<Record<string, string>>): { status: number | null; problems: string[] } {
  const root = mkdtempSync(join(tmpdir(), "imports-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    const { status, stderr } = spawnSync(process.execPath, [check, root], { encoding: "utf8" });
    return { status, problems: stderr.split("\n").filter((line) => line !== "") };
  } finally {
    rmSync(root, { recursive: true });
  }
}

test("imports that point down pass", () => {
  const { status, problems } = checkTree({
    "kernel/main.ts": 'import { x } from "./syscall/table";\n',
    "kernel/syscall/table.ts": 'import { y } from "../process/process";\nimport * as mem from "machine/mem";\n',
    "kernel/trusted/memory/address.ts": "export function at<T>(p: usize): T {\n  return changetype<T>(p);\n}\n",
  });
  assert.deepEqual(problems, []);
  assert.equal(status, 0);
});

test("an import that points up is named with its line", () => {
  const { status, problems } = checkTree({
    "kernel/net/tcp/socket.ts": '// purpose\nimport {\n  Inode,\n} from "../../vfs/inode";\n',
    "kernel/lib/list.ts": 'import { log } from "../log/log";\n',
  });
  assert.equal(status, 1);
  assert.deepEqual(problems, [
    "kernel/lib/list.ts:1: kernel/lib may not import kernel/log (../log/log)",
    "kernel/net/tcp/socket.ts:4: kernel/net may not import kernel/vfs (../../vfs/inode)",
  ]);
});

test("changetype outside trusted, unknown folders and kernel imports of the command line are refused", () => {
  const { problems } = checkTree({
    "kernel/vfs/inode.ts": "// changetype in a comment is no harm\nexport const x = changetype<usize>(1);\n",
    "kernel/misc/thing.ts": "export const x = 1;\n",
    "cli/main.ts": 'import { EBADF } from "../kernel/abi/errno.ts";\n',
  });
  assert.equal(problems.length, 3);
  assert.match(problems[0] ?? "", /^kernel\/misc\/thing\.ts:1: kernel\/misc has no row/);
  assert.match(problems[1] ?? "", /^kernel\/vfs\/inode\.ts:2: changetype/);
  assert.match(problems[2] ?? "", /^cli\/main\.ts:1: imports kernel source/);
});
