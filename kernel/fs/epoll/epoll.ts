// epoll(7): an open file that watches others and remembers which became ready.
//
//   file.readiness ── notify ──► EpollItem ── on the ready list ──► epoll_wait
//
// An item hears every wake-up of its file and goes on the ready list; epoll_wait asks the file what really holds.
// Level-triggered items go back on the list when they were ready; edge-triggered ones wait for the next wake-up;
// one-shot ones are switched off until EPOLL_CTL_MOD.

import { EEXIST, EINVAL, ELOOP, ENOENT } from "../../abi/errno";
import {
  EPOLLERR,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLHUP,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  EPOLLWAKEUP,
  READABLE,
} from "../../abi/poll";
import { List, ListNode } from "../../lib/list";
import { Text } from "../../lib/text";
import { WaitQueue, Waiter } from "../../sched/wait";
import { File, FileWatch } from "../../vfs/file";

/** Linux EP_MAX_NESTS: how deep epoll files may watch epoll files. */
const MAX_NESTING: i32 = 4;
/** Bits that may stand beside EPOLLEXCLUSIVE (Linux EPOLLEXCLUSIVE_OK_BITS). */
const EXCLUSIVE_COMPANIONS: u32 = EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;
/** The bits that say how, not what. */
const MODE_BITS: u32 = EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP;

class ReadyLink extends ListNode {
  item: EpollItem | null = null;
}

class ItemWatch extends FileWatch {
  item: EpollItem | null = null;

  override fileClosed(): void {
    let item = this.item;
    if (item !== null) item.epoll.forget(item);
  }
}

/** One descriptor of interest. */
export class EpollItem extends Waiter {
  readonly ready: ReadyLink = new ReadyLink();
  readonly watch: ItemWatch = new ItemWatch();
  nextInTable: EpollItem | null = null;

  constructor(
    readonly epoll: Epoll,
    readonly file: File,
    readonly descriptor: i32,
    public events: u32,
    public data: u64,
  ) {
    super();
    this.ready.item = this;
    this.watch.item = this;
  }

  /** The events that hold now and are asked for; EPOLLERR and EPOLLHUP always are. */
  poll(): u32 {
    return this.file.poll() & (this.events | EPOLLERR | EPOLLHUP) & ~MODE_BITS;
  }

  /** Whether a one-shot item has fired and waits for EPOLL_CTL_MOD. */
  get isOff(): bool {
    return (this.events & ~MODE_BITS) == 0;
  }

  override notify(events: u32): bool {
    if (this.isOff) return false;
    if (events != 0 && (events & (this.events | EPOLLERR | EPOLLHUP)) == 0) return false;
    return this.epoll.becameReady(this);
  }
}

export class Epoll extends File {
  /** Items by (descriptor, file): chains in a table that grows with their number. */
  private table: StaticArray<EpollItem | null> = new StaticArray<EpollItem | null>(16);
  private count: i32 = 0;
  private readonly readyList: List = new List();
  /** Threads in epoll_wait. */
  readonly waiting: WaitQueue = new WaitQueue();

  constructor() {
    super();
    this.flags = 2;
  }

  /** EPOLL_CTL_ADD. */
  add(descriptor: i32, file: File, events: u32, data: u64): i32 {
    if (this.find(descriptor, file) !== null) return -EEXIST;
    if ((events & EPOLLEXCLUSIVE) != 0 && (events & ~EXCLUSIVE_COMPANIONS) != 0) return -EINVAL;
    if (file instanceof Epoll) {
      if ((events & EPOLLEXCLUSIVE) != 0) return -EINVAL;
      let inner = file as Epoll;
      if (inner.reaches(this, 0) || inner.depth() >= MAX_NESTING) return -ELOOP;
    }
    let item = new EpollItem(this, file, descriptor, events | EPOLLERR | EPOLLHUP, data);
    item.isExclusive = (events & EPOLLEXCLUSIVE) != 0;
    if (this.count >= this.table.length * 2) this.grow();
    this.insert(item);
    this.count++;
    let watches = file.watches;
    if (watches === null) {
      watches = new List();
      file.watches = watches;
    }
    watches.push(item.watch);
    file.readiness.add(item);
    if (item.poll() != 0) this.becameReady(item);
    return 0;
  }

  /** EPOLL_CTL_MOD. */
  modify(descriptor: i32, file: File, events: u32, data: u64): i32 {
    let item = this.find(descriptor, file);
    if (item === null) return -ENOENT;
    if (item.isExclusive || (events & EPOLLEXCLUSIVE) != 0) return -EINVAL;
    item.events = events | EPOLLERR | EPOLLHUP;
    item.data = data;
    if (item.poll() != 0) this.becameReady(item);
    else this.readyList.remove(item.ready);
    return 0;
  }

  /** EPOLL_CTL_DEL. */
  delete(descriptor: i32, file: File): i32 {
    let item = this.find(descriptor, file);
    if (item === null) return -ENOENT;
    let watches = file.watches;
    if (watches !== null) watches.remove(item.watch);
    this.forget(item);
    return 0;
  }

  /** Take an item out: deleted, or its file was closed. */
  forget(item: EpollItem): void {
    item.file.readiness.remove(item);
    this.readyList.remove(item.ready);
    let slot = this.slotOf(item.descriptor);
    let at = this.table[slot];
    if (at === item) {
      this.table[slot] = item.nextInTable;
      this.count--;
      return;
    }
    while (at !== null) {
      let next = at.nextInTable;
      if (next === item) {
        at.nextInTable = item.nextInTable;
        this.count--;
        return;
      }
      at = next;
    }
  }

  /** Put an item on the ready list and tell those who wait; returns whether a thread was told. */
  becameReady(item: EpollItem): bool {
    if (!item.ready.isLinked) this.readyList.push(item.ready);
    let told = this.waiting.wakeOne(READABLE) > 0;
    this.readiness.wakeAll(READABLE);
    return told;
  }

  /** Whether epoll_wait has something to look at. */
  get mayBeReady(): bool {
    return !this.readyList.isEmpty;
  }

  /** How many items epoll_wait should look at: those on the list now, not those that come back on it. */
  get readyCount(): i32 {
    return this.readyList.length;
  }

  /**
   * The first item of the ready list if it really is ready, its events in `takenEvents`; it stays first until `deliver`.
   * Null when it turned out not to be ready: it is off the list then.
   */
  peekReady(): EpollItem | null {
    let link = this.readyList.first;
    if (link === null) return null;
    let item = (link as ReadyLink).item!;
    takenEvents = item.poll();
    if (takenEvents != 0) return item;
    this.readyList.remove(link);
    return null;
  }

  /** The item's events reached the program: a level-triggered item goes to the end of the list, a one-shot one is off. */
  deliver(item: EpollItem): void {
    this.readyList.remove(item.ready);
    if ((item.events & EPOLLONESHOT) != 0) item.events &= MODE_BITS;
    else if ((item.events & EPOLLET) == 0) this.readyList.push(item.ready);
  }

  override poll(): u32 {
    let link = this.readyList.first;
    while (link !== null) {
      let next = link.next;
      let item = (link as ReadyLink).item!;
      if (item.poll() != 0) return READABLE;
      this.readyList.remove(link);
      link = next;
    }
    return 0;
  }

  override close(): void {
    for (let slot = 0; slot < this.table.length; slot++) {
      let item = this.table[slot];
      while (item !== null) {
        let next = item.nextInTable;
        let watches = item.file.watches;
        if (watches !== null) watches.remove(item.watch);
        item.file.readiness.remove(item);
        item = next;
      }
      this.table[slot] = null;
    }
  }

  override describe(): StaticArray<u8> {
    let text = new Text(32).string("anon_inode:[eventpoll]");
    return StaticArray.slice<u8>(text.bytes, 0, text.length);
  }

  private find(descriptor: i32, file: File): EpollItem | null {
    let item = this.table[this.slotOf(descriptor)];
    while (item !== null) {
      if (item.descriptor == descriptor && item.file === file) return item;
      item = item.nextInTable;
    }
    return null;
  }

  private slotOf(descriptor: i32): i32 {
    return descriptor & (this.table.length - 1);
  }

  private insert(item: EpollItem): void {
    let slot = this.slotOf(item.descriptor);
    item.nextInTable = this.table[slot];
    this.table[slot] = item;
  }

  private grow(): void {
    let old = this.table;
    this.table = new StaticArray<EpollItem | null>(old.length * 4);
    for (let slot = 0; slot < old.length; slot++) {
      let item = old[slot];
      while (item !== null) {
        let next = item.nextInTable;
        this.insert(item);
        item = next;
      }
    }
  }

  /** Whether this watches `other`, directly or through others. */
  private reaches(other: Epoll, depth: i32): bool {
    if (this === other) return true;
    if (depth > MAX_NESTING) return true;
    for (let slot = 0; slot < this.table.length; slot++) {
      let item = this.table[slot];
      while (item !== null) {
        let file = item.file;
        if (file instanceof Epoll && (file as Epoll).reaches(other, depth + 1)) return true;
        item = item.nextInTable;
      }
    }
    return false;
  }

  /** The longest chain of epoll files from here down. */
  private depth(): i32 {
    let deepest = 0;
    for (let slot = 0; slot < this.table.length; slot++) {
      let item = this.table[slot];
      while (item !== null) {
        let file = item.file;
        if (file instanceof Epoll) deepest = max(deepest, (file as Epoll).depth());
        item = item.nextInTable;
      }
    }
    return deepest + 1;
  }
}

/** The events of the item that peekReady gave last. */
export let takenEvents: u32 = 0;
