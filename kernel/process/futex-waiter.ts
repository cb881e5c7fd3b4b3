// One wait on one futex word: queued in a hash bucket under its key (futex.ts).

import { ListNode } from "../lib/list";
import { AddressSpace } from "../memory/address-space";
import { PageSource } from "../memory/page-source";
import { UserThread } from "./user-thread";

export class FutexWaiter extends ListNode {
  thread: UserThread | null = null;
  /** The key: a private word is known by its address space and address, a shared one by its file and offset. */
  space: AddressSpace | null = null;
  source: PageSource | null = null;
  position: u64 = 0;
  /** FUTEX_WAIT_BITSET. */
  bits: u32 = 0;
  /** It waits for a lock that its owner hands over (FUTEX_LOCK_PI). */
  isLock: bool = false;
  /** Somebody woke it, and for a lock gave it. */
  isWoken: bool = false;
}
