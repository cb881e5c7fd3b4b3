// A graph of objects of many sizes that the test changes at random, and the collector's own figures.

import * as collector from "runtime/collector";
import * as heap from "runtime/heap";

class Node {
  left: Node | null = null;
  right: Node | null = null;
  stamp: u64 = 0;
  payload: StaticArray<u8> | null = null;
}

class Checker {
  dirty: u32 = 0;
  a: u64 = 0;
  b: u64 = 0;
  c: Node | null = null;
}

const slots: Array<Node | null> = new Array<Node | null>(256);
let chain: Node | null = null;

/** Put a new node with `bytes` of payload, each byte the low bits of `stamp`, into a slot; it points at two others. */
export function put(slot: i32, bytes: i32, stamp: u64, left: i32, right: i32): void {
  let node = new Node();
  node.stamp = stamp;
  let payload = new StaticArray<u8>(bytes);
  for (let i = 0; i < bytes; i++) {
    assert(payload[i] == 0, "a new array is not zero");
    payload[i] = <u8>stamp;
  }
  node.payload = payload;
  if (left >= 0) node.left = slots[left];
  if (right >= 0) node.right = slots[right];
  slots[slot] = node;
}

export function drop(slot: i32): void {
  slots[slot] = null;
}

/** Forget where a node points, so that graphs stay bounded. */
export function cut(slot: i32): void {
  let node = slots[slot];
  if (node !== null) {
    node.left = null;
    node.right = null;
  }
}

/** Give one node what another one refers to, so that only it does. */
export function move(from: i32, to: i32): void {
  let giver = slots[from];
  let taker = slots[to];
  if (giver === null || taker === null || giver === taker) return;
  taker.left = giver.left;
  taker.payload = giver.payload;
  taker.stamp = giver.stamp;
  giver.left = null;
  giver.payload = new StaticArray<u8>(1);
  giver.stamp = 0;
}

/** Sum of the stamps reachable from a slot down to `depth`; asserts that every payload is intact. */
export function sum(slot: i32, depth: i32): u64 {
  let node = slots[slot];
  return node === null ? 0 : sumNode(node, depth);
}

function sumNode(node: Node, depth: i32): u64 {
  let payload = node.payload;
  if (payload === null) return 0;
  for (let i = 0; i < payload.length; i++) assert(payload[i] == <u8>node.stamp, "a live object was overwritten");
  let total = node.stamp;
  if (depth > 0) {
    let left = node.left;
    let right = node.right;
    if (left !== null) total += sumNode(left, depth - 1);
    if (right !== null) total += sumNode(right, depth - 1);
  }
  return total;
}

/** A list longer than the mark stack has entries, each element with a second reference to scan. */
export function buildChain(length: i32): void {
  chain = null;
  for (let i = 0; i < length; i++) {
    let node = new Node();
    let side = new Node();
    side.stamp = 1;
    node.stamp = 1;
    node.right = chain;
    node.left = side;
    chain = node;
  }
}

/** A tree whose width overflows the mark stack. */
export function buildWide(width: i32): void {
  let nodes = new Array<Node | null>(width);
  for (let i = 0; i < width; i++) {
    let node = new Node();
    node.stamp = 1;
    node.left = new Node();
    nodes[i] = node;
  }
  wide = nodes;
}
let wide: Array<Node | null> = new Array<Node | null>(0);

export function countWide(): i32 {
  let count = 0;
  for (let i = 0; i < wide.length; i++) {
    let node = wide[i];
    if (node !== null && node.left !== null) count++;
  }
  return count;
}

export function countChain(): i32 {
  let count = 0;
  let node = chain;
  while (node !== null) {
    count++;
    let side = node.left;
    if (side !== null) count++;
    node = node.right;
  }
  return count;
}

/** A constructor sees only zeros, whatever lay there before. */
export function constructsZeroed(): bool {
  let checker = new Checker();
  return checker.dirty == 0 && checker.a == 0 && checker.b == 0 && checker.c === null;
}

/** Where an interior address leads: the object it is in, as an offset from that address. */
export function interior(bytes: i32, offset: i32): i32 {
  let array = new StaticArray<u8>(bytes);
  let pointer = changetype<usize>(array);
  return <i32>(heap.objectAt(pointer + <usize>offset) - pointer);
}

/**
 * Whether a stale word that points at an object which died long ago would bring it back: in the next collection it must not, for what
 * the object refers to may be something else by now. `neighbours` live objects share its block, so that it is not swept.
 */
export function staleWordFinds(neighbours: i32): bool {
  let kept = new Array<Node | null>(neighbours);
  let stale: usize = 0;
  for (let i = 0; i < neighbours; i++) {
    kept[i] = new Node();
    let dead = new Node();
    dead.left = new Node();
    stale = changetype<usize>(dead);
  }
  wide = kept;
  collector.__collect(); // the dead are found, and stay where they are until their block is swept
  heap.beginMarking();
  let isFound = heap.objectAt(stale) != 0;
  for (let i = 0; i < neighbours; i++)
    assert(heap.objectAt(changetype<usize>(kept[i]!)) != 0, "a live object is not found");
  heap.finishMarking();
  return isFound;
}

export function collect(): void {
  collector.__collect();
}
/** A part of a collection, as on an idle CPU. */
export function step(): void {
  collector.idleStep();
}
export function used(): u32 {
  return <u32>heap.usedBytes();
}
export function collections(): u32 {
  return collector.collectionCount();
}
