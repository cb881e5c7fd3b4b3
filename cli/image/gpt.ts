// A GUID partition table (UEFI 2.10 §5.3) with a protective master boot record.
//
//   sector 0        boot code, protective MBR: one partition of kind 0xee over the whole disk
//   sector 1        header: where the rest is, checksums
//   sectors 2–33    128 entries of 128 bytes
//   …               partitions
//   last 33         the same entries and header once more, the header last

import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Piece } from "./pieces.ts";

export const SECTOR = 512;
const ENTRIES = 128;
const ENTRY_SIZE = 128;
const TABLE_SECTORS = (ENTRIES * ENTRY_SIZE) / SECTOR;
/** Sectors at either end that no partition may use, the first one's boot record included. */
export const RESERVED_START = 2 + TABLE_SECTORS;
export const RESERVED_END = 1 + TABLE_SECTORS;

export const BIOS_BOOT = "21686148-6449-6e6f-744e-656564454649";
export const EFI_SYSTEM = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";

export interface Partition {
  type: string;
  name: string;
  firstSector: number;
  sectors: number;
}

/** A GUID as the table stores it: the first three groups low byte first. */
function guidBytes(guid: string): Buffer {
  const bytes = Buffer.from(guid.replaceAll("-", ""), "hex");
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

/** A GUID made of a seed: the same seed, the same GUID (RFC 9562 §5.8, version 8). */
export function seededGuid(seed: string): string {
  const bytes = createHash("sha256").update(seed).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function entries(partitions: Partition[], seed: string): Buffer {
  const table = Buffer.alloc(ENTRIES * ENTRY_SIZE);
  partitions.forEach((partition, index) => {
    const at = index * ENTRY_SIZE;
    guidBytes(partition.type).copy(table, at);
    guidBytes(seededGuid(`${seed} partition ${index}`)).copy(table, at + 16);
    table.writeBigUInt64LE(BigInt(partition.firstSector), at + 32);
    table.writeBigUInt64LE(BigInt(partition.firstSector + partition.sectors - 1), at + 40);
    table.write(partition.name, at + 56, 72, "utf16le");
  });
  return table;
}

function header(table: Buffer, sectors: number, seed: string, isBackup: boolean): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  bytes.write("EFI PART", 0, "latin1");
  bytes.writeUInt32LE(0x00010000, 8);
  bytes.writeUInt32LE(92, 12);
  bytes.writeBigUInt64LE(BigInt(isBackup ? sectors - 1 : 1), 24);
  bytes.writeBigUInt64LE(BigInt(isBackup ? 1 : sectors - 1), 32);
  bytes.writeBigUInt64LE(BigInt(RESERVED_START), 40);
  bytes.writeBigUInt64LE(BigInt(sectors - RESERVED_END - 1), 48);
  guidBytes(seededGuid(`${seed} disk`)).copy(bytes, 56);
  bytes.writeBigUInt64LE(BigInt(isBackup ? sectors - RESERVED_END : 2), 72);
  bytes.writeUInt32LE(ENTRIES, 80);
  bytes.writeUInt32LE(ENTRY_SIZE, 84);
  bytes.writeUInt32LE(crc32(table), 88);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 92)), 16);
  return bytes;
}

/** The protective partition; its end as cylinder, head and sector is "beyond what these can say". */
function protectiveEntry(sectors: number): Buffer {
  const entry = Buffer.from([0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0]);
  entry.writeUInt32LE(Math.min(sectors - 1, 0xffffffff), 12);
  return entry;
}

/** Boot record, table and its copy for a disk of that many sectors. `bootCode` is a whole first sector. */
export function gptPieces(sectors: number, partitions: Partition[], bootCode: Buffer, seed: string): Piece[] {
  const table = entries(partitions, seed);
  const record = Buffer.from(bootCode.subarray(0, SECTOR));
  record.fill(0, 440, 510);
  protectiveEntry(sectors).copy(record, 446);
  record.writeUInt16LE(0xaa55, 510);
  return [
    { offset: 0, bytes: record },
    { offset: SECTOR, bytes: header(table, sectors, seed, false) },
    { offset: 2 * SECTOR, bytes: table },
    { offset: (sectors - RESERVED_END) * SECTOR, bytes: table },
    { offset: (sectors - 1) * SECTOR, bytes: header(table, sectors, seed, true) },
  ];
}
