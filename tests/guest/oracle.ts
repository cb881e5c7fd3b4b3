/**
 * Runs the C programs where they must pass: on this host's Linux, or in the Linux guest of benchmarks/linux.
 *
 *   node tests/guest/oracle.ts host|linux [NAME…]
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { prepareLinuxImage, startLinux } from "../../benchmarks/linux/guest.ts";
import { builtFolder } from "./build-programs.ts";
import { FIXTURE, type TestRoot, testRoot } from "./image.ts";
import { parseReport } from "./tap.ts";

/** The image's fixture as a folder of the host. */
function hostFixture(root: TestRoot, folder: string): string {
  for (const entry of root.entries) {
    if (!entry.path.startsWith(`${FIXTURE}/`)) continue;
    const path = join(folder, entry.path);
    mkdirSync(dirname(path), { recursive: true });
    if (entry.kind === "symlink") symlinkSync(entry.target, path);
    else if (entry.kind === "file" && "bytes" in entry.content) writeFileSync(path, entry.content.bytes);
    else if (entry.kind === "file" && "path" in entry.content) cpSync(entry.content.path, path);
  }
  return join(folder, FIXTURE);
}

function onHost(root: TestRoot, name: string): string {
  const scratch = mkdtempSync(join(tmpdir(), "oracle-"));
  try {
    const env = { PATH: "/usr/bin:/bin", TMPDIR: scratch, IMAGE_FIXTURE: hostFixture(root, scratch) };
    return spawnSync(join(builtFolder, name), [], { env, encoding: "utf8", timeout: 120_000 }).stdout;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function inLinuxGuest(root: TestRoot, name: string): Promise<string> {
  const guest = startLinux({
    image: await prepareLinuxImage(root.entries, root.key, "disk"),
    boot: {
      program: `/programs/${name}`,
      args: [name],
      env: { PATH: "/usr/bin:/bin", IMAGE_FIXTURE: FIXTURE },
      cwd: "/tmp",
    },
    memoryMiB: 256,
  });
  let output = "";
  guest.stdout.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  const timer = setTimeout(() => guest.process.kill("SIGKILL"), 180_000);
  await guest.ended;
  clearTimeout(timer);
  return output;
}

const [where, ...names] = process.argv.slice(2);
if (where !== "host" && where !== "linux") {
  process.stderr.write("usage: node tests/guest/oracle.ts host|linux [NAME…]\n");
  process.exit(64);
}
const root = await testRoot();
for (const name of names.length > 0 ? names : root.names.filter((name) => name !== "fuzz" && name !== "hello")) {
  const output = where === "host" ? onHost(root, name) : await inLinuxGuest(root, name);
  const { checks, complete } = parseReport(output);
  const failed = checks.filter((check) => !check.ok);
  process.stdout.write(
    `${name}: ${checks.length - failed.length} passed, ${failed.length} failed${complete ? "" : ", did not end"}\n`,
  );
  for (const check of failed) process.stdout.write(`  ${check.group}: ${check.sentence}\n    ${check.detail}\n`);
  if (failed.length > 0 || !complete) process.exitCode = 1;
}
