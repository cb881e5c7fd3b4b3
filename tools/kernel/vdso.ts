// machine/x86_64/vdso → the shared library that the kernel maps into programs. Kept by content, like every step.

import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import { hash, hashFile, readIfThere, repositoryRoot, writeWhole } from "./cache.ts";
import { compilerIdentity, ToolError } from "./gcc.ts";

const run = promisify(execFile);

export const vdsoFolder = "machine/x86_64/vdso";
const source = `${vdsoFolder}/vdso.c`;
const linkerScript = `${vdsoFolder}/vdso.ld`;

const flags = [
  "-std=gnu11",
  "-O2",
  "-ffreestanding",
  "-fPIC",
  "-mgeneral-regs-only",
  "-fno-stack-protector",
  "-fno-asynchronous-unwind-tables",
  "-fno-builtin",
  "-fcf-protection=none",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-shared",
  "-nostdlib",
  "-s",
  `-Wl,-T,${linkerScript}`,
  "-Wl,-soname=linux-vdso.so.1",
  "-Wl,--hash-style=both",
  "-Wl,-Bsymbolic",
  "-Wl,-z,noexecstack",
  "-Wl,-z,max-page-size=4096",
  "-Wl,--build-id=none",
];

/** The vDSO's bytes; `output` is a folder relative to the repository. */
export async function buildVdso(output: string): Promise<Uint8Array> {
  const path = resolve(repositoryRoot, output, "vdso.so");
  const key = hash(
    ...[source, linkerScript].map((file) => hashFile(resolve(repositoryRoot, file)) ?? ""),
    JSON.stringify(flags),
    compilerIdentity(),
  );
  const built = readIfThere(path);
  if (built && Buffer.from(readIfThere(`${path}.key`) ?? "").toString("utf8") === key) return built;
  mkdirSync(dirname(path), { recursive: true });
  try {
    await run("gcc", [...flags, "-o", path, source], { cwd: repositoryRoot });
  } catch (error) {
    throw new ToolError(String((error as { stderr?: unknown }).stderr ?? error));
  }
  writeWhole(`${path}.key`, key);
  const bytes = readIfThere(path);
  if (!bytes) throw new ToolError(`gcc wrote no ${path}`);
  return bytes;
}
