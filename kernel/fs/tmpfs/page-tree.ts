// The pages of one file by index: a radix tree of 512-way nodes that are page frames themselves, as high as the largest
// index needs. A file of one page is that page; holes cost nothing.
//
//   height 0: root is page 0      1: root is a node of 512 pages (2 MB)      2: 1 GB      3: 512 GB …

import * as mem from "machine/mem";
import { direct } from "memory/address";
import * as frames from "memory/frames";
import { Budget } from "./budget";

const BITS: u32 = 9;
const SLOTS: u64 = 512;
/** No such page. */
export const NO_PAGE: u64 = u64.MAX_VALUE;

export class PageTree {
  /** What pays for the nodes; who adds pages pays for those. */
  private budget: Budget;
  /** Pages in the tree. */
  count: u64 = 0;
  private root: u64 = 0;
  private height: u32 = 0;

  constructor(budget: Budget) {
    this.budget = budget;
  }

  /** A node without children; 0 when there is no room for it. */
  private makeNode(): u64 {
    if (!this.budget.takePage()) return 0;
    let node = frames.allocateZeroed();
    if (node == 0) this.budget.givePages(1);
    return node;
  }

  /** The frame of page `index`, 0 for a hole. */
  get(index: u64): u64 {
    let level = this.height;
    if (index >> (level * BITS) != 0) return 0;
    let frame = this.root;
    while (level > 0 && frame != 0) {
      level--;
      frame = mem.load64(direct(frame) + ((index >> (level * BITS)) & (SLOTS - 1)) * 8);
    }
    return frame;
  }

  /** Put a page where there is none; the tree takes the caller's reference. False when memory for nodes is out. */
  add(index: u64, page: u64): bool {
    while (index >> (this.height * BITS) != 0) {
      if (this.root != 0) {
        let node = this.makeNode();
        if (node == 0) return false;
        mem.store64(direct(node), this.root);
        this.root = node;
      }
      this.height++;
    }
    if (this.height == 0) {
      this.root = page;
      this.count++;
      return true;
    }
    if (this.root == 0) {
      this.root = this.makeNode();
      if (this.root == 0) return false;
    }
    let node = this.root;
    let level = this.height - 1;
    while (level > 0) {
      let slot = direct(node) + ((index >> (level * BITS)) & (SLOTS - 1)) * 8;
      node = mem.load64(slot);
      if (node == 0) {
        node = this.makeNode();
        if (node == 0) return false;
        mem.store64(slot, node);
      }
      level--;
    }
    mem.store64(direct(node) + (index & (SLOTS - 1)) * 8, page);
    this.count++;
    return true;
  }

  /** Release the pages [first, end); returns how many there were. */
  remove(first: u64, end: u64): u64 {
    if (this.root == 0 || first >= end || (this.height == 0 && first > 0)) return 0;
    let before = this.count;
    if (this.removeIn(this.root, this.height, 0, first, end)) {
      this.root = 0;
      this.height = 0;
    }
    return before - this.count;
  }

  /** Release what of [first, end) lies under `node`, whose first page is `base`; whether the node itself went. */
  private removeIn(node: u64, level: u32, base: u64, first: u64, end: u64): bool {
    if (level == 0) {
      frames.release(node);
      this.count--;
      return true;
    }
    let shift = (level - 1) * BITS;
    let isEmpty = true;
    for (let slot: u64 = 0; slot < SLOTS; slot++) {
      let at = direct(node) + slot * 8;
      let child = mem.load64(at);
      if (child == 0) continue;
      let start = base + (slot << shift);
      let isHit = start < end && start + ((<u64>1) << shift) > first;
      if (isHit && this.removeIn(child, level - 1, start, first, end)) mem.store64(at, 0);
      else isEmpty = false;
    }
    if (isEmpty) {
      frames.release(node);
      this.budget.givePages(1);
    }
    return isEmpty;
  }

  /** The first page at or after `index`, NO_PAGE when there is none. */
  next(index: u64): u64 {
    if (this.root == 0 || index >> (this.height * BITS) != 0) return NO_PAGE;
    return this.nextIn(this.root, this.height, 0, index);
  }

  private nextIn(node: u64, level: u32, base: u64, index: u64): u64 {
    if (level == 0) return base;
    let shift = (level - 1) * BITS;
    let slot = index > base ? (index - base) >> shift : 0;
    for (; slot < SLOTS; slot++) {
      let child = mem.load64(direct(node) + slot * 8);
      if (child == 0) continue;
      let found = this.nextIn(child, level - 1, base + (slot << shift), index);
      if (found != NO_PAGE) return found;
    }
    return NO_PAGE;
  }
}
