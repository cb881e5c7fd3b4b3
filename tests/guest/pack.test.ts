// What `egg pack` makes boots, by BIOS and by UEFI, and holds together as others see it. Every format, firmware, machine
// and memory size comes once; packed/matrix.ts boots all combinations.

import assert from "node:assert/strict";
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { decode } from "fast-png";
import { runGuest } from "../../cli/run/guest.ts";
import {
  assertBoots,
  type Boot,
  buildLarge,
  buildReport,
  egg,
  FORMATS,
  folder,
  mediumOf,
  pack,
  runEgg,
} from "./packed/media.ts";

let image = "";
before(() => {
  image = buildReport();
});

const BOOTS: Boot[] = [
  { format: "iso", firmware: "bios", machine: "pc", memoryMiB: 256 },
  { format: "iso", firmware: "uefi", machine: "q35", memoryMiB: 6144 },
  { format: "raw", firmware: "bios", machine: "q35", memoryMiB: 6144 },
  { format: "raw", firmware: "uefi", machine: "pc", memoryMiB: 256 },
  { format: "qcow2", firmware: "bios", machine: "q35", memoryMiB: 256 },
  { format: "vmdk", firmware: "bios", machine: "pc", memoryMiB: 256 },
  { format: "vhd", firmware: "uefi", machine: "q35", memoryMiB: 256 },
  { format: "vhdx", firmware: "bios", machine: "q35", memoryMiB: 256 },
];

for (const boot of BOOTS) {
  test(`${boot.format} boots by ${boot.firmware} on ${boot.machine} with ${boot.memoryMiB} MiB`, async () => {
    await assertBoots(pack(image, boot.format), boot);
  });
}

test("arguments and environment are baked in", async () => {
  const path = pack(image, "iso", ["-e", "GREETING=hello there", "--append", "hostname=box", "--", "four", "five six"]);
  const result = await runGuest({ medium: mediumOf(path), stdin: "" });
  assert.match(result.stdout, /^args: four five six\ngreeting: hello there\n/);
});

test("the program starts from its image on the other machines too", async () => {
  for (const machine of ["pc", "microvm"] as const) {
    const result = await runGuest({ elf: image, machine, stdin: "in\n", args: ["x"] });
    assert.match(result.stdout, /^args: x\n(.*\n)*in\n$/, `${machine}: ${result.stdout}${result.stderr}`);
    assert.equal(result.status, 7, machine);
  }
});

test("a second packing gives the same bytes", () => {
  for (const format of FORMATS) {
    const first = readFileSync(pack(image, format));
    assert.ok(first.equals(readFileSync(pack(image, format))), format);
  }
});

test("qemu-img and xorriso find nothing wrong", () => {
  const raw = pack(image, "raw");
  for (const format of ["qcow2", "vmdk", "vhdx"] as const) {
    const path = pack(image, format);
    execFileSync("qemu-img", ["check", path], { stdio: "pipe" });
    assert.match(execFileSync("qemu-img", ["compare", raw, path], { encoding: "utf8" }), /identical/);
  }
  const vhd = pack(image, "vhd");
  const info = JSON.parse(execFileSync("qemu-img", ["info", "-f", "vpc", "--output=json", vhd], { encoding: "utf8" }));
  assert.equal(info["virtual-size"] % (1 << 20), 0);
  const disc = execFileSync("xorriso", ["-indev", pack(image, "iso"), "-report_el_torito", "plain", "-toc"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  assert.match(disc, /El Torito boot img :\s+1\s+BIOS\s+y/);
  assert.match(disc, /El Torito boot img :\s+2\s+UEFI\s+y/);
  const listed = execFileSync("mdir", ["-b", "-i", `${raw}@@1M`, "-/", "::/"], { encoding: "utf8" });
  assert.match(listed, /::\/EFI\/BOOT\/BOOTX64.EFI/);
  assert.match(listed, /::\/boot\/eggos.elf/);
});

test("a machine with too little memory is told so on its console", async () => {
  const large = buildLarge();
  const path = join(folder, "large.iso");
  assert.throws(() => runEgg(["pack", "-k", large, "-o", path, "-m", "64M"]), /64 MiB of memory is too small/);
  runEgg(["pack", "-k", large, "-o", path]);
  const result = await runGuest({ medium: mediumOf(path), memoryMiB: 48, display: "none", timeoutMs: 60_000 });
  assert.match(result.stdout, /large cannot be loaded: too little memory \(\d\d+ MiB\), or damaged/);
});

test("a damaged disc says so on the console", async () => {
  const bytes = readFileSync(pack(image, "iso"));
  const path = join(folder, "damaged.iso");
  // The kernel's ELF header, wherever it lies: on a 2048-byte boundary.
  let at = 0;
  while (at < bytes.length && !(bytes.readUInt32BE(at) === 0x7f454c46 && bytes[at + 4] === 2)) at += 2048;
  assert.ok(at < bytes.length);
  bytes.fill(0xee, at, at + 32768);
  writeFileSync(path, bytes);
  const result = await runGuest({ medium: mediumOf(path), display: "none", timeoutMs: 60_000 });
  assert.match(result.stdout, /report cannot be loaded: too little memory .*or damaged/);
});

test("a picture of the screen is a PNG file", async () => {
  const path = join(folder, "screen.png");
  const waiting = join(folder, "waiting.iso");
  runEgg(["pack", "-k", image, "-o", waiting, "--screen", "800x600"]);
  // Its input stays open, so the program waits.
  await promisify(execFile)(process.execPath, [egg, "run", waiting, "--screenshot", path, "--after", "1s"], {
    timeout: 60_000,
  });
  const picture = decode(readFileSync(path));
  assert.ok(picture.width >= 640 && picture.height >= 480, `${picture.width}x${picture.height}`);
});

test("a container image holds the same program, and boots with --rootfs", () => {
  const path = join(folder, "report.oci");
  const words = ["pack", join(folder, "report"), "-o", path, "-e", "GREETING=contained", "--", "one"];
  runEgg(words);
  const first = readFileSync(path);
  runEgg(words);
  assert.ok(first.equals(readFileSync(path)), "the same bytes again");
  const result = spawnSync(process.execPath, [egg, "run", "--rootfs", path], { encoding: "utf8", timeout: 60_000 });
  assert.match(result.stdout, /^args: one\ngreeting: contained\n/, result.stderr);
  assert.equal(result.status, 7);
});

test("devices that no firmware placed are found in memory and given their place", async () => {
  const program = join(folder, "interfaces");
  const source =
    '#include <stdio.h>\nint main(void) { char t[4096]; FILE *f = fopen("/proc/net/dev", "r"); t[fread(t, 1, 4095, f)] = 0; puts(t); }';
  execFileSync("gcc", ["-x", "c", "-static", "-", "-o", program], { input: source });
  const result = await runGuest({
    target: program,
    machine: "microvm",
    hasNetwork: false,
    qemuArguments: [
      "-machine",
      "microvm,acpi=on,pcie=on",
      "-netdev",
      "user,id=n",
      "-device",
      "virtio-net-pci,netdev=n,romfile=",
    ],
  });
  assert.match(result.stdout, /eth0:/, result.stdout + result.stderr);
});
