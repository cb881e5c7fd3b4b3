// From a path's text to a place in the tree: man 7 path_resolution, openat2(2)'s RESOLVE_* restrictions included.
//
// The text that is still to be walked stands at the end of a buffer, so that a symbolic link's target goes in front of it:
//
//   |  free …        | target | / rest of the path |
//                    ^ cursor                      ^ buffer.length
//
// Rules of use: `begin()` lends a Walk (walks may nest: rename has two), `setText…` fills it, `run` walks, the results stand
// in the fields until `end(walk)`. No allocation when every name is in the entry cache, but for what callers keep.

import * as mem from "machine/mem";
import * as user from "machine/user";
import { bytesAddress, isUserRange } from "memory/address";
import { EACCES, EFAULT, EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EUCLEAN, EXDEV } from "../abi/errno";
import {
  MAX_SYMBOLIC_LINKS,
  NAME_MAX,
  PATH_MAX,
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from "../abi/fcntl";
import { FileSystemContext } from "./context";
import { DirectoryEntry } from "./directory-entry";
import * as cache from "./entry-cache";
import { Identity } from "./identity";
import { failOpen, Inode, openError } from "./inode";
import { Mount, mountedOn } from "./mount";
import { Path } from "./path";

/** What the last component means to the caller; bits. */
export const enum Last {
  /** What it leads to must exist; a symbolic link is itself. */
  ITSELF = 0,
  /** A symbolic link is followed. */
  FOLLOW = 1,
  /** It may be missing: `entry.inode` is then null. */
  MAY_LACK = 2,
  /** The name is meant, to be made or removed: no link is followed, no mount entered, it may be missing. */
  NAME = 4,
}

/** What kind of component the last one was. */
export const enum LastKind {
  NAME,
  /** The path was only slashes. */
  ROOT,
  DOT,
  DOT_DOT,
}

const INITIAL_CAPACITY: i32 = 8192;
const SLASH: u32 = 0x2f;
const DOT: u32 = 0x2e;

export class Walk {
  /** Where the walk came out. After a failed run these mean nothing. */
  mount: Mount;
  entry: DirectoryEntry;
  /** The directory that holds the last name; meaningful for LastKind.NAME. */
  parent: DirectoryEntry;
  lastKind: LastKind = LastKind.ROOT;
  /** The path ended in a slash: only a directory will do. */
  hasTrailingSlash: bool = false;
  /** A name on its way to the file system. */
  private name: StaticArray<u8> = new StaticArray<u8>(NAME_MAX + 1);

  /** The next one that waits to be lent. */
  nextSpare: Walk | null = null;

  private buffer: StaticArray<u8> = new StaticArray<u8>(INITIAL_CAPACITY);
  private cursor: i32 = INITIAL_CAPACITY;
  private root: Path;
  private identity: Identity;
  private resolve: u64 = 0;
  private links: i32 = 0;

  constructor(place: Path, identity: Identity) {
    this.mount = place.mount;
    this.entry = place.entry;
    this.parent = place.entry;
    this.root = place;
    this.identity = identity;
  }

  /** The path is the NUL-terminated text at a user address. Returns 0, -EFAULT or -ENAMETOOLONG. */
  setUserText(address: u64): i32 {
    if (!isUserRange(address, 1)) return -EFAULT;
    let length = user.stringLength(address, <u64>PATH_MAX);
    if (length < 0) return -EFAULT;
    if (length >= PATH_MAX) return -ENAMETOOLONG;
    this.cursor = this.buffer.length - <i32>length;
    if (length > 0 && user.copyIn(bytesAddress(this.buffer) + <u64>this.cursor, address, <u64>length) != 0)
      return -EFAULT;
    return 0;
  }

  /** The path is these bytes. */
  setText(text: StaticArray<u8>, length: i32 = text.length): i32 {
    if (length >= PATH_MAX) return -ENAMETOOLONG;
    this.cursor = this.buffer.length;
    return this.prepend(text, length);
  }

  /** Whether there is no text: what AT_EMPTY_PATH asks for. */
  get isEmpty(): bool {
    return this.cursor == this.buffer.length;
  }

  /** Whether the text begins at the root. */
  get isAbsolute(): bool {
    return this.cursor < this.buffer.length && this.buffer[this.cursor] == SLASH;
  }

  /** The inode the walk came out at; null only where Last allows it. */
  get inode(): Inode | null {
    return this.entry.inode;
  }

  /** The place as a Path, which is good for as long as anyone keeps it. */
  toPath(): Path {
    let entry = this.entry;
    let known = entry.path;
    if (known !== null && known.mount === this.mount) return known;
    let path = new Path(this.mount, entry);
    entry.path = path;
    return path;
  }

  /**
   * Walk from `start` (a relative path's directory) as `identity` within `context`'s root. `last` is a sum of Last.*,
   * `resolve` of RESOLVE_*. Returns 0 or a negative errno.
   */
  run(context: FileSystemContext, identity: Identity, start: Path, last: i32, resolve: u64 = 0): i32 {
    if (this.isEmpty) return -ENOENT;
    let root = context.root!;
    this.identity = identity;
    this.resolve = resolve;
    this.links = 0;
    this.root = (resolve & (RESOLVE_IN_ROOT | RESOLVE_BENEATH)) != 0 ? start : root;
    this.lastKind = LastKind.ROOT;
    this.hasTrailingSlash = false;
    let buffer = this.buffer;
    if (buffer[this.cursor] == SLASH) {
      if ((resolve & RESOLVE_BENEATH) != 0) return -EXDEV;
      this.jump(this.root);
    } else this.jump(start);

    let error = 0;
    while (error == 0 && this.skipSlashes()) error = this.component(last);
    return error;
  }

  /** Move the cursor behind slashes; whether anything is left. */
  private skipSlashes(): bool {
    let buffer = this.buffer;
    let cursor = this.cursor;
    while (cursor < buffer.length && buffer[cursor] == SLASH) cursor++;
    this.cursor = cursor;
    return cursor < buffer.length;
  }

  /** Take one component off the text and go there. */
  private component(last: i32): i32 {
    let buffer = this.buffer;
    let start = bytesAddress(buffer) + <u64>this.cursor;
    let end = bytesAddress(buffer) + <u64>buffer.length;
    let hash: u32 = cache.HASH_START;
    let at = start;
    while (at < end) {
      let byte = mem.load8(at);
      if (byte == SLASH) break;
      hash = (hash ^ byte) * cache.HASH_PRIME;
      at++;
    }
    let length = <i32>(at - start);
    if (length > NAME_MAX) return -ENAMETOOLONG;
    this.cursor += length;
    let rest = at;
    while (rest < end && mem.load8(rest) == SLASH) rest++;
    let isLast = rest == end;
    if (isLast) this.hasTrailingSlash = rest > at;

    let directory = this.entry.inode!;
    if (!directory.isDirectory) return -ENOTDIR;
    if (!this.identity.isPrivileged && directory.permits(this.identity, 1) < 0) return -EACCES;
    if (length <= 2 && mem.load8(start) == DOT) {
      if (length == 1) {
        this.lastKind = LastKind.DOT;
        return 0;
      }
      if (mem.load8(start + 1) == DOT) {
        this.lastKind = LastKind.DOT_DOT;
        return this.up();
      }
    }
    return this.step(start, length, hash, isLast, last);
  }

  /** Go on into the name of `length` bytes at `name`. */
  private step(name: u64, length: i32, hash: u32, isLast: bool, last: i32): i32 {
    // Whoever may make a file cannot mean a directory (Linux open_last_lookups).
    if (isLast && this.hasTrailingSlash && (last & Last.MAY_LACK) != 0) return -EISDIR;
    let parent = this.entry;
    let child = cache.find(parent, name, length, hash);
    if (child === null) {
      mem.copy(bytesAddress(this.name), name, <u64>length);
      child = lookup(parent, this.name, length, hash);
      if (child === null) return openError;
    }
    this.lastKind = LastKind.NAME;
    let inode = child.inode;
    if (isLast && (last & Last.NAME) != 0) {
      this.parent = parent;
      this.entry = child;
      return 0;
    }
    if (inode === null) {
      if (!isLast || (last & Last.MAY_LACK) == 0) return -ENOENT;
      this.parent = parent;
      this.entry = child;
      return 0;
    }
    if (inode.isSymbolicLink && (!isLast || (last & Last.FOLLOW) != 0 || this.hasTrailingSlash))
      return this.follow(inode);
    this.parent = parent;
    this.entry = child;
    while (this.entry.mountCount > 0) {
      let mounted = mountedOn(this.mount, this.entry);
      if (mounted === null) break;
      if ((this.resolve & RESOLVE_NO_XDEV) != 0) return -EXDEV;
      this.mount = mounted;
      this.entry = mounted.root;
    }
    if (isLast && this.hasTrailingSlash && !this.entry.inode!.isDirectory) return -ENOTDIR;
    return 0;
  }

  /** Put a symbolic link's target in front of what is left. */
  private follow(link: Inode): i32 {
    if ((this.resolve & RESOLVE_NO_SYMLINKS) != 0) return -ELOOP;
    if (++this.links > MAX_SYMBOLIC_LINKS) return -ELOOP;
    failOpen(0);
    let place = link.followLink();
    if (place !== null) {
      if ((this.resolve & RESOLVE_NO_MAGICLINKS) != 0) return -ELOOP;
      if ((this.resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) != 0) return -EXDEV;
      this.jump(place);
      this.lastKind = LastKind.NAME;
      return 0;
    }
    if (openError < 0) return openError;
    let target = link.readLink();
    if (target === null) return openError < 0 ? openError : -ENOENT;
    if (target.length == 0) return -ENOENT;
    let error = this.prepend(target, target.length);
    if (error < 0) return error;
    if (target[0] == SLASH) {
      if ((this.resolve & RESOLVE_BENEATH) != 0) return -EXDEV;
      this.jump(this.root);
      this.lastKind = LastKind.ROOT;
    }
    return 0;
  }

  /** "..": never above the root, out of a mount by its mount point. */
  private up(): i32 {
    while (true) {
      if (this.mount === this.root.mount && this.entry === this.root.entry) {
        return (this.resolve & RESOLVE_BENEATH) != 0 ? -EXDEV : 0;
      }
      if (this.entry !== this.mount.root) break;
      let place = this.mount.mountPoint;
      if (place === null) return 0;
      if ((this.resolve & RESOLVE_NO_XDEV) != 0) return -EXDEV;
      this.jump(place);
    }
    let parent = this.entry.parent;
    if (parent !== null) this.entry = parent;
    return 0;
  }

  private jump(place: Path): void {
    this.mount = place.mount;
    this.entry = place.entry;
    this.parent = place.entry;
  }

  private prepend(text: StaticArray<u8>, length: i32): i32 {
    if (this.cursor < length) {
      let left = this.buffer.length - this.cursor;
      if (left + length > MAX_SYMBOLIC_LINKS * PATH_MAX) return -ENAMETOOLONG;
      let larger = new StaticArray<u8>(this.buffer.length * 2 + length);
      if (left > 0) {
        mem.copy(
          bytesAddress(larger) + <u64>(larger.length - left),
          bytesAddress(this.buffer) + <u64>this.cursor,
          <u64>left,
        );
      }
      this.buffer = larger;
      this.cursor = larger.length - left;
    }
    this.cursor -= length;
    if (length > 0) mem.copy(bytesAddress(this.buffer) + <u64>this.cursor, bytesAddress(text), <u64>length);
    return 0;
  }
}

/**
 * The entry of a name that the cache does not know, negative when there is no such name; null with the reason in `openError` when the
 * file system fails.
 */
function lookup(parent: DirectoryEntry, name: StaticArray<u8>, length: i32, nameHash: u32): DirectoryEntry | null {
  let directory = parent.inode!;
  failOpen(-ENOENT);
  let inode = directory.lookup(name, length);
  if (inode === null) {
    if (openError != -ENOENT) return null;
  } else if (inode.isDirectory) {
    // One directory, one name: anything else is a corrupt medium, and would make the tree a maze.
    let known = inode.directoryEntry;
    if (known !== null && directory.keepsNames && (known.parent !== parent || !cache.isNamed(known, name, length))) {
      failOpen(-EUCLEAN);
      return null;
    }
  }
  if (directory.keepsNames && !parent.isDeleted) return cache.add(parent, name, length, nameHash, inode);
  return cache.makeTransient(parent, name, length, inode);
}

/** Walks that wait to be lent again. */
let spare: Walk | null = null;

/** Walks that are lent. */
let lentCount: i32 = 0;

/** Borrow a Walk. `context` has a root. */
export function begin(context: FileSystemContext, identity: Identity): Walk {
  if (lentCount++ == 0) cache.trim();
  let walk = spare;
  if (walk === null) return new Walk(context.root as Path, identity);
  spare = walk.nextSpare;
  return walk;
}

/** Give a Walk back. */
export function end(walk: Walk): void {
  lentCount--;
  walk.nextSpare = spare;
  spare = walk;
}
