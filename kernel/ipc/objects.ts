// What shared memory segments, semaphore sets and message queues have in common: a key, an identifier, an owner, rights
// (man 7 sysvipc). An identifier is slot + 32768 × how often the slot was used, so that old ones are not taken for new ones.

import { EACCES, EEXIST, EIDRM, EINVAL, ENOENT, ENOSPC, EPERM } from "../abi/errno";
import { IPC_CREAT, IPC_EXCL, IPC_PRIVATE, IpcPermission } from "../abi/ipc";
import * as clock from "../sched/clock";
import { Credentials } from "../process/credentials";

const SLOT_BITS: i32 = 15;
const SLOT_MASK: i32 = (1 << SLOT_BITS) - 1;
/** Identifiers are not negative. */
const SEQUENCE_LIMIT: i32 = 1 << 16;

export const MAY_READ: u32 = 4;
export const MAY_WRITE: u32 = 2;

/** Seconds since 1970, as the structures tell times. */
export function nowSeconds(): i64 {
  return <i64>(clock.wallNs() / 1_000_000_000);
}

export class IpcObject {
  id: i32 = -1;
  key: i32 = 0;
  user: u32 = 0;
  group: u32 = 0;
  creatorUser: u32 = 0;
  creatorGroup: u32 = 0;
  mode: u32 = 0;
  changeTime: i64 = 0;
  /** IPC_RMID has been called: whoever waits is to be told EIDRM. */
  isRemoved: bool = false;

  /** Whether `who` may access it so (MAY_READ, MAY_WRITE): 0 or -EACCES. */
  permits(who: Credentials, wanted: u32): i32 {
    if (who.effectiveUser == 0) return 0;
    let rights = this.mode;
    if (who.effectiveUser == this.user || who.effectiveUser == this.creatorUser) rights >>= 6;
    else if (who.isMember(this.group) || who.isMember(this.creatorGroup)) rights >>= 3;
    return (wanted & ~(rights & 7)) != 0 ? -EACCES : 0;
  }

  /** Whether `who` may change or remove it: 0 or -EPERM. */
  mayControl(who: Credentials): i32 {
    let is = who.effectiveUser;
    return is == 0 || is == this.user || is == this.creatorUser ? 0 : -EPERM;
  }

  fill(into: IpcPermission): void {
    into.key = this.key;
    into.user = this.user;
    into.group = this.group;
    into.creatorUser = this.creatorUser;
    into.creatorGroup = this.creatorGroup;
    into.mode = this.mode;
    into.sequence = <u16>(this.id >> SLOT_BITS);
    into.reservedShort = 0;
    into.reservedInt = 0;
    into.reserved1 = 0;
    into.reserved2 = 0;
  }

  /** IPC_SET: owner and rights. */
  take(from: IpcPermission): void {
    this.user = from.user;
    this.group = from.group;
    this.mode = (this.mode & ~0o777) | (from.mode & 0o777);
    this.changeTime = nowSeconds();
  }
}

/** All objects of a kind. */
export class IpcTable<T extends IpcObject> {
  private slots: Array<T | null> = [] as (T | null)[];
  private sequences: Array<i32> = [] as i32[];
  count: i32 = 0;

  constructor(private readonly limit: i32) {}

  /** Slots that were ever used: SHM_INFO and its kin tell the highest. */
  get slotCount(): i32 {
    return this.slots.length;
  }

  /** The object in a slot, or null. */
  atSlot(slot: i32): T | null {
    return slot >= 0 && slot < this.slots.length ? this.slots[slot] : null;
  }

  /** The object with this identifier; null: `missing` tells whether it is gone or never was. */
  find(id: i32): T | null {
    if (id < 0) return null;
    let found = this.atSlot(id & SLOT_MASK);
    return found !== null && found.id == id ? found : null;
  }

  /** Why `find` found nothing. */
  missing(id: i32): i32 {
    return id >= 0 && (id & SLOT_MASK) < this.slots.length && this.atSlot(id & SLOT_MASK) !== null ? -EIDRM : -EINVAL;
  }

  private findKey(key: i32): T | null {
    for (let slot = 0; slot < this.slots.length; slot++) {
      let one = this.slots[slot];
      if (one !== null && one.key == key && !one.isRemoved) return one;
    }
    return null;
  }

  /** What shmget and its kin begin with: the identifier of what has this key, -errno, or NEW when one is to be made. */
  lookup(key: i32, flags: u32, who: Credentials): i32 {
    this.found = null;
    if (key == IPC_PRIVATE) return this.count < this.limit ? NEW : -ENOSPC;
    let found = this.findKey(key);
    if (found === null) {
      if ((flags & IPC_CREAT) == 0) return -ENOENT;
      return this.count < this.limit ? NEW : -ENOSPC;
    }
    if ((flags & (IPC_CREAT | IPC_EXCL)) == (IPC_CREAT | IPC_EXCL)) return -EEXIST;
    this.found = found;
    // The rights asked for, of whichever class.
    let asked = ((flags >> 6) | (flags >> 3) | flags) & 7;
    let error = found.permits(who, asked);
    return error < 0 ? error : found.id;
  }

  /** What `lookup` found. */
  found: T | null = null;

  /** Put a new object in; returns its identifier. */
  add(object: T, key: i32, flags: u32, who: Credentials): i32 {
    object.key = key;
    object.user = who.effectiveUser;
    object.group = who.effectiveGroup;
    object.creatorUser = who.effectiveUser;
    object.creatorGroup = who.effectiveGroup;
    object.mode = flags & 0o777;
    object.changeTime = nowSeconds();
    let slot = 0;
    while (slot < this.slots.length && this.slots[slot] !== null) slot++;
    if (slot == this.slots.length) {
      this.slots.push(null);
      this.sequences.push(0);
    }
    this.slots[slot] = object;
    object.id = (this.sequences[slot] << SLOT_BITS) | slot;
    this.sequences[slot] = (this.sequences[slot] + 1) % SEQUENCE_LIMIT;
    this.count++;
    return object.id;
  }

  /** Take an object out. Allocates nothing. */
  remove(object: T): void {
    let slot = object.id & SLOT_MASK;
    if (this.atSlot(slot) !== object) return;
    this.slots[slot] = null;
    this.count--;
  }
}

/** From `lookup`: make one. */
export const NEW: i32 = i32.MIN_VALUE;
