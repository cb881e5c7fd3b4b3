// What lies in a socket's ring besides bytes: where a datagram begins and ends, who sent it, which descriptors and
// credentials came with it. A stream has records only where something came with the bytes.

import { File } from "../../vfs/file";
import { Message } from "../message";

const MAX_SPARE: i32 = 256;

export class Record {
  next: Record | null = null;
  /** Positions in the ring. */
  start: u64 = 0;
  end: u64 = 0;
  /** The sender's name as sun_path, null when it has none. */
  sender: StaticArray<u8> | null = null;
  files: StaticArray<File | null> | null = null;
  fileCount: i32 = 0;
  hasCredentials: bool = false;
  processId: i32 = 0;
  user: u32 = 0;
  group: u32 = 0;

  /** Whether the credentials are the message's. */
  isFrom(message: Message): bool {
    return this.processId == message.processId && this.user == message.user && this.group == message.group;
  }
}

export class RecordQueue {
  first: Record | null = null;
  last: Record | null = null;
  length: i32 = 0;

  push(record: Record): void {
    let last = this.last;
    if (last === null) this.first = record;
    else last.next = record;
    this.last = record;
    this.length++;
  }

  shift(): Record | null {
    let record = this.first;
    if (record === null) return null;
    this.first = record.next;
    if (record.next === null) this.last = null;
    record.next = null;
    this.length--;
    return record;
  }
}

let spare: Record | null = null;
let spareCount: i32 = 0;

export function obtainRecord(): Record {
  let record = spare;
  if (record === null) return new Record();
  spare = record.next;
  spareCount--;
  record.next = null;
  return record;
}

/** Precondition: its files have been taken out. */
export function releaseRecord(record: Record): void {
  record.sender = null;
  record.hasCredentials = false;
  if (spareCount == MAX_SPARE) return;
  record.next = spare;
  spare = record;
  spareCount++;
}
