// Writers that found no memory, though their own buffers had room: nothing of their connection will wake them, so
// someone looks after them when there is memory again.

import { chunks } from "../packet/buffer";
import { Connection } from "./connection";
import { Endpoint } from "./endpoint";
import * as table from "./table";

let refusedBefore: u64 = 0;

/** Tell connections that wait for room and have it. Cheap unless memory was short. */
export function wakeStarved(): void {
  if (chunks.refused == refusedBefore || chunks.isScarce) return;
  refusedBefore = chunks.refused;
  for (let i = 0; i < table.buckets(); i++) {
    let entry: Endpoint | null = table.first(i);
    while (entry !== null) {
      if (entry instanceof Connection) wake(entry as Connection);
      entry = entry.nextInBucket;
    }
  }
}

function wake(c: Connection): void {
  if (!c.wantsRoom || !c.isWritable) return;
  c.wantsRoom = false;
  let observer = c.observer;
  if (observer !== null) observer.writable();
}
