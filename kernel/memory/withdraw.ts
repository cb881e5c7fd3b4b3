// A source takes pages back: truncation, hole punching, replacing a page. They leave every mapping that shows them; the next
// access asks the source again, and meets SIGBUS beyond its end.

import { PAGE_SHIFT } from "../abi/mman";
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
  space.invalidate(from, to, space.dropPages(mapping, from, to, !withCopies));
}
