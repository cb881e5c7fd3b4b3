// /dev: a file system in memory with a node for every registered device, as Linux's devtmpfs, and the links that programs
// expect there (man 4 fd, Documentation/admin-guide/devices.txt "Compulsory links").

import { IN_CREATE, IN_DELETE, IN_DELETE_SELF } from "../../abi/inotify";
import { Device, DeviceListener, nodeType, setDeviceListener } from "../../vfs/devices";
import { DirectoryEntry } from "../../vfs/directory-entry";
import * as cache from "../../vfs/entry-cache";
import { S_IFDIR, S_IFLNK } from "../../vfs/inode";
import { noticeInode, noticeName } from "../../vfs/notify";
import { bytesAddress } from "memory/address";
import { TmpDirectory } from "../tmpfs/directory";
import { TmpInode, TmpSymbolicLink } from "../tmpfs/inode";
import { Tmpfs } from "../tmpfs/tmpfs";
import { registerMemoryDevices } from "./memory-devices";

const SLASH: i32 = 0x2f;

export class DevFs extends Tmpfs {
  constructor() {
    super(0o755);
    this.addLink("fd", "/proc/self/fd");
    this.addLink("stdin", "/proc/self/fd/0");
    this.addLink("stdout", "/proc/self/fd/1");
    this.addLink("stderr", "/proc/self/fd/2");
    this.directory("shm");
    this.directory("pts");
    this.directory("input");
    registerMemoryDevices();
    setDeviceListener(new NodeMaker(this));
  }

  override get kind(): string {
    return "devtmpfs";
  }

  /** Make a node for a device. */
  addNode(device: Device): void {
    let path = device.name;
    let slash = path.lastIndexOf("/");
    let parent = slash < 0 ? this.top() : this.directory(path.substring(0, slash));
    let node = new TmpInode(this, nodeType(device) | device.permissions);
    node.device = device.number;
    if (!node.begin()) return;
    let name = bytesOf(path.substring(slash + 1));
    parent.plant(name, node);
    // Who looked for it before it came left word that it does not exist.
    let entry = cachedEntry(parent, name);
    if (entry !== null) cache.becomePositive(entry, node);
    noticeName(parent, name, node, IN_CREATE);
  }

  /** Take a device's node away; files that are open on it stay as they are. */
  removeNode(device: Device): void {
    let path = device.name;
    let slash = path.lastIndexOf("/");
    let parent = slash < 0 ? this.top() : this.directory(path.substring(0, slash));
    let name = bytesOf(path.substring(slash + 1));
    let node = parent.lookup(name, name.length);
    if (node === null || node.device != device.number) return;
    node.use();
    parent.unlink(name, name.length, node);
    let entry = cachedEntry(parent, name);
    if (entry !== null) cache.forget(entry);
    noticeInode(node, IN_DELETE_SELF);
    noticeName(parent, name, node, IN_DELETE);
    node.unuse();
  }

  /** The directory of a path below /dev, made where it is missing. */
  directory(path: string): TmpDirectory {
    let parent = this.top();
    let start = 0;
    for (let i = 0; i <= path.length; i++) {
      if (i < path.length && path.charCodeAt(i) != SLASH) continue;
      let name = bytesOf(path.substring(start, i));
      start = i + 1;
      let found = parent.lookup(name, name.length);
      if (found !== null) parent = found as TmpDirectory;
      else {
        let made = this.newDirectory(S_IFDIR | 0o755);
        made.begin();
        parent.plant(name, made);
        parent = made;
      }
    }
    return parent;
  }

  private addLink(name: string, target: string): void {
    let link = new TmpSymbolicLink(this, S_IFLNK | 0o777, bytesOf(target));
    if (link.begin()) this.top().plant(bytesOf(name), link);
  }

  private top(): TmpDirectory {
    return this.root() as TmpDirectory;
  }
}

class NodeMaker extends DeviceListener {
  constructor(private files: DevFs) {
    super();
  }

  override added(device: Device): void {
    if (device.name.length > 0) this.files.addNode(device);
  }

  override removed(device: Device): void {
    if (device.name.length > 0) this.files.removeNode(device);
  }
}

/** What the entry cache knows of a name in a directory. */
function cachedEntry(parent: TmpDirectory, name: StaticArray<u8>): DirectoryEntry | null {
  let directory = parent.directoryEntry;
  if (directory === null) return null;
  return cache.find(directory, bytesAddress(name), name.length, cache.hashName(name, name.length));
}

/** A constant as bytes. */
export function bytesOf(text: string): StaticArray<u8> {
  let bytes = new StaticArray<u8>(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = <u8>text.charCodeAt(i);
  return bytes;
}
