// inotify(7): an open file that is read for changes of the files and directories it watches.
//
//   inode.watches ── happened ──► InotifyWatch ──► event queue ──► read: struct inotify_event, name, padding
//
// A watch has a number (wd) that is never used again while the instance lives, as in Linux.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { EAGAIN, EEXIST, EINVAL, ENOSPC } from "../../abi/errno";
import {
  IN_ALL_EVENTS,
  IN_DELETE_SELF,
  IN_IGNORED,
  IN_MASK_ADD,
  IN_MASK_CREATE,
  IN_ONESHOT,
  IN_Q_OVERFLOW,
  INOTIFY_EVENT_SIZE,
} from "../../abi/inotify";
import { FIONREAD } from "../../abi/ioctl";
import { READABLE } from "../../abi/poll";
import { Text } from "../../lib/text";
import { IoVector } from "../../memory/io-vector";
import { store32 } from "../../memory/user";
import { waitRestartable } from "../../sched/block";
import { WaitQueue } from "../../sched/wait";
import { copyName } from "../../vfs/entry-cache";
import { File } from "../../vfs/file";
import { Inode } from "../../vfs/inode";
import { addWatch, removeWatch, Watch } from "../../vfs/notify";

/** /proc/sys/fs/inotify/max_queued_events and max_user_watches. */
const MAX_QUEUED: i32 = 16384;
const MAX_WATCHES: i32 = 65536;

/** Every watch of every instance. */
let watchTotal: i32 = 0;

class Event {
  next: Event | null = null;
  constructor(
    readonly watch: i32,
    readonly mask: u32,
    readonly cookie: u32,
    readonly name: StaticArray<u8> | null,
  ) {}

  /** Name and padding: to a multiple of the header's size, one NUL at least. */
  get nameSize(): u64 {
    let name = this.name;
    return name === null ? 0 : (<u64>name.length + INOTIFY_EVENT_SIZE) & ~(INOTIFY_EVENT_SIZE - 1);
  }

  get size(): u64 {
    return INOTIFY_EVENT_SIZE + this.nameSize;
  }

  /** Whether the other says nothing new. */
  equals(watch: i32, mask: u32, cookie: u32, name: StaticArray<u8> | null): bool {
    if (this.watch != watch || this.mask != mask || this.cookie != cookie) return false;
    let own = this.name;
    if (own === null || name === null) return own === name;
    return own.length == name.length && mem.compare(bytesAddress(own), bytesAddress(name), <u64>name.length) == 0;
  }
}

export class InotifyWatch extends Watch {
  constructor(
    readonly owner: Inotify,
    readonly number: i32,
    public mask: u32,
  ) {
    super();
  }

  override happened(event: u32, cookie: u32, name: StaticArray<u8> | null): void {
    let kind = event & IN_ALL_EVENTS;
    if ((kind & this.mask) != 0) {
      this.owner.queue(this.number, event, cookie, name);
      if ((this.mask & IN_ONESHOT) != 0) {
        this.owner.remove(this);
        return;
      }
    }
    // The inode is gone: so is the watch.
    if (kind == IN_DELETE_SELF && name === null) this.owner.remove(this);
  }
}

const record = new StaticArray<u8>(288);

export class Inotify extends File {
  private watched: Array<InotifyWatch> = [] as InotifyWatch[];
  private lastNumber: i32 = 0;
  private first: Event | null = null;
  private last: Event | null = null;
  private count: i32 = 0;
  private waiting: WaitQueue = new WaitQueue();

  constructor(flags: u32) {
    super();
    this.flags = flags;
  }

  /** inotify_add_watch(2): the watch's number or a negative errno. */
  add(inode: Inode, mask: u32): i32 {
    let known = this.find(inode);
    if (known !== null) {
      if ((mask & IN_MASK_CREATE) != 0) return -EEXIST;
      if ((mask & IN_MASK_ADD) != 0) known.mask |= mask & (IN_ALL_EVENTS | IN_ONESHOT);
      else known.mask = mask & (IN_ALL_EVENTS | IN_ONESHOT);
      return known.number;
    }
    if (watchTotal >= MAX_WATCHES) return -ENOSPC;
    watchTotal++;
    let watch = new InotifyWatch(this, ++this.lastNumber, mask & (IN_ALL_EVENTS | IN_ONESHOT));
    this.watched.push(watch);
    addWatch(inode, watch);
    return watch.number;
  }

  /** This instance's watch of an inode, or null. */
  private find(inode: Inode): InotifyWatch | null {
    let watches = inode.watches;
    if (watches === null) return null;
    let node = watches.first;
    while (node !== null) {
      if (node instanceof InotifyWatch && (node as InotifyWatch).owner === this) return node as InotifyWatch;
      node = node.next;
    }
    return null;
  }

  /** inotify_rm_watch(2): 0 or -EINVAL. */
  removeNumber(number: i32): i32 {
    for (let i = 0; i < this.watched.length; i++) {
      if (this.watched[i].number != number) continue;
      this.remove(this.watched[i]);
      return 0;
    }
    return -EINVAL;
  }

  /** End a watch: IN_IGNORED says so. */
  remove(watch: InotifyWatch): void {
    let index = this.watched.indexOf(watch);
    if (index < 0) return;
    this.watched.splice(index, 1);
    watchTotal--;
    removeWatch(watch);
    this.queue(watch.number, IN_IGNORED, 0, null);
  }

  /** Note an event; the same one twice in a row is one. */
  queue(watch: i32, mask: u32, cookie: u32, name: StaticArray<u8> | null): void {
    let last = this.last;
    if (last !== null && last.equals(watch, mask, cookie, name)) return;
    if (this.count >= MAX_QUEUED) {
      if (last !== null && last.mask == IN_Q_OVERFLOW) return;
      this.push(new Event(-1, IN_Q_OVERFLOW, 0, null));
    } else this.push(new Event(watch, mask, cookie, name === null ? null : copyName(name, name.length)));
    this.waiting.wakeAll();
    this.readiness.wakeAll(READABLE);
  }

  private push(event: Event): void {
    let last = this.last;
    if (last === null) this.first = event;
    else last.next = event;
    this.last = event;
    this.count++;
  }

  override read(io: IoVector): i64 {
    while (this.first === null) {
      if (this.isNonBlocking) return -EAGAIN;
      let why = waitRestartable(this.waiting);
      if (why < 0) return why;
    }
    let total: i64 = 0;
    let event: Event | null = this.first;
    while (event !== null && event.size <= io.remaining) {
      let moved = io.put(fill(event), event.size);
      if (moved < 0) return total > 0 ? total : moved;
      total += moved;
      this.first = event.next;
      if (event.next === null) this.last = null;
      this.count--;
      event = this.first;
    }
    return total > 0 ? total : -EINVAL;
  }

  override poll(): u32 {
    return this.first !== null ? READABLE : 0;
  }

  override ioctl(request: u32, argument: u64): i64 {
    if (request != FIONREAD) return super.ioctl(request, argument);
    let bytes: u64 = 0;
    let event = this.first;
    while (event !== null) {
      bytes += event.size;
      event = event.next;
    }
    return store32(argument, <u32>bytes);
  }

  override close(): void {
    for (let i = 0; i < this.watched.length; i++) removeWatch(this.watched[i]);
    watchTotal -= this.watched.length;
    this.watched = [] as InotifyWatch[];
    this.first = null;
    this.last = null;
  }

  override describe(): StaticArray<u8> {
    return new Text(18).string("anon_inode:inotify").bytes;
  }
}

/** The event as the program reads it; where it lies. */
function fill(event: Event): u64 {
  let at = bytesAddress(record);
  mem.fill(at, 0, event.size);
  mem.store32(at, <u32>event.watch);
  mem.store32(at + 4, event.mask);
  mem.store32(at + 8, event.cookie);
  mem.store32(at + 12, <u32>event.nameSize);
  let name = event.name;
  if (name !== null) mem.copy(at + INOTIFY_EVENT_SIZE, bytesAddress(name), <u64>name.length);
  return at;
}
