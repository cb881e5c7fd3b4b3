// How the machine ends when no `egg run` listens, as on a real one: a program that ends switches it off, reboot(2) starts
// it anew. QEMU's monitor says which it was.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { before, test } from "node:test";
import { prepareUefi } from "../../cli/run/firmware.ts";
import { folder, runEgg } from "./packed/media.ts";
import { mkdirSync } from "node:fs";

const discs = { end: "", restart: "" };
const images = { end: "", restart: "" };

before(() => {
  mkdirSync(folder, { recursive: true });
  const sources = {
    end: "int main(void) { return 0; }",
    restart: "#include <sys/reboot.h>\nint main(void) { return reboot(RB_AUTOBOOT); }",
  };
  for (const name of ["end", "restart"] as const) {
    const program = join(folder, name);
    execFileSync("gcc", ["-x", "c", "-static", "-", "-o", program], { input: sources[name] });
    images[name] = join(folder, `${name}.elf`);
    discs[name] = join(folder, `${name}.iso`);
    runEgg(["build", program, "-o", images[name]]);
    runEgg(["pack", "-k", images[name], "-o", discs[name]]);
  }
});

/** Why the machine stopped: `guest-shutdown`, `guest-reset`. */
async function reasonOf(words: string[]): Promise<string> {
  const common = ["-nodefaults", "-display", "none", "-no-reboot", "-m", "256", "-cpu", "max", "-smp", "1,maxcpus=2"];
  const child = spawn("qemu-system-x86_64", [...common, "-serial", "none", "-qmp", "stdio", ...words], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
  child.stdin.write('{"execute":"qmp_capabilities"}\n');
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk));
  await new Promise((resolve) => child.once("close", resolve));
  clearTimeout(timer);
  return /"event": "SHUTDOWN", "data": \{[^}]*"reason": "([^"]*)"/.exec(text)?.[1] ?? `no reason: ${text}`;
}

for (const machine of ["pc", "q35"]) {
  test(`${machine} is switched off and reset by its tables`, async () => {
    assert.equal(await reasonOf(["-machine", machine, "-cdrom", discs.end]), "guest-shutdown");
    assert.equal(await reasonOf(["-machine", machine, "-cdrom", discs.restart]), "guest-reset");
  });
}

test("a machine started by UEFI is switched off", async () => {
  const firmware = prepareUefi();
  try {
    const flash = [
      ...["-drive", `if=pflash,unit=0,format=raw,readonly=on,file=${firmware.code}`],
      ...["-drive", `if=pflash,unit=1,format=raw,file=${firmware.variables}`],
    ];
    assert.equal(await reasonOf(["-machine", "q35", ...flash, "-cdrom", discs.end]), "guest-shutdown");
  } finally {
    firmware.remove();
  }
});

test("a machine with reduced hardware is switched off and reset by the registers that its tables name", async () => {
  const microvm = ["-machine", "microvm,acpi=on,pit=off,pic=off", "-kernel"];
  assert.equal(await reasonOf([...microvm, images.end]), "guest-shutdown");
  assert.equal(await reasonOf([...microvm, images.restart]), "guest-reset");
});

test("without tables the chip set and the keyboard controller reset the machine", async () => {
  const bare = ["-machine", "pc,acpi=off", "-kernel"];
  assert.equal(await reasonOf([...bare, images.restart]), "guest-reset");
});
