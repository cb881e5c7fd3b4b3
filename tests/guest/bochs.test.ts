// The disc in Bochs, an emulator that is stricter than QEMU and has another BIOS: the stand-in for a PC that nobody has
// looked at. It interprets every instruction, so the program is a small one; and its text-mode display refuses the loader's
// 32-bit screen, so it has a plain VGA.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildReport, folder, pack } from "./packed/media.ts";

const BIOS = "/usr/share/bochs/BIOS-bochs-latest";
const VGA = "/usr/share/vgabios/vgabios.bin";
const isThere = existsSync("/usr/bin/bochs") && existsSync(BIOS) && existsSync(VGA);

function configuration(disc: string, serial: string, log: string): string {
  return `cpu: model=corei7_haswell_4770, ips=200000000
memory: guest=256, host=256
romimage: file=${BIOS}
vgaromimage: file=${VGA}
vga: extension=none
pci: enabled=1, chipset=i440fx
ata0: enabled=1
ata0-master: type=cdrom, path=${disc}, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=${serial}
log: ${log}
debug: action=ignore, acpi=report
display_library: term
clock: sync=none, time0=utc
`;
}

test("the disc boots in Bochs, runs its program and switches the machine off by ACPI", {
  skip: isThere ? false : "bochs is not installed",
  timeout: 240_000,
}, () => {
  const work = join(folder, "bochs");
  mkdirSync(work, { recursive: true });
  const [serial, log] = [join(work, "serial.txt"), join(work, "log.txt")];
  rmSync(serial, { force: true });
  const disc = pack(buildReport(), "iso", ["--append", "stdin=none"]);
  writeFileSync(join(work, "machine"), configuration(disc, serial, log));
  writeFileSync(join(work, "commands"), "c\n");
  // Its display wants a terminal; `script` is one.
  const command = `bochs -q -f ${join(work, "machine")} -rc ${join(work, "commands")}`;
  spawnSync("script", ["-qec", command, "/dev/null"], {
    stdio: "ignore",
    env: { ...process.env, TERM: "xterm" },
    timeout: 200_000,
    killSignal: "SIGKILL",
  });
  const text = readFileSync(serial, "latin1");
  const said = readFileSync(log, "latin1");
  assert.match(text, /^args: one two\r\ngreeting: from the image\r\nmemory: 2\d\d MiB\r\n/, text + said.slice(-2000));
  assert.match(said, /ACPI control: soft power off/);
  assert.doesNotMatch(said, /triple fault|3rd.*exception/i);
});
