// ELF64 for x86-64: System V gABI ("ELF-64 Object File Format"), x86-64 psABI, Linux include/uapi/linux/elf.h, auxvec.h.

@unmanaged
export class ElfHeader {
  magic: u32;
  fileClass: u8;
  dataEncoding: u8;
  identVersion: u8;
  osAbi: u8;
  padding: u64;
  type: u16;
  machine: u16;
  version: u32;
  entry: u64;
  programHeaderOffset: u64;
  sectionHeaderOffset: u64;
  flags: u32;
  headerSize: u16;
  programHeaderSize: u16;
  programHeaderCount: u16;
  sectionHeaderSize: u16;
  sectionHeaderCount: u16;
  sectionNameIndex: u16;
}
export const ELF_HEADER_SIZE: i32 = 64;

@unmanaged
export class ProgramHeader {
  type: u32;
  flags: u32;
  offset: u64;
  virtualAddress: u64;
  physicalAddress: u64;
  fileSize: u64;
  memorySize: u64;
  alignment: u64;
}
export const PROGRAM_HEADER_SIZE: i32 = 56;

/** "\x7fELF" */
export const ELF_MAGIC: u32 = 0x464c457f;
export const ELFCLASS64: u8 = 2;
export const ELFDATA2LSB: u8 = 1;
export const EV_CURRENT: u8 = 1;
export const ET_EXEC: u16 = 2;
export const ET_DYN: u16 = 3;
export const EM_X86_64: u16 = 62;

export const PT_LOAD: u32 = 1;
export const PT_INTERP: u32 = 3;
export const PT_PHDR: u32 = 6;
export const PT_GNU_STACK: u32 = 0x6474e551;
export const PF_X: u32 = 1;
export const PF_W: u32 = 2;
export const PF_R: u32 = 4;

export const AT_NULL: u64 = 0;
export const AT_PHDR: u64 = 3;
export const AT_PHENT: u64 = 4;
export const AT_PHNUM: u64 = 5;
export const AT_PAGESZ: u64 = 6;
export const AT_BASE: u64 = 7;
export const AT_FLAGS: u64 = 8;
export const AT_ENTRY: u64 = 9;
export const AT_UID: u64 = 11;
export const AT_EUID: u64 = 12;
export const AT_GID: u64 = 13;
export const AT_EGID: u64 = 14;
export const AT_PLATFORM: u64 = 15;
export const AT_HWCAP: u64 = 16;
export const AT_CLKTCK: u64 = 17;
export const AT_SECURE: u64 = 23;
export const AT_RANDOM: u64 = 25;
export const AT_HWCAP2: u64 = 26;
export const AT_RSEQ_FEATURE_SIZE: u64 = 27;
export const AT_RSEQ_ALIGN: u64 = 28;
export const AT_EXECFN: u64 = 31;
export const AT_SYSINFO_EHDR: u64 = 33;
export const AT_MINSIGSTKSZ: u64 = 51;
