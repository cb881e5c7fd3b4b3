// File systems: a kind that mount(2) finds by name, and the tree that a mount of it shows.
//
//   class NotesKind extends FileSystemKind {
//     get name(): string { return "notes"; }
//     mount(_source: StaticArray<u8>, _options: StaticArray<u8>): Folder | null {
//       let top = new Folder();
//       top.add("readme", new Content("text"));
//       return top;
//     }
//   }
//   fileSystems.register(new NotesKind());

import { bytesAddress } from "memory/address";
import { DT_DIR, DT_REG } from "../abi/dirent";
import { EEXIST, EINVAL, ENOENT, ENOTEMPTY, EPERM, EROFS } from "../abi/errno";
import { O_APPEND } from "../abi/fcntl";
import { Text } from "../lib/text";
import { IoVector } from "../memory/io-vector";
import * as clock from "../sched/clock";
import { anonymousDevice } from "../fs/tmpfs/tmpfs";
import { DirectoryFile } from "../vfs/directory-file";
import { DirectorySink } from "../vfs/directory-sink";
import { File } from "../vfs/file";
import { FileSystem } from "../vfs/file-system";
import { failMount, FileSystemType, registerFileSystem } from "../vfs/file-system-types";

import { failOpen, Inode, S_IFDIR, S_IFREG } from "../vfs/inode";
import { Buffer } from "./buffer";

/** What f_type says (man 2 statfs) of a file system that has no number of its own. */
const UNKNOWN_MAGIC: u64 = 0x65676721;

/** A file or a folder. */
export abstract class Node {
  /** Permission bits. */
  permissions: u32 = 0o644;
  /** The kernel's side of it. */
  inode: NodeInode | null = null;
}

/** A file with content. */
export class Content extends Node {
  /** Bytes of content now. */
  get length(): u64 {
    return 0;
  }

  /** Give the program bytes from `offset` on, which lies inside; how many, or a negative errno. */
  read(_buffer: Buffer, _offset: u64): i64 {
    return -EINVAL;
  }

  /** Take the program's bytes at `offset`; how many, or a negative errno. */
  write(_buffer: Buffer, _offset: u64): i64 {
    return -EROFS;
  }

  /** Cut or grow to `length`. 0 or a negative errno. */
  truncate(_length: u64): i32 {
    return -EROFS;
  }
}

/** A folder with the nodes that were added. */
export class Folder extends Node {
  private names: Array<StaticArray<u8>> = [] as StaticArray<u8>[];
  private nodes: Array<Node> = [] as Node[];

  constructor() {
    super();
    this.permissions = 0o755;
  }

  get count(): i32 {
    return this.nodes.length;
  }

  /** The node that was added as the `index`th. */
  nodeAt(index: i32): Node {
    return this.nodes[index];
  }

  nameAt(index: i32): StaticArray<u8> {
    return this.names[index];
  }

  /** The place of a name; -1 when there is none. */
  indexOf(name: StaticArray<u8>): i32 {
    for (let i = 0; i < this.names.length; i++) {
      let own = this.names[i];
      let isSame = own.length == name.length;
      for (let j = 0; isSame && j < own.length; j++) isSame = own[j] == name[j];
      if (isSame) return i;
    }
    return -1;
  }

  /** Add a node; false when the name is taken. */
  add(name: string, node: Node): bool {
    let text = new Text(name.length * 3).string(name);
    return this.addBytes(StaticArray.slice<u8>(text.bytes, 0, text.length), node);
  }

  addBytes(name: StaticArray<u8>, node: Node): bool {
    if (name.length == 0 || this.indexOf(name) >= 0) return false;
    this.names.push(name);
    this.nodes.push(node);
    return true;
  }

  /** Take a node away; false when there is no such name. */
  removeName(name: StaticArray<u8>): bool {
    let index = this.indexOf(name);
    if (index < 0) return false;
    this.names.splice(index, 1);
    this.nodes.splice(index, 1);
    return true;
  }

  /** A program makes a file: the node for it, which is added; null to refuse. */
  create(_name: StaticArray<u8>): Content | null {
    return null;
  }

  /** A program makes a folder: as `create`. */
  makeFolder(_name: StaticArray<u8>): Folder | null {
    return null;
  }

  /** A program removes a name: whether it may. It is taken away then. */
  mayRemove(_name: StaticArray<u8>): bool {
    return false;
  }
}

/** A kind of file system. */
export abstract class FileSystemKind {
  /** As mount(2) names it. */
  abstract get name(): string;

  /** A new tree for a mount of `source` with `options`; null for -EINVAL. */
  abstract mount(source: StaticArray<u8>, options: StaticArray<u8>): Folder | null;
}

class ModuleType extends FileSystemType {
  constructor(private readonly fileSystemKind: FileSystemKind) {
    super();
  }

  override get name(): string {
    return this.fileSystemKind.name;
  }

  override get isMountable(): bool {
    return true;
  }

  override create(source: StaticArray<u8>, options: StaticArray<u8>): FileSystem | null {
    let top = this.fileSystemKind.mount(source, options);
    if (top !== null) return new ModuleFileSystem(this.fileSystemKind, top);
    failMount(-EINVAL);
    return null;
  }
}

class ModuleFileSystem extends FileSystem {
  private lastNumber: u64 = 0;
  private top: NodeInode | null = null;

  constructor(
    private readonly fileSystemKind: FileSystemKind,
    top: Folder,
  ) {
    super();
    this.device = anonymousDevice();
    this.top = this.inodeOf(top);
  }

  override get kind(): string {
    return this.fileSystemKind.name;
  }

  override get magic(): u64 {
    return UNKNOWN_MAGIC;
  }

  override root(): Inode | null {
    return this.top;
  }

  /** The one inode of a node. */
  inodeOf(node: Node): NodeInode {
    let inode = node.inode;
    if (inode === null || inode.fileSystem !== this) {
      inode = new NodeInode(this, node, ++this.lastNumber);
      node.inode = inode;
    }
    return inode;
  }
}

class NodeInode extends Inode {
  constructor(
    private readonly tree: ModuleFileSystem,
    readonly node: Node,
    number: u64,
  ) {
    super(tree);
    this.number = number;
    this.mode = (node instanceof Folder ? S_IFDIR : S_IFREG) | (node.permissions & 0o7777);
    this.linkCount = node instanceof Folder ? 2 : 1;
    let nowNs = <i64>clock.wallNs();
    this.accessNs = nowNs;
    this.modifyNs = nowNs;
    this.changeNs = nowNs;
    this.noteLength();
  }

  /** st_size follows the content. */
  noteLength(): void {
    let node = this.node;
    if (node instanceof Content) this.size = (node as Content).length;
  }

  override get keepsNames(): bool {
    return false;
  }

  override open(_flags: u32): File | null {
    if (this.node instanceof Folder) return new DirectoryFile();
    return new NodeFile(this, this.node as Content);
  }

  override lookup(name: StaticArray<u8>, length: i32): Inode | null {
    let folder = this.node as Folder;
    let index = folder.indexOf(StaticArray.slice<u8>(name, 0, length));
    if (index < 0) {
      failOpen(-ENOENT);
      return null;
    }
    let inode = this.tree.inodeOf(folder.nodeAt(index));
    inode.noteLength();
    return inode;
  }

  override readNames(sink: DirectorySink, position: u64): i32 {
    let folder = this.node as Folder;
    for (let i = <i32>min(position, <u64>folder.count); i < folder.count; i++) {
      let name = folder.nameAt(i);
      let inode = this.tree.inodeOf(folder.nodeAt(i));
      let type = inode.isDirectory ? DT_DIR : DT_REG;
      if (!sink.entry(bytesAddress(name), name.length, inode.number, type, <u64>i + 1)) break;
    }
    return 0;
  }

  override create(name: StaticArray<u8>, length: i32, mode: u32, _device: u64): Inode | null {
    if ((mode & 0o170000) != S_IFREG && (mode & 0o170000) != 0) return this.refuse();
    let own = StaticArray.slice<u8>(name, 0, length);
    return this.adopt(own, (this.node as Folder).create(own), mode);
  }

  override makeDirectory(name: StaticArray<u8>, length: i32, mode: u32): Inode | null {
    let own = StaticArray.slice<u8>(name, 0, length);
    return this.adopt(own, (this.node as Folder).makeFolder(own), mode);
  }

  private adopt(name: StaticArray<u8>, node: Node | null, mode: u32): Inode | null {
    if (node === null) return this.refuse();
    node.permissions = mode & 0o7777;
    if ((this.node as Folder).addBytes(name, node)) return this.tree.inodeOf(node);
    failOpen(-EEXIST);
    return null;
  }

  private refuse(): Inode | null {
    failOpen(-EPERM);
    return null;
  }

  override unlink(name: StaticArray<u8>, length: i32, target: Inode): i32 {
    return this.remove(StaticArray.slice<u8>(name, 0, length), target);
  }

  override removeDirectory(name: StaticArray<u8>, length: i32, target: Inode): i32 {
    if (((target as NodeInode).node as Folder).count > 0) return -ENOTEMPTY;
    return this.remove(StaticArray.slice<u8>(name, 0, length), target);
  }

  private remove(name: StaticArray<u8>, target: Inode): i32 {
    let folder = this.node as Folder;
    if (!folder.mayRemove(name)) return -EPERM;
    if (!folder.removeName(name)) return -ENOENT;
    target.linkCount = 0;
    return 0;
  }

  override truncate(length: u64): i32 {
    let result = (this.node as Content).truncate(length);
    this.noteLength();
    return result;
  }

  override allowAttributeChange(): i32 {
    return 0;
  }
}

/** An opening of a node's content. */
class NodeFile extends File {
  constructor(
    private readonly target: NodeInode,
    private readonly content: Content,
  ) {
    super();
  }

  override read(io: IoVector): i64 {
    let moved = this.readAt(io, this.position);
    if (moved > 0) this.position += <u64>moved;
    return moved;
  }

  override write(io: IoVector): i64 {
    let offset = (this.flags & O_APPEND) != 0 ? this.content.length : this.position;
    let moved = this.writeAt(io, offset);
    if (moved > 0) this.position = offset + <u64>moved;
    return moved;
  }

  override readAt(io: IoVector, offset: u64): i64 {
    let length = this.content.length;
    if (offset >= length) return 0;
    io.limit(length - offset);
    return this.content.read(new Buffer(io), offset);
  }

  override writeAt(io: IoVector, offset: u64): i64 {
    let moved = this.content.write(new Buffer(io), offset);
    this.target.noteLength();
    return moved;
  }

  override seek(offset: i64, whence: i32): i64 {
    let base: i64 = whence == 1 ? <i64>this.position : whence == 2 ? <i64>this.content.length : 0;
    if (whence < 0 || whence > 2 || base + offset < 0) return -EINVAL;
    this.position = <u64>(base + offset);
    return base + offset;
  }

  override truncate(length: u64): i64 {
    return this.target.truncate(length);
  }

  override sync(): i64 {
    return 0;
  }
}

/** Have mount(2) find a kind; false when there is one of that name. */
export function register(fileSystemKind: FileSystemKind): bool {
  return registerFileSystem(new ModuleType(fileSystemKind));
}
