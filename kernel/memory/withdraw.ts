// A source takes pages back: truncation, hole punching, replacing a page. They leave every mapping that shows them; the next
// access asks the source again, and meets SIGBUS beyond its end.

import * as mem from "machine/mem";
import * as frames from "memory/frames";
import * as tables from "memory/user-tables";
import { PAGE_SHIFT, PAGE_SIZE } from "../abi/mman";
import { Mapping } from "./mapping";
import { PageSource } from "./page-source";

/**
 * Take pages [firstPage, endPage) of `source` out of all mappings. `withCopies`: private copies of them go too, as they do
 * when a file is cut (man 2 truncate), not when a hole is punched.
 */
export function withdraw(source: PageSource, firstPage: u64, endPage: u64, withCopies: bool): void {
  let list = source.mappings;
  if (list === null) return;
  let node = list.first;
  while (node !== null) {
    let mapping = node as Mapping;
    let mappingFirst = mapping.offset >> PAGE_SHIFT;
    let mappingEnd = mappingFirst + (mapping.length >> PAGE_SHIFT);
    let first = max(firstPage, mappingFirst);
    let end = min(endPage, mappingEnd);
    if (first < end) {
      let start = mapping.start + ((first - mappingFirst) << PAGE_SHIFT);
      withdrawFrom(mapping, start, start + ((end - first) << PAGE_SHIFT), withCopies);
    }
    node = node.next;
  }
}

function withdrawFrom(mapping: Mapping, from: u64, to: u64, withCopies: bool): void {
  let space = mapping.space!;
  space.usage.notePeak();
  if (withCopies) {
    space.invalidate(from, to, space.dropPages(mapping, from, to));
    return;
  }
  let dropped = 0;
  let address = tables.nextCovered(space.root, from, to);
  while (address < to) {
    let slot = tables.find(space.root, address);
    let end = tables.coveredEnd(address, to);
    for (; address < end; address += PAGE_SIZE, slot += 8) {
      let entry = mem.load64(slot);
      if (entry == 0 || (entry & tables.OWNED) != 0) continue;
      mem.store64(slot, 0);
      dropped++;
      if ((entry & tables.UNCOUNTED) != 0) continue;
      space.countSource(mapping, -1);
      frames.release(entry & tables.FRAME_MASK);
    }
    address = tables.nextCovered(space.root, address, to);
  }
  space.invalidate(from, to, dropped);
}
