// The pure parts of packing: partition tables, loader scripts, taking an image apart, checksums; and what egg pack refuses.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { crc32 } from "node:zlib";
import { encodeBootConfig } from "../../../cli/image/boot-config.ts";
import { takeApart } from "../../../cli/image/boot-parts.ts";
import { crc32c } from "../../../cli/image/convert.ts";
import { bootImage, configLocation, findRootHeader, readElf } from "../../../cli/image/elf.ts";
import { BIOS_BOOT, EFI_SYSTEM, gptPieces, SECTOR, seededGuid } from "../../../cli/image/gpt.ts";
import { grubScript } from "../../../cli/image/grub.ts";
import { imageBytes, writeImage } from "../../../cli/image/pieces.ts";
import { makeKernelFile } from "./kernel-file.ts";

const main = join(import.meta.dirname, "../../../cli/main.ts");
let folder = "";
let image = "";
const root = Buffer.alloc(3 * 4096, "root");

before(() => {
  folder = mkdtempSync(join(tmpdir(), "egg-pack-"));
  image = join(folder, "image.elf");
  const pieces = [{ offset: 0, bytes: root }];
  const config = encodeBootConfig({ program: "/p", args: ["p", "a"], fixedArgs: 1 });
  writeImage(image, bootImage(makeKernelFile(), { size: root.length, pieces }, config));
});
after(() => rmSync(folder, { recursive: true }));

function pack(words: string[], environment: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [main, "pack", ...words], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, ...environment },
    timeout: 20_000,
  });
}

test("both copies of a partition table say the same and have their checksums", () => {
  const sectors = 8192;
  const partitions = [
    { type: BIOS_BOOT, name: "BIOS boot", firstSector: 40, sectors: 100 },
    { type: EFI_SYSTEM, name: "EFI system", firstSector: 2048, sectors: 4096 },
  ];
  const disk = imageBytes({
    size: sectors * SECTOR,
    pieces: gptPieces(sectors, partitions, Buffer.alloc(SECTOR, 0x90), "s"),
  });
  assert.equal(disk.readUInt16LE(510), 0xaa55);
  assert.equal(disk[446 + 4], 0xee);
  for (const [own, other] of [
    [1, sectors - 1],
    [sectors - 1, 1],
  ] as const) {
    const header = Buffer.from(disk.subarray(own * SECTOR, own * SECTOR + 92));
    assert.equal(header.toString("latin1", 0, 8), "EFI PART");
    assert.equal(Number(header.readBigUInt64LE(24)), own);
    assert.equal(Number(header.readBigUInt64LE(32)), other);
    const sum = header.readUInt32LE(16);
    header.writeUInt32LE(0, 16);
    assert.equal(crc32(header), sum);
    const table = Number(header.readBigUInt64LE(72)) * SECTOR;
    assert.equal(crc32(disk.subarray(table, table + 128 * 128)), header.readUInt32LE(88));
    // UEFI 2.10 table 5.7: the EFI system partition's type as it stands on a disk.
    assert.equal(disk.toString("hex", table + 128, table + 144), "28732ac11ff8d211ba4b00a0c93ec93b");
    assert.equal(Number(disk.readBigUInt64LE(table + 128 + 40)), 2048 + 4096 - 1);
  }
});

test("identifiers come from the seed alone and are valid", () => {
  assert.equal(seededGuid("a"), seededGuid("a"));
  assert.notEqual(seededGuid("a"), seededGuid("b"));
  assert.match(seededGuid("a"), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("CRC-32C is RFC 3720's", () => {
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa); // RFC 3720 §B.4
  assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
});

test("an image comes apart into a kernel with its configuration and a root", () => {
  const parts = takeApart(image, (config) => ({ ...config, hostname: "box" }));
  const { kernel } = parts;
  assert.equal(parts.root.size, root.length);
  const header = findRootHeader(kernel);
  assert.equal(header?.rootSize, 0);
  const location = configLocation(kernel, kernel.length, "kernel");
  assert.ok(location);
  const text = kernel.toString("latin1", location.offset, location.offset + location.size);
  assert.equal(text, "program=/p arg=p arg=a fixed=1 hostname=box");
  const elf = readElf(kernel, kernel.length, "kernel");
  assert.equal(elf.segments.at(-1)?.physicalAddress, header?.rootAddress);
  assert.equal(kernel.readBigUInt64LE(40), 0n, "no section headers");
});

test("the loader's script quotes what it is given", () => {
  const script = grubScript({
    name: "it's",
    leastMemoryMiB: 99,
    mode: { width: 640, height: 480 },
    commandLine: " a=b  $x;reboot ",
  });
  assert.match(script, /^if multiboot2 \/boot\/eggos\.elf 'a=b' '\$x;reboot' ; then$/m);
  assert.match(script, /^set gfxpayload=640x480x32,640x480x24,640x480,auto$/m);
  assert.match(script, /^echo 'eggos: its cannot be loaded.*99 MiB/m);
});

test("egg pack refuses in one line what it cannot make", () => {
  const cases: [words: string[], says: RegExp, status: number][] = [
    [["-k", image, "-o", "x.floppy"], /its name does not tell the format/, 64],
    [["-k", image, "-f", "floppy"], /-f/, 64],
    [["-k", main, "-o", "x.iso"], /not an image made by egg build/, 65],
    [["-k", image, ".", "-o", "x.iso"], /-k takes no target/, 64],
    [["-k", "missing.elf", "-o", "x.iso"], /no such file/, 66],
    [["-k", image, "-o", "x.iso", "-m", "16M"], /16 MiB of memory is too small/, 64],
    [["-k", image, "-o", "no/folder/x.iso"], /no\/folder/, 73],
    [["-k", image, "-o", "x.iso", "--screen", "big"], /write it as 1280x720/, 64],
  ];
  for (const [words, says, status] of cases) {
    const outcome = pack(words);
    assert.match(outcome.stderr, says, words.join(" "));
    assert.match(outcome.stderr, /^egg: [^\n]+\n$/, words.join(" "));
    assert.equal(outcome.status, status, words.join(" ") + outcome.stderr);
  }
});

test("egg pack names all missing tools and their packages at once", () => {
  const outcome = pack(["-k", image, "-o", "x.iso"], { PATH: folder });
  assert.match(
    outcome.stderr,
    /^egg: grub-mkimage, .*xorriso, mformat: not installed \(apt-get install .*xorriso mtools/,
  );
  assert.equal(outcome.status, 69);
});

test("a packed file is recognized as what it is, whatever its name", async () => {
  const { findTarget } = await import("../../../cli/image/target.ts");
  const kinds: [bytes: Buffer, format: string][] = [
    [Buffer.concat([Buffer.from("vhdxfile"), Buffer.alloc(4096)]), "vhdx"],
    [Buffer.concat([Buffer.alloc(4096), Buffer.from("conectix"), Buffer.alloc(504)]), "vpc"],
    [Buffer.concat([Buffer.from("KDMV"), Buffer.alloc(4096)]), "vmdk"],
    [Buffer.concat([Buffer.from("QFI\xfb", "latin1"), Buffer.alloc(4096)]), "qcow2"],
    [Buffer.concat([Buffer.alloc(510), Buffer.from([0x55, 0xaa]), Buffer.alloc(4096)]), "raw"],
  ];
  for (const [bytes, format] of kinds) {
    const path = join(folder, "some.file");
    writeFileSync(path, bytes);
    const target = findTarget(path);
    assert.equal(target.kind === "disk" ? target.format : target.kind, format);
  }
});
