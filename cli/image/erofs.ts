// The root file system image: EROFS, uncompressed, every file on its own 4096-byte blocks, so that the
// kernel maps file pages into programs where they lie.
//
//   block 0      superblock at byte 1024
//   data         the files, in the order given; a file that comes first keeps its place when others change
//   inodes       32-byte slots, the root's first; a symbolic link's target follows its inode
//   directories  blocks of entries
//
// Spec: docs.kernel.org/filesystems/erofs.html and Linux fs/erofs/erofs_fs.h. erofs-utils (fsck.erofs, dump.erofs)
// and Linux read the result.

import type { Image, Piece } from "./pieces.ts";

export const BLOCK = 4096;
const SUPERBLOCK_OFFSET = 1024;
const MAGIC = 0xe0f5e1e2;
const SLOT = 32;
/** Every file's time, the same in every image: 1 January 2000. ZIP cannot say the time 0, and servers take it for none. */
const FILE_TIME_SECONDS = 946_684_800n;
/** The root's inode slot. Slots are inode numbers, and readdir of C libraries passes over number 0. */
const ROOT_SLOT = 1;
const LAYOUT_PLAIN = 0;
const LAYOUT_INLINE = 2;
const FEATURE_COMPAT_SB_CHKSUM = 1;

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
/** Directory entry types, erofs_fs.h EROFS_FT_*. */
const FT_REGULAR = 1;
const FT_DIRECTORY = 2;
const FT_SYMLINK = 7;

export type Content = { bytes: Uint8Array } | { path: string; size: number };

export type Entry = {
  /** Absolute path in the image, without a trailing slash. Missing parent directories are made. */
  path: string;
} & (
  | { kind: "file"; mode: number; content: Content }
  | { kind: "directory"; mode: number }
  | { kind: "symlink"; target: string }
);

interface Node {
  mode: number;
  children: Map<string, Node> | undefined;
  content: Content | undefined;
  target: Buffer | undefined;
  links: number;
  number: number;
  /** Inode slot number, relative to the metadata area. */
  slot: number;
  dataBlock: number;
}

function makeNode(mode: number): Node {
  return {
    mode,
    children: undefined,
    content: undefined,
    target: undefined,
    links: 1,
    number: 0,
    slot: 0,
    dataBlock: 0,
  };
}

function makeDirectory(mode: number): Node {
  return { ...makeNode(S_IFDIR | mode), children: new Map(), links: 2 };
}

export function contentSize(content: Content): number {
  return "bytes" in content ? content.bytes.length : content.size;
}

/** Build the tree; a later entry of the same path replaces an earlier file or link, a directory takes the later mode. */
function buildTree(entries: Entry[]): { root: Node; files: Node[] } {
  const root = makeDirectory(0o755);
  const files = new Set<Node>();
  for (const entry of entries) {
    const names = entry.path.split("/").filter((name) => name !== "");
    const last = names.pop();
    if (last === undefined) {
      if (entry.kind === "directory") root.mode = S_IFDIR | entry.mode;
      continue;
    }
    let parent = root;
    for (const name of names) parent = childDirectory(parent, name, entry.path);
    const old = parent.children?.get(last);
    if (entry.kind === "directory") {
      if (old?.children) old.mode = S_IFDIR | entry.mode;
      else addChild(parent, last, makeDirectory(entry.mode));
      continue;
    }
    if (old?.children) throw new Error(`${entry.path} is a directory and a file`);
    if (old) files.delete(old);
    const node = makeNode(entry.kind === "file" ? S_IFREG | entry.mode : S_IFLNK | 0o777);
    if (entry.kind === "file") {
      node.content = entry.content;
      files.add(node);
    } else {
      node.target = Buffer.from(entry.target);
    }
    parent.children?.set(last, node);
  }
  return { root, files: [...files] };
}

function addChild(parent: Node, name: string, child: Node): Node {
  parent.children?.set(name, child);
  parent.links++;
  return child;
}

function childDirectory(parent: Node, name: string, path: string): Node {
  const child = parent.children?.get(name);
  if (child === undefined) return addChild(parent, name, makeDirectory(0o755));
  if (!child.children) throw new Error(`${path}: "${name}" on the way is no directory`);
  return child;
}

function blocksOf(bytes: number): number {
  return Math.ceil(bytes / BLOCK);
}

/** All nodes, parents before children, children in byte order of their names. */
function walk(root: Node): Node[] {
  const nodes: Node[] = [];
  const visit = (node: Node): void => {
    nodes.push(node);
    if (!node.children) return;
    node.children = new Map([...node.children].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    for (const child of node.children.values()) visit(child);
  };
  visit(root);
  return nodes;
}

interface NamedNode {
  name: Buffer;
  node: Node;
}

/** Spread a directory's names over blocks: 12 bytes and the name for each; none is split. */
function directoryBlocks(node: Node, parent: Node): NamedNode[][] {
  const names: NamedNode[] = [
    { name: Buffer.from("."), node },
    { name: Buffer.from(".."), node: parent },
  ];
  for (const [name, child] of node.children ?? []) names.push({ name: Buffer.from(name), node: child });
  names.sort((a, b) => Buffer.compare(a.name, b.name));
  const blocks: NamedNode[][] = [[]];
  let used = 0;
  for (const entry of names) {
    const size = 12 + entry.name.length;
    if (used + size > BLOCK) {
      blocks.push([]);
      used = 0;
    }
    blocks.at(-1)?.push(entry);
    used += size;
  }
  return blocks;
}

function directorySize(blocks: NamedNode[][]): number {
  const last = blocks.at(-1) ?? [];
  return (blocks.length - 1) * BLOCK + last.reduce((sum, entry) => sum + 12 + entry.name.length, 0);
}

function fileType(node: Node): number {
  if (node.children) return FT_DIRECTORY;
  return node.target ? FT_SYMLINK : FT_REGULAR;
}

function encodeDirectory(blocks: NamedNode[][]): Buffer {
  const out = Buffer.alloc(blocks.length * BLOCK);
  blocks.forEach((entries, index) => {
    const block = out.subarray(index * BLOCK, (index + 1) * BLOCK);
    let nameOffset = entries.length * 12;
    entries.forEach((entry, position) => {
      const at = position * 12;
      block.writeBigUInt64LE(BigInt(entry.node.slot), at);
      block.writeUInt16LE(nameOffset, at + 8);
      block.writeUInt8(fileType(entry.node), at + 10);
      entry.name.copy(block, nameOffset);
      nameOffset += entry.name.length;
    });
  });
  return out;
}

/** struct erofs_inode_compact. */
function encodeInode(out: Buffer, at: number, node: Node, layout: number, size: number): void {
  out.writeUInt16LE(layout << 1, at);
  out.writeUInt16LE(node.mode, at + 4);
  out.writeUInt16LE(Math.min(node.links, 0xffff), at + 6);
  out.writeUInt32LE(size, at + 8);
  out.writeUInt32LE(node.dataBlock, at + 16);
  out.writeUInt32LE(node.number, at + 20);
}

/** CRC-32C without the final inversion, as erofs computes it. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return crc >>> 0;
}

function encodeSuperblock(totals: { inodes: number; blocks: number; metaBlock: number }): Buffer {
  const block = Buffer.alloc(BLOCK);
  const at = SUPERBLOCK_OFFSET;
  block.writeUInt32LE(MAGIC, at);
  block.writeUInt32LE(FEATURE_COMPAT_SB_CHKSUM, at + 8);
  block.writeUInt8(Math.log2(BLOCK), at + 12);
  block.writeUInt16LE(ROOT_SLOT, at + 14);
  block.writeBigUInt64LE(BigInt(totals.inodes), at + 16);
  block.writeBigUInt64LE(FILE_TIME_SECONDS, at + 24);
  block.writeUInt32LE(totals.blocks, at + 36);
  block.writeUInt32LE(totals.metaBlock, at + 40);
  block.write("eggos", at + 64, "latin1");
  block.writeUInt32LE(crc32c(block.subarray(at)), at + 4);
  return block;
}

export interface ErofsOptions {
  /** The first so many files' data lies in a file image already (see pieces.ts `writeImage`): place it, but return no pieces for it. */
  filesInPlace?: number;
  /** Entries with the same host file get one copy of its data. */
  shareData?: boolean;
}

/** Data blocks of the files alone: where the first `count` files of `entries` end, in blocks. */
export function dataEndBlock(entries: Entry[]): number {
  let block = 1;
  for (const node of buildTree(entries).files)
    block += blocksOf(contentSize(node.content ?? { bytes: new Uint8Array() }));
  return block;
}

/** The image of a root file system holding `entries`. */
export function erofsImage(entries: Entry[], options: ErofsOptions = {}): Image {
  const { root, files } = buildTree(entries);
  const pieces: Piece[] = [];
  let block = 1;
  /** Where a host file's data lies: names of one file share it. */
  const placed = new Map<string, number>();
  files.forEach((node, index) => {
    const content = node.content ?? { bytes: new Uint8Array() };
    const size = contentSize(content);
    const shared = "path" in content && options.shareData ? placed.get(content.path) : undefined;
    if (shared !== undefined) {
      node.dataBlock = shared;
      return;
    }
    if ("path" in content && size > 0) placed.set(content.path, block);
    if (size > 0xffffffff) throw new Error("a file in the image is 4 GiB or larger");
    node.dataBlock = size === 0 ? 0 : block;
    const offset = block * BLOCK;
    block += blocksOf(size);
    if (index < (options.filesInPlace ?? 0) || size === 0) return;
    pieces.push("bytes" in content ? { offset, bytes: content.bytes } : { offset, path: content.path, length: size });
  });
  const nodes = walk(root);
  const metaBlock = block;
  placeInodes(nodes);
  const lastSlots = nodes.reduce((end, node) => Math.max(end, node.slot * SLOT + SLOT + (node.target?.length ?? 0)), 0);
  const inodes = Buffer.alloc(blocksOf(lastSlots) * BLOCK);
  block += inodes.length / BLOCK;
  pieces.push({ offset: metaBlock * BLOCK, bytes: inodes });
  const writeDirectories = (node: Node, parent: Node): void => {
    const blocks = directoryBlocks(node, parent);
    node.dataBlock = block;
    pieces.push({ offset: block * BLOCK, bytes: encodeDirectory(blocks) });
    block += blocks.length;
    encodeInode(inodes, node.slot * SLOT, node, LAYOUT_PLAIN, directorySize(blocks));
    for (const child of node.children?.values() ?? []) {
      if (child.children) writeDirectories(child, node);
      else if (child.target) {
        encodeInode(inodes, child.slot * SLOT, child, LAYOUT_INLINE, child.target.length);
        child.target.copy(inodes, child.slot * SLOT + SLOT);
      } else {
        encodeInode(
          inodes,
          child.slot * SLOT,
          child,
          LAYOUT_PLAIN,
          contentSize(child.content ?? { bytes: new Uint8Array() }),
        );
      }
    }
  };
  writeDirectories(root, root);
  pieces.push({ offset: 0, bytes: encodeSuperblock({ inodes: nodes.length, blocks: block, metaBlock }) });
  return { size: block * BLOCK, pieces };
}

/** Give every node an inode slot; an inode and the link target behind it stay within one block. */
function placeInodes(nodes: Node[]): void {
  let at = ROOT_SLOT * SLOT;
  nodes.forEach((node, index) => {
    const need = SLOT + (node.target?.length ?? 0);
    if (need > BLOCK) throw new Error("a symbolic link's target is too long");
    if (Math.floor(at / BLOCK) !== Math.floor((at + need - 1) / BLOCK)) at = Math.ceil(at / BLOCK) * BLOCK;
    node.slot = at / SLOT;
    node.number = index + 1;
    at = Math.ceil((at + need) / SLOT) * SLOT;
  });
}
