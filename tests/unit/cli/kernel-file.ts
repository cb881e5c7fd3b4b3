// A file with what `egg` needs of a kernel (an ELF64 header, one segment, `image_root`), and no code that does anything.

const HEADER_OFFSET = 0x1008;

export function makeKernelFile(): Buffer {
  const file = Buffer.alloc(0x1200);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1], 0);
  file.writeUInt16LE(2, 16); // ET_EXEC
  file.writeUInt16LE(62, 18); // EM_X86_64
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(0x200000n, 24); // entry
  file.writeBigUInt64LE(64n, 32); // program headers
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt16LE(64, 58); // section header size, none of them
  file.writeUInt32LE(1, 64); // PT_LOAD
  file.writeUInt32LE(7, 68);
  file.writeBigUInt64LE(0x1000n, 72);
  file.writeBigUInt64LE(0x200000n, 80);
  file.writeBigUInt64LE(0x200000n, 88);
  file.writeBigUInt64LE(0x200n, 96);
  file.writeBigUInt64LE(0x4000n, 104);
  file.writeBigUInt64LE(0x1000n, 112);
  file.write("EGGSROOT", HEADER_OFFSET, "latin1");
  return file;
}
