import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

/** Expressions of C for the facts that abi.as.ts collects, in its order. */
const expressions = [
  "sizeof(struct stat)",
  "offsetof(struct stat, st_dev)",
  "offsetof(struct stat, st_ino)",
  "offsetof(struct stat, st_nlink)",
  "offsetof(struct stat, st_mode)",
  "offsetof(struct stat, st_uid)",
  "offsetof(struct stat, st_gid)",
  "offsetof(struct stat, st_rdev)",
  "offsetof(struct stat, st_size)",
  "offsetof(struct stat, st_blksize)",
  "offsetof(struct stat, st_blocks)",
  "offsetof(struct stat, st_atim.tv_sec)",
  "offsetof(struct stat, st_mtim.tv_nsec)",
  "offsetof(struct stat, st_ctim.tv_nsec)",
  "sizeof(struct statx)",
  "offsetof(struct statx, stx_mask)",
  "offsetof(struct statx, stx_blksize)",
  "offsetof(struct statx, stx_attributes)",
  "offsetof(struct statx, stx_nlink)",
  "offsetof(struct statx, stx_gid)",
  "offsetof(struct statx, stx_mode)",
  "offsetof(struct statx, stx_ino)",
  "offsetof(struct statx, stx_size)",
  "offsetof(struct statx, stx_blocks)",
  "offsetof(struct statx, stx_attributes_mask)",
  "offsetof(struct statx, stx_atime.tv_sec)",
  "offsetof(struct statx, stx_btime.tv_nsec)",
  "offsetof(struct statx, stx_ctime.tv_nsec)",
  "offsetof(struct statx, stx_mtime.tv_nsec)",
  "offsetof(struct statx, stx_rdev_major)",
  "offsetof(struct statx, stx_rdev_minor)",
  "offsetof(struct statx, stx_dev_major)",
  "offsetof(struct statx, stx_dev_minor)",
  "offsetof(struct statx, stx_mnt_id)",
  "sizeof(struct statfs)",
  "offsetof(struct statfs, f_type)",
  "offsetof(struct statfs, f_bsize)",
  "offsetof(struct statfs, f_blocks)",
  "offsetof(struct statfs, f_bfree)",
  "offsetof(struct statfs, f_bavail)",
  "offsetof(struct statfs, f_files)",
  "offsetof(struct statfs, f_ffree)",
  "offsetof(struct statfs, f_fsid)",
  "offsetof(struct statfs, f_namelen)",
  "offsetof(struct statfs, f_frsize)",
  "offsetof(struct statfs, f_flags)",
  "sizeof(struct flock)",
  "offsetof(struct flock, l_type)",
  "offsetof(struct flock, l_whence)",
  "offsetof(struct flock, l_start)",
  "offsetof(struct flock, l_len)",
  "offsetof(struct flock, l_pid)",
  "sizeof(struct open_how)",
  "offsetof(struct open_how, flags)",
  "offsetof(struct open_how, mode)",
  "offsetof(struct open_how, resolve)",
];

const program = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
int main(void) {
${expressions.map((expression) => `  printf("%zu\\n", (size_t)(${expression}));`).join("\n")}
}
`;

test("stat, statx, statfs, flock and open_how are laid out as C lays them out", async () => {
  const folder = mkdtempSync(join(tmpdir(), "abi-"));
  try {
    writeFileSync(join(folder, "facts.c"), program);
    execFileSync("gcc", ["-o", join(folder, "facts"), join(folder, "facts.c")]);
    const expected = execFileSync(join(folder, "facts"), { encoding: "utf8" }).trim().split("\n").map(Number);
    const wasm = await buildWasm(new URL("./abi.as.ts", import.meta.url));
    const { exports } = instantiate<{ collect(): number; fact(index: number): bigint }>(wasm);
    assert.equal(exports.collect(), expressions.length);
    for (const [index, expression] of expressions.entries()) {
      assert.equal(Number(exports.fact(index)), expected[index], expression);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
