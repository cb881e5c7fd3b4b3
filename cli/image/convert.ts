// A raw disk in the formats that clouds and virtual machines take. qemu-img writes them; what it makes up each time
// (identifiers, times) is set to what the contents give, so that equal contents give equal files.
//
//   qcow2   QEMU, OpenStack, Proxmox: as it comes
//   vmdk    VMware: the descriptor's content identifier
//   vhd     Azure, Hyper-V: fixed, a multiple of 1 MiB, a footer with time and identifier behind it
//   vhdx    Hyper-V: fixed; identifiers in two headers and in the metadata, an empty log

import { execFileSync } from "node:child_process";
import { closeSync, openSync, readSync, renameSync, statSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { EXIT_SOFTWARE, Failure } from "../failure.ts";
import { seededGuid } from "./gpt.ts";
import type { Tool } from "./tools.ts";

export const CONVERT_TOOLS: Tool[] = [{ command: "qemu-img", package: "qemu-utils" }];

export type ConvertedFormat = "qcow2" | "vmdk" | "vhd" | "vhdx";

const QEMU_FORMATS: Record<ConvertedFormat, string[]> = {
  qcow2: ["-O", "qcow2"],
  vmdk: ["-O", "vmdk"],
  vhd: ["-O", "vpc", "-o", "subformat=fixed,force_size=on"],
  vhdx: ["-O", "vhdx", "-o", "subformat=fixed"],
};

const KIB = 1024;
const MIB = KIB * KIB;

/** Change `length` bytes at `offset` of an open file. */
function change(file: number, offset: number, length: number, edit: (bytes: Buffer) => void): void {
  const bytes = Buffer.alloc(length);
  readSync(file, bytes, 0, length, offset);
  edit(bytes);
  writeSync(file, bytes, 0, length, offset);
}

function identifier(seed: string): Buffer {
  return Buffer.from(seededGuid(seed).replaceAll("-", ""), "hex");
}

/** VMware Virtual Disk Format 1.1, "Hosted Sparse Extents": the descriptor is a text in the file, zeros behind it. */
function settleVmdk(file: number, seed: string): void {
  let [start, size] = [0, 0];
  change(file, 0, 512, (header) => {
    start = Number(header.readBigUInt64LE(28)) * 512;
    size = Number(header.readBigUInt64LE(36)) * 512;
  });
  change(file, start, size, (descriptor) => {
    const name = identifier(seed).toString("hex", 0, 4);
    const text = descriptor.toString("latin1").replace(/^CID=[0-9a-f]+$/m, `CID=${name}`);
    descriptor.fill(0).write(text, "latin1");
  });
}

/** Microsoft Virtual Hard Disk Image Format Specification 1.0, "Hard Disk Footer Format": big-endian. */
function settleVhd(file: number, size: number, seed: string): void {
  change(file, size - 512, 512, (footer) => {
    footer.writeUInt32BE(0, 24); // time, in seconds since 2000
    identifier(seed).copy(footer, 68);
    footer.writeUInt32BE(0, 64);
    footer.writeUInt32BE(~footer.reduce((sum, byte) => sum + byte, 0) >>> 0, 64);
  });
}

/** CRC-32C (Castagnoli, RFC 3385), reflected. */
export function crc32c(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0x82f63b78 : 0);
  }
  return ~value >>> 0;
}

/** MS-VHDX §2.2.2 (headers), §2.3 (log), §2.6.2.6 (the disk's identifier), at the places where qemu-img puts them. */
function settleVhdx(file: number, seed: string): void {
  for (const sequence of [1, 2]) {
    change(file, 64 * KIB * sequence, 4 * KIB, (header) => {
      header.writeBigUInt64LE(BigInt(sequence), 8); // the higher one is in force; both say the same
      identifier(`${seed} file`).copy(header, 16);
      identifier(`${seed} data`).copy(header, 32);
      header.writeUInt32LE(0, 4);
      header.writeUInt32LE(crc32c(header), 4);
    });
  }
  // No log is in force when its identifier in the header is zero: what is in it counts for nothing.
  change(file, MIB, MIB, (log) => log.fill(0));
  const metadata = 3 * MIB;
  let at = -1;
  change(file, metadata, 64 * KIB, (table) => {
    for (let entry = 32; entry < 32 + table.readUInt16LE(10) * 32; entry += 32) {
      if (table.subarray(entry, entry + 4).equals(Buffer.from("ab12cabe", "hex"))) at = table.readUInt32LE(entry + 16);
    }
  });
  if (at >= 0) change(file, metadata + at, 16, (bytes) => identifier(`${seed} disk`).copy(bytes));
}

/** Make `output` of the raw disk `raw`. `seed` names the contents. */
export function convertDisk(raw: string, output: string, format: ConvertedFormat, seed: string): void {
  // The name stands in a VMDK.
  const made = join(dirname(raw), `eggos.${format}`);
  try {
    execFileSync("qemu-img", ["convert", "-f", "raw", ...QEMU_FORMATS[format], raw, made], {
      stdio: ["ignore", "ignore", "pipe"],
    });
  } catch (error) {
    const said = String((error as { stderr?: Buffer }).stderr ?? "").split("\n")[0] ?? "";
    throw new Failure(`qemu-img failed: ${said.replace(/^qemu-img: /, "")}`, { status: EXIT_SOFTWARE, cause: error });
  }
  const file = openSync(made, "r+");
  try {
    if (format === "vmdk") settleVmdk(file, seed);
    if (format === "vhd") settleVhd(file, statSync(made).size, seed);
    if (format === "vhdx") settleVhdx(file, seed);
  } finally {
    closeSync(file);
  }
  renameSync(made, output);
}
