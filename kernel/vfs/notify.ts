// Change notices: who wants to hear that a file or a directory's content changed (inotify, fanotify's simple half).
//
// Rules of use: subclass Watch, override `happened`, add it to an inode with `addWatch` and take it off with
// `removeWatch`. The vfs calls `notice…` after every change; each costs one test while nobody watches.

import { IN_ISDIR } from "../abi/inotify";
import { List, ListNode } from "../lib/list";
import { DirectoryEntry } from "./directory-entry";
import { File } from "./file";
import { Inode } from "./inode";

/** Someone's interest in one inode. */
export class Watch extends ListNode {
  inode: Inode | null = null;

  /**
   * `event` is one IN_* bit, with IN_ISDIR for a directory; `name` is the child it is about when the watched inode is a
   * directory and the event is about a name in it, else null; `cookie` pairs the two halves of a move. Must not block.
   */
  happened(_event: u32, _cookie: u32, _name: StaticArray<u8> | null): void {}
}

/** Whether there is any watch at all: callers test this first. */
export let isWatching: bool = false;
let watchCount: i32 = 0;
let lastCookie: u32 = 0;

/** Start to tell `watch` what happens to `inode`, which keeps its identity meanwhile. */
export function addWatch(inode: Inode, watch: Watch): void {
  let watches = inode.watches;
  if (watches === null) {
    watches = new List();
    inode.watches = watches;
  }
  watch.inode = inode;
  watches.push(watch);
  inode.use();
  watchCount++;
  isWatching = true;
}

export function removeWatch(watch: Watch): void {
  let inode = watch.inode;
  if (inode === null) return;
  watch.inode = null;
  let watches = inode.watches;
  if (watches !== null) watches.remove(watch);
  watchCount--;
  isWatching = watchCount > 0;
  inode.unuse();
}

/** A number that pairs IN_MOVED_FROM with IN_MOVED_TO. */
export function nextCookie(): u32 {
  return ++lastCookie;
}

/** Tell those who watch `inode` itself. */
export function noticeInode(inode: Inode, event: u32): void {
  if (!isWatching) return;
  tell(inode, inode.isDirectory ? event | IN_ISDIR : event, 0, null);
}

/** Tell those who watch directory `parent` about the name `name` of `child` in it. */
export function noticeName(parent: Inode, name: StaticArray<u8>, child: Inode, event: u32, cookie: u32 = 0): void {
  if (!isWatching) return;
  tell(parent, child.isDirectory ? event | IN_ISDIR : event, cookie, name);
}

/** Tell those who watch what `entry` names, and those who watch the directory it is in. */
export function noticeEntry(entry: DirectoryEntry, event: u32): void {
  if (!isWatching) return;
  let inode = entry.inode;
  if (inode === null) return;
  let parent = entry.parent;
  if (parent !== null && !entry.isDeleted) {
    let directory = parent.inode;
    if (directory !== null) noticeName(directory, entry.name, inode, event);
  }
  noticeInode(inode, event);
}

/** As noticeEntry, for the name a file was opened by. */
export function noticeFile(file: File, event: u32): void {
  if (!isWatching) return;
  let path = file.path;
  if (path !== null) noticeEntry(path.entry, event);
  else {
    let inode = file.inode;
    if (inode !== null) noticeInode(inode, event);
  }
}

function tell(inode: Inode, event: u32, cookie: u32, name: StaticArray<u8> | null): void {
  let watches = inode.watches;
  if (watches === null) return;
  let node = watches.first;
  while (node !== null) {
    let next = node.next;
    (node as Watch).happened(event, cookie, name);
    node = next;
  }
}
