// EROFS on-disk layout, as far as it is used here: Linux fs/erofs/erofs_fs.h, Documentation/filesystems/erofs.rst.
//
//   byte 1024   superblock
//   meta_blkaddr * 4096 + nid * 32   inode `nid`: 32 (compact) or 64 bytes (extended), extended attributes, then for
//                                    FLAT_INLINE the file's tail, for CHUNK_BASED the chunk table
//   directory block   dirents { nid u64, nameoff u16, type u8, reserved u8 } sorted by name, then the names; the first
//                     nameoff tells how many dirents there are

export const SUPER_OFFSET: u64 = 1024;
export const SUPER_MAGIC: u32 = 0xe0f5e1e2;
export const SUPER_SIZE: u64 = 128;

// Superblock fields.
export const SB_MAGIC: u64 = 0;
export const SB_BLOCK_BITS: u64 = 12;
export const SB_ROOT_NID: u64 = 14;
export const SB_INODES: u64 = 16;
export const SB_BUILD_TIME: u64 = 24;
export const SB_BUILD_TIME_NS: u64 = 32;
export const SB_BLOCKS: u64 = 36;
export const SB_META_BLOCK: u64 = 40;
export const SB_FEATURE_INCOMPAT: u64 = 80;

/** LZ4_0PADDING says how compressed blocks are padded, which concerns no uncompressed file. */
export const FEATURE_ZERO_PADDING: u32 = 0x1;
export const FEATURE_CHUNKED_FILE: u32 = 0x4;
export const KNOWN_FEATURES: u32 = FEATURE_ZERO_PADDING | FEATURE_CHUNKED_FILE;

export const BLOCK_BITS: u32 = 12;
export const BLOCK_SIZE: u64 = 4096;
export const NID_SHIFT: u64 = 5;

// Inode fields common to both forms.
export const I_FORMAT: u64 = 0;
export const I_XATTR_COUNT: u64 = 2;
export const I_MODE: u64 = 4;
export const I_UNION: u64 = 16;
export const I_NUMBER: u64 = 20;
// Compact form.
export const COMPACT_SIZE: u64 = 32;
export const IC_LINKS: u64 = 6;
export const IC_SIZE: u64 = 8;
export const IC_USER: u64 = 24;
export const IC_GROUP: u64 = 26;
// Extended form.
export const EXTENDED_SIZE: u64 = 64;
export const IX_SIZE: u64 = 8;
export const IX_USER: u64 = 24;
export const IX_GROUP: u64 = 28;
export const IX_MTIME: u64 = 32;
export const IX_MTIME_NS: u64 = 40;
export const IX_LINKS: u64 = 44;

export const LAYOUT_FLAT_PLAIN: u32 = 0;
export const LAYOUT_FLAT_INLINE: u32 = 2;
export const LAYOUT_CHUNK_BASED: u32 = 4;

/** Chunk format in i_u: log2 of blocks per chunk, and whether entries are 8-byte indexes. */
export const CHUNK_BITS_MASK: u32 = 0x1f;
export const CHUNK_HAS_INDEXES: u32 = 0x20;
export const CHUNK_KNOWN_BITS: u32 = 0x3f;
export const NULL_BLOCK: u32 = 0xffffffff;

export const DIRENT_SIZE: u64 = 12;
export const DIRENT_NAME_OFFSET: u64 = 8;
export const DIRENT_TYPE: u64 = 10;
