// /dev: a file system in memory with a node for every registered device, as Linux's devtmpfs, and the links that programs
// expect there (man 4 fd, Documentation/admin-guide/devices.txt "Compulsory links").

import { Device, DeviceListener, nodeType, setDeviceListener } from "../../vfs/devices";
import { S_IFDIR, S_IFLNK } from "../../vfs/inode";
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
    if (node.begin()) parent.plant(bytesOf(path.substring(slash + 1)), node);
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
}

/** A constant as bytes. */
export function bytesOf(text: string): StaticArray<u8> {
  let bytes = new StaticArray<u8>(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = <u8>text.charCodeAt(i);
  return bytes;
}
