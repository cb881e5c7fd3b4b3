// Boots checks.as.ts on machines of different sizes, processors and firmware, under QEMU's emulation.

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { bootImage } from "../../../cli/image/elf.ts";
import { writeImage } from "../../../cli/image/pieces.ts";
import { buildKernel } from "../../../tools/kernel/build.ts";

const run = promisify(execFile);
const output = "build/self-test";
const folder = join(import.meta.dirname, "../../..", output);
let kernel = "";
let program = "";

before(async () => {
  mkdirSync(folder, { recursive: true });
  kernel = (await buildKernel({ main: "tests/guest/machine/checks.as.ts", output })).path;
  const object = join(folder, "program.o");
  program = join(folder, "program.bin");
  execFileSync("gcc", ["-c", join(import.meta.dirname, "program.S"), "-o", object]);
  execFileSync("objcopy", ["-O", "binary", "-j", ".text", object, program]);
});

/** Boot with these QEMU arguments, which name the image; returns what came over the serial line. */
async function boot(machineArguments: readonly string[]): Promise<string> {
  const machine = ["-display", "none", "-nodefaults", "-no-reboot", "-serial", "stdio", "-smp", "1,maxcpus=2"];
  const leaving = ["-debugcon", "file:/dev/null", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"];
  const all = [...machine, ...machineArguments, ...leaving];
  // isa-debug-exit makes status 0 into 1.
  return run("qemu-system-x86_64", all, { timeout: 30_000 }).then(
    () => assert.fail("QEMU ended by itself"),
    (error: { code: unknown; stdout: string }) => {
      assert.equal(error.code, 1, error.stdout);
      return error.stdout;
    },
  );
}

function assertPassed(text: string): void {
  const failed = text.split("\n").filter((line) => line.startsWith("not ok") || line.includes("panic"));
  assert.deepEqual(failed, [], text);
  assert.match(text, /\n1\.\.\d\d/, text);
}

for (const [what, machineArguments] of [
  ["all that the emulator can do, 256 MB", ["-cpu", "max", "-m", "256"]],
  ["a Q35 with 64 MB", ["-cpu", "max", "-machine", "q35", "-m", "64"]],
  ["5 GB, some of it above 4 GB", ["-cpu", "max", "-m", "5G"]],
  ["the plainest 64-bit processor", ["-cpu", "qemu64", "-m", "128"]],
  ["a processor without SMAP, xsave and fsgsbase", ["-cpu", "Nehalem", "-m", "128"]],
  [
    "no ACPI: the interval timer, the controllers' usual places",
    ["-cpu", "max", "-machine", "pc,acpi=off", "-m", "128"],
  ],
] as const) {
  test(`the machine layer holds on ${what}`, async () => {
    assertPassed(await boot([...machineArguments, "-kernel", kernel, "-initrd", program, "-append", "self test"]));
  });
}

/** kernel.elf with program.bin as its root image and a text, as `egg build` makes it. */
function builtImage(): string {
  const path = join(folder, "image.elf");
  const root = { size: statSync(program).size, pieces: [{ offset: 0, bytes: readFileSync(program) }] };
  writeImage(path, bootImage(readFileSync(kernel), root, "self test"));
  return path;
}

test("an image that carries its root file system boots by PVH", async () => {
  assertPassed(await boot(["-cpu", "max", "-m", "128", "-kernel", builtImage()]));
});

/** A disc on which GRUB boots the image by one of its protocols. */
function disc(protocol: string): string {
  const grub = join(folder, protocol, "boot/grub");
  mkdirSync(grub, { recursive: true });
  writeFileSync(join(folder, protocol, "image.elf"), readFileSync(builtImage()));
  writeFileSync(join(grub, "grub.cfg"), `set timeout=0\nmenuentry a {\n ${protocol} /image.elf\n}\n`);
  const path = join(folder, `${protocol}.iso`);
  execFileSync("grub-mkrescue", ["-o", path, join(folder, protocol)], { stdio: "ignore" });
  return path;
}

const hasGrub = existsSync("/usr/bin/grub-mkrescue") && existsSync("/usr/bin/xorriso");
for (const protocol of ["multiboot2", "multiboot"]) {
  test(`GRUB boots it by ${protocol}`, { skip: hasGrub ? false : "grub-mkrescue is not installed" }, async () => {
    assertPassed(await boot(["-cpu", "max", "-m", "128", "-cdrom", disc(protocol)]));
  });
}
