// Root folders and image archives booted: a shell of Debian's busybox in layers, and a program of another C library.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { packageEntries } from "../../cli/image/debian.ts";
import { prepareTarget } from "../../cli/image/prepare.ts";
import { type GuestResult, runGuest } from "../../cli/run/guest.ts";

const work = mkdtempSync(join(tmpdir(), "egg-rootfs-"));
let busybox = "";

before(async () => {
  const { entries } = await packageEntries(["busybox-static"], "the test");
  const entry = entries.find((one) => one.path === "/usr/bin/busybox");
  assert.ok(entry?.kind === "file" && "path" in entry.content);
  busybox = entry.content.path;
});
after(() => rmSync(work, { recursive: true }));

function shown(result: GuestResult): string {
  return `status ${result.status}${result.timedOut ? " (time limit)" : ""}\n${result.stdout}\n${result.stderr}`;
}

async function run(root: string, args: string[] | undefined): Promise<GuestResult> {
  const { path } = await prepareTarget(root, { isRoot: true, args });
  return await runGuest({ elf: path, timeoutMs: 60_000 });
}

function write(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text, { mode: 0o755 });
  }
}

/** busybox under a few of its names, hard links of one file as in its image. */
function addShell(folder: string): void {
  mkdirSync(join(folder, "bin"), { recursive: true });
  copyFileSync(busybox, join(folder, "bin/busybox"));
  for (const name of ["sh", "ls", "cat", "sort", "find", "wc"])
    linkSync(join(folder, "bin/busybox"), join(folder, "bin", name));
}

function tar(from: string, to: string, ...options: string[]): string {
  execFileSync("tar", ["-C", from, ...options, "-cf", to, "."]);
  return to;
}

test("an image archive runs its command in its folder with its environment, layers laid over each other", async () => {
  const [lower, upper, stage] = ["lower", "upper", "stage"].map((name) => join(work, name)) as [string, string, string];
  addShell(lower);
  write(lower, { "srv/old": "old\n", "srv/kept": "kept\n" });
  write(upper, {
    "srv/.wh.old": "",
    "srv/new": "new\n",
    "entry.sh": '#!/bin/sh\necho "$GREETING from $PWD: $*"\ncat *\nexit 3\n',
  });
  write(stage, {
    "c.json": JSON.stringify({
      architecture: "amd64",
      config: {
        Env: ["PATH=/bin", "GREETING=hello"],
        Entrypoint: ["/entry.sh"],
        Cmd: ["one", "two"],
        WorkingDir: "/srv",
      },
    }),
    "manifest.json": JSON.stringify([{ Config: "c.json", Layers: ["1.tar", "2.tar"] }]),
  });
  tar(lower, join(stage, "1.tar"), "-z");
  tar(upper, join(stage, "2.tar"));
  const archive = tar(stage, join(work, "image.tar"));
  const result = await run(archive, undefined);
  assert.equal(result.stdout, "hello from /srv: one two\nkept\nnew\n", shown(result));
  assert.equal(result.status, 3);
  const other = await run(archive, ["three"]);
  assert.match(other.stdout, /^hello from \/srv: three$/m, shown(other));
});

test("a root folder is seen as it is, its root and .. included, and can be written to", async () => {
  const root = join(work, "folder");
  addShell(root);
  write(root, { "data/x": "1\n" });
  const script = "ls -a / | sort; echo 2 > /data/y; cat /data/*; ls /proc/1/cmdline; exec sh -c 'exit 7'";
  const result = await run(root, ["sh", "-c", script]);
  assert.equal(
    result.stdout,
    ".\n..\nbin\ndata\ndev\netc\nproc\nrun\nsys\ntmp\n1\n2\n/proc/1/cmdline\n",
    shown(result),
  );
  assert.equal(result.status, 7);
});

const MUSL_PROGRAM = `
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static void *thread(void *text) { printf("thread %s\\n", (char *)text); return 0; }
int main(int count, char **words) {
  pthread_t other;
  pthread_create(&other, 0, thread, words[count - 1]);
  pthread_join(other, 0);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) _exit(4);
  int status;
  waitpid(child, &status, 0);
  printf("child %d %s\\n", WEXITSTATUS(status), getenv("HOME"));
  fflush(stdout);
  char *again[] = {"/bin/sh", "-c", "echo from the shell", 0};
  execv(again[0], again);
  return 1;
}
`;

test("a program linked with musl finds its loader, makes threads and children, becomes another", async () => {
  const { entries } = await packageEntries(["musl", "musl-dev"], "the test");
  const source = (path: string): string => {
    const entry = entries.find((one) => one.path === path);
    assert.ok(entry?.kind === "file" && "path" in entry.content, path);
    return entry.content.path;
  };
  const library = source("/usr/lib/x86_64-linux-musl/libc.so");
  const part = (name: string): string => source(`/usr/lib/x86_64-linux-musl/${name}`);
  const include = source("/usr/include/x86_64-linux-musl/stdio.h").replace(/\/stdio\.h$/, "");
  const root = join(work, "musl");
  addShell(root);
  mkdirSync(join(root, "lib"));
  copyFileSync(library, join(root, "lib/ld-musl-x86_64.so.1"));
  write(work, { "program.c": MUSL_PROGRAM });
  const loader = "-Wl,-dynamic-linker,/lib/ld-musl-x86_64.so.1";
  const start = [part("Scrt1.o"), part("crti.o")];
  const words = [
    "-O1",
    "-fPIE",
    "-pie",
    "-nostdinc",
    "-isystem",
    include,
    "-nostdlib",
    "-nostartfiles",
    loader,
    ...start,
  ];
  execFileSync("gcc", [
    ...words,
    join(work, "program.c"),
    "-o",
    join(root, "bin/program"),
    `-L${dirname(library)}`,
    "-lc",
    part("crtn.o"),
  ]);
  const result = await run(root, ["program", "of musl"]);
  assert.equal(result.stdout, "thread of musl\nchild 4 /root\nfrom the shell\n", shown(result));
  assert.equal(result.status, 0);
});
