// Media that machines boot from, made of a kernel and a root image: a disc (ISO 9660, hybrid) and a disk.
//
//   disc   xorriso's work: BIOS by El Torito and by a boot record (a USB stick), UEFI by El Torito and a partition
//   disk   BIOS and UEFI too:
//            sector 0          GRUB's first sector, in a GPT's protective boot record
//            sector 40         BIOS boot partition: GRUB's core
//            1 MiB             EFI system partition (FAT32): GRUB's application, and everything else
//            end               the GPT's copy; the whole is a multiple of 1 MiB
//
// Equal contents give equal bytes: times are fixed, identifiers are made of the contents.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { EXIT_SOFTWARE, Failure, asRefusal } from "../failure.ts";
import { type BootParts, rootImage } from "./boot-parts.ts";
import { BIOS_BOOT, EFI_SYSTEM, gptPieces, type Partition, RESERVED_START, SECTOR } from "./gpt.ts";
import { biosFile, GRUB_TOOLS, grubScript, makeCore, type ScreenMode } from "./grub.ts";
import { writeImage } from "./pieces.ts";
import type { Tool } from "./tools.ts";

const MIB = 1 << 20;
/** 2000-01-01, the time of every file. */
const EPOCH_SECONDS = 946_684_800;
const TIME_ENVIRONMENT = { TZ: "UTC", LC_ALL: "C", SOURCE_DATE_EPOCH: String(EPOCH_SECONDS), MTOOLS_SKIP_CHECK: "1" };
/** Where the core for BIOS machines begins, behind the partition table; 4 KiB aligned. */
const CORE_SECTOR = 40;
const SYSTEM_SECTOR = MIB / SECTOR;
/** Fewer clusters make a FAT that is not FAT32 (Microsoft FAT specification 1.03); with some to spare. */
const LEAST_CLUSTERS = 66_000;
/** For tables and folders, beside the files' own part of 1 in 64. */
const FAT_EXTRA = 2 * MIB;

export const DISC_TOOLS: Tool[] = [
  ...GRUB_TOOLS,
  { command: "xorriso", package: "xorriso" },
  { command: "mformat", package: "mtools" },
];
export const DISK_TOOLS: Tool[] = [...GRUB_TOOLS, { command: "mformat", package: "mtools" }];

export interface MediaOptions {
  name: string;
  leastMemoryMiB: number;
  mode: ScreenMode | undefined;
  /** Words for the kernel, on the loader's command line. */
  commandLine: string;
  /** A folder for what is made on the way. */
  work: string;
  show(detail: string): void;
}

interface Contents {
  /** The folder with everything as it is on the medium. */
  tree: string;
  files: string[];
  /** Names the contents. */
  key: string;
  bytes: number;
}

function runTool(command: string, args: string[]): void {
  try {
    execFileSync(command, args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...TIME_ENVIRONMENT },
      maxBuffer: 64 * MIB,
    });
  } catch (error) {
    const lines = String((error as { stderr?: Buffer }).stderr ?? "").split("\n");
    const line =
      lines.find((one) => /fail|sorry|error|full|no space/i.test(one)) ?? lines.find((one) => one !== "") ?? "";
    if (/no space|disk full|ENOSPC/i.test(lines.join("\n"))) {
      throw new Failure("no space left on the disk", {
        advice: "TMPDIR names another place for what is made on the way",
        status: EXIT_SOFTWARE,
      });
    }
    throw asRefusal(error) ?? new Failure(`${command} failed: ${line.trim()}`, { status: EXIT_SOFTWARE, cause: error });
  }
}

async function keyOf(parts: BootParts, script: string): Promise<string> {
  const hash = createHash("sha256").update(parts.kernel).update(script);
  const { path, offset, size } = parts.root;
  if (size > 0) {
    for await (const chunk of createReadStream(path, { start: offset, end: offset + size - 1 })) hash.update(chunk);
  }
  return hash.digest("hex").slice(0, 16);
}

/** Lay out the medium's files in a folder. */
async function layOut(parts: BootParts, options: MediaOptions): Promise<Contents> {
  const script = grubScript(options);
  const key = await keyOf(parts, script);
  const tree = join(options.work, "tree");
  const mark = `/boot/${key}.id`;
  const put = (path: string, write: (path: string) => void): string => {
    const at = join(tree, path);
    mkdirSync(dirname(at), { recursive: true });
    write(at);
    return path;
  };
  options.show("GRUB");
  const files = [
    put("EFI/BOOT/BOOTX64.EFI", (path) => makeCore("x86_64-efi", path, mark, options.work)),
    put("boot/grub/grub.cfg", (path) => writeFileSync(path, script)),
    put(mark.slice(1), (path) => writeFileSync(path, `${key}\n`)),
    put("boot/eggos.elf", (path) => writeFileSync(path, parts.kernel)),
    put("boot/root.img", (path) => writeImage(path, rootImage(parts))),
  ];
  const bytes = files.reduce((sum, path) => sum + statSync(join(tree, path)).size, 0);
  return { tree, files, key, bytes };
}

function settleTimes(tree: string, files: string[]): void {
  for (const file of files) utimesSync(join(tree, file), EPOCH_SECONDS, EPOCH_SECONDS);
}

/** Make a FAT file system at `offset` of a file, with these files of `tree`. `format` is mformat's. */
function makeFat(image: string, format: string[], tree: string, files: string[], key: string): void {
  runTool("mformat", ["-i", image, "-v", "EGGOS", "-N", key.slice(0, 8), ...format, "::"]);
  const folders = new Set<string>();
  for (const file of files) {
    const names = file.split("/").slice(0, -1);
    for (let depth = 1; depth <= names.length; depth++) folders.add(names.slice(0, depth).join("/"));
  }
  runTool("mmd", ["-i", image, ...[...folders].sort().map((folder) => `::/${folder}`)]);
  for (const file of files) runTool("mcopy", ["-i", image, "-m", join(tree, file), `::/${file}`]);
}

/** Make a hybrid disc image. Returns a name for its contents. */
export async function makeDisc(output: string, parts: BootParts, options: MediaOptions): Promise<string> {
  const { tree, files, key } = await layOut(parts, options);
  const mark = `/boot/${key}.id`;
  const eltorito = "boot/grub/eltorito.img";
  makeCore("i386-pc-eltorito", join(tree, eltorito), mark, options.work);
  settleTimes(tree, [...files, eltorito]);
  const system = "boot/grub/efi.img";
  const application = statSync(join(tree, "EFI/BOOT/BOOTX64.EFI")).size;
  const sectors = Math.ceil((application + 256 * 1024) / SECTOR / 64) * 64;
  makeFat(
    join(tree, system),
    ["-C", "-T", String(sectors), "-h", "2", "-s", "32"],
    tree,
    ["EFI/BOOT/BOOTX64.EFI"],
    key,
  );
  settleTimes(tree, [system, "EFI/BOOT", "EFI", "boot/grub", "boot", ""]);
  options.show("disc");
  const boot = ["-b", eltorito, "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", "--grub2-boot-info"];
  const hybrid = ["--grub2-mbr", join(options.work, "hybrid.img")];
  const efi = ["--efi-boot", system, "-efi-boot-part", "--efi-boot-image", "--protective-msdos-label"];
  writeFileSync(join(options.work, "hybrid.img"), biosFile("boot_hybrid.img"));
  const date = "2000010100000000";
  runTool("xorriso", [
    ...["-as", "mkisofs", "-quiet", "-iso-level", "3", "-r", "-V", "EGGOS", "-graft-points"],
    `--modification-date=${date}`,
    ...boot,
    ...hybrid,
    ...efi,
    ...["-o", output, tree],
  ]);
  return key;
}

/** The largest cluster that still makes a FAT32 of a partition of that many sectors. */
function clusterSectors(sectors: number): number {
  let size = 8;
  while (size > 1 && sectors / size < LEAST_CLUSTERS) size /= 2;
  return size;
}

/** GRUB's first sector and core for a BIOS, told where the core lies (GRUB 2, boot.h and util/setup.c). */
function biosBoot(core: Buffer): { first: Buffer; core: Buffer } {
  const first = Buffer.from(biosFile("boot.img"));
  first.writeBigUInt64LE(BigInt(CORE_SECTOR), 0x5c); // GRUB_BOOT_MACHINE_KERNEL_SECTOR
  first.fill(0x90, 0x66, 0x68); // GRUB_BOOT_MACHINE_DRIVE_CHECK: a disk, whatever number a BIOS gives
  const padded = Buffer.alloc(Math.ceil(core.length / SECTOR) * SECTOR);
  core.copy(padded);
  const list = SECTOR - 12; // the last block-list entry of the core's first sector: the rest of the core
  padded.writeBigUInt64LE(BigInt(CORE_SECTOR + 1), list);
  padded.writeUInt16LE(padded.length / SECTOR - 1, list + 8);
  padded.writeUInt16LE(0x820, list + 10);
  return { first, core: padded };
}

/** Make a raw disk image. Returns a name for its contents. */
export async function makeDisk(output: string, parts: BootParts, options: MediaOptions): Promise<string> {
  const { tree, files, key, bytes } = await layOut(parts, options);
  const corePath = join(options.work, "core.img");
  makeCore("i386-pc", corePath, `/boot/${key}.id`, options.work);
  const { first, core } = biosBoot(readFileSync(corePath));
  const coreSectors = SYSTEM_SECTOR - CORE_SECTOR;
  if (core.length / SECTOR > coreSectors) throw new Failure("GRUB's core is too large", { status: EXIT_SOFTWARE });
  settleTimes(tree, files);
  const wanted = Math.max(bytes + Math.ceil(bytes / 64) + FAT_EXTRA, (LEAST_CLUSTERS + 2_000) * SECTOR);
  const size = Math.ceil(wanted / MIB) * MIB + 2 * MIB;
  const sectors = size / SECTOR;
  const systemSectors = sectors - SYSTEM_SECTOR - MIB / SECTOR;
  const partitions: Partition[] = [
    { type: BIOS_BOOT, name: "BIOS boot", firstSector: CORE_SECTOR, sectors: coreSectors },
    { type: EFI_SYSTEM, name: "EFI system", firstSector: SYSTEM_SECTOR, sectors: systemSectors },
  ];
  if (CORE_SECTOR < RESERVED_START) throw new Error("the core would lie in the partition table");
  writeImage(output, {
    size,
    pieces: [...gptPieces(sectors, partitions, first, key), { offset: CORE_SECTOR * SECTOR, bytes: core }],
  });
  options.show("EFI system partition");
  const geometry = ["-T", String(systemSectors), "-h", "255", "-s", "63", "-H", String(SYSTEM_SECTOR)];
  const kind = ["-F", "-c", String(clusterSectors(systemSectors))];
  makeFat(`${output}@@${SYSTEM_SECTOR * SECTOR}`, [...geometry, ...kind], tree, files, key);
  return key;
}
