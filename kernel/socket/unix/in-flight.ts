// Descriptors on their way between sockets (man 7 unix, SCM_RIGHTS), and the end of those that can never arrive.
//
// A socket sent over itself, or over one that is only in flight too, is reachable by nobody once its descriptors are
// closed: references alone would keep it for ever. As Linux's net/unix/garbage.c: a socket all of whose references are in
// flight is reachable only if a message that carries it waits at a reachable socket. The rest is emptied.

import { ETOOMANYREFS } from "../../abi/errno";
import { File } from "../../vfs/file";
import { Message } from "../message";
import { Record } from "./record";
import { UnixSocket } from "./socket";

/** Descriptors in flight in all: unread messages must not keep files without end. */
const MAX_IN_FLIGHT: i32 = 16384;

let inFlight: i32 = 0;
/** AF_UNIX sockets among them, one entry for each socket however often it is under way. */
const travellers: Array<UnixSocket> = [] as UnixSocket[];
/** Files whose last reference may go, waiting: closing one may drop others, without end on one stack. */
const doomed: Array<File> = [] as File[];
let isDropping: bool = false;
/** How many travellers make it worth to look for garbage among them. */
const MIN_COLLECTION: i32 = 64;
let collectionAt: i32 = MIN_COLLECTION;
/** Sockets closed since the last collection; one closing counts for so many travellers. */
let closings: i32 = 0;
const CLOSINGS_SHARE: i32 = 16;
/** Reachable sockets whose queues are still to be looked through. */
const toScan: Array<UnixSocket> = [] as UnixSocket[];

/** Put the message's files on a record. Returns 0 or -ETOOMANYREFS. */
export function load(record: Record, message: Message, limit: i32): i32 {
  let files = message.files;
  if (files === null) return 0;
  let count = message.fileCount;
  if (travellers.length >= collectionAt) {
    collectCycles();
    collectionAt = max(MIN_COLLECTION, 2 * travellers.length);
  }
  if (inFlight + count > min(limit, MAX_IN_FLIGHT)) return -ETOOMANYREFS;
  record.files = files;
  record.fileCount = count;
  message.files = null;
  message.fileCount = 0;
  inFlight += count;
  for (let i = 0; i < count; i++) {
    let file = files[i];
    if (file instanceof UnixSocket) depart(file as UnixSocket);
  }
  return 0;
}

/** Hand a record's files to the message of the receiver; with `isPeek` both have them. */
export function unload(record: Record, message: Message, isPeek: bool): void {
  let files = record.files;
  if (files === null) return;
  let count = record.fileCount;
  if (isPeek) {
    let copies = new StaticArray<File | null>(count);
    for (let i = 0; i < count; i++) {
      let file = files[i];
      if (file !== null) file.retain();
      copies[i] = file;
    }
    message.files = copies;
  } else {
    forget(record);
    message.files = files;
  }
  message.fileCount = count;
}

/** Close a record's files: nobody will take them. */
export function discard(record: Record): void {
  let files = record.files;
  if (files === null) return;
  let count = record.fileCount;
  forget(record);
  for (let i = 0; i < count; i++) {
    let file = files[i];
    if (file !== null) doomed.push(file);
  }
  if (isDropping) return;
  isDropping = true;
  while (doomed.length > 0) doomed.pop().release();
  isDropping = false;
}

/** The record's files are no longer in flight. */
function forget(record: Record): void {
  let files = record.files;
  if (files === null) return;
  for (let i = 0; i < record.fileCount; i++) {
    let file = files[i];
    if (file instanceof UnixSocket) arrive(file as UnixSocket);
  }
  inFlight -= record.fileCount;
  record.files = null;
  record.fileCount = 0;
}

function depart(socket: UnixSocket): void {
  if (socket.inFlightCount++ == 0) travellers.push(socket);
}

function arrive(socket: UnixSocket): void {
  if (--socket.inFlightCount > 0) return;
  let index = travellers.indexOf(socket);
  if (index < 0) return;
  let last = travellers.pop();
  if (last !== socket) travellers[index] = last;
}

/** A socket was closed: now and then, the more seldom the more are under way, look for what only reaches itself. */
export function socketClosed(): void {
  if (travellers.length == 0 || isDropping) return;
  if (++closings * CLOSINGS_SHARE < travellers.length) return;
  collectCycles();
}

/** Empty the sockets that can be reached only from among themselves. */
function collectCycles(): void {
  closings = 0;
  // Who is held by a descriptor, or by a call under way, is reachable …
  let hasSuspects = false;
  for (let i = 0; i < travellers.length; i++) {
    let socket = travellers[i];
    socket.isReachable = socket.referenceCount > socket.inFlightCount;
    if (!socket.isReachable) hasSuspects = true;
  }
  if (!hasSuspects) return;
  // … and so is what waits at the reachable.
  let carrier = firstCarrier;
  while (carrier !== null) {
    if (carrier.isReachableCarrier) toScan.push(carrier);
    carrier = carrier.nextCarrier;
  }
  while (toScan.length > 0) scan(toScan.pop());
  let lost: Array<UnixSocket> = [] as UnixSocket[];
  for (let i = 0; i < travellers.length; i++) {
    if (!travellers[i].isReachable) lost.push(travellers[i]);
  }
  for (let i = 0; i < lost.length; i++) lost[i].retain();
  for (let i = 0; i < lost.length; i++) lost[i].dropReceived();
  for (let i = 0; i < lost.length; i++) lost[i].release();
}

/** Mark what a reachable socket's queue holds. */
function scan(socket: UnixSocket): void {
  let record = socket.records.first;
  while (record !== null) {
    let files = record.files;
    if (files !== null) {
      for (let i = 0; i < record.fileCount; i++) {
        let file = files[i];
        if (file instanceof UnixSocket) mark(file as UnixSocket);
      }
    }
    record = record.next;
  }
}

function mark(socket: UnixSocket): void {
  if (socket.isReachable) return;
  socket.isReachable = true;
  toScan.push(socket);
  socket.listWaiting(toScan);
}

/** Sockets whose queues hold, or have held, descriptors. */
let firstCarrier: UnixSocket | null = null;

/** `socket` has received descriptors. */
export function addCarrier(socket: UnixSocket): void {
  if (socket.isCarrier) return;
  socket.isCarrier = true;
  socket.nextCarrier = firstCarrier;
  firstCarrier = socket;
}

/** `socket` is gone. */
export function removeCarrier(socket: UnixSocket): void {
  if (!socket.isCarrier) return;
  socket.isCarrier = false;
  let at = firstCarrier;
  if (at === socket) firstCarrier = socket.nextCarrier;
  else {
    while (at !== null && at.nextCarrier !== socket) at = at.nextCarrier;
    if (at !== null) at.nextCarrier = socket.nextCarrier;
  }
  socket.nextCarrier = null;
}
