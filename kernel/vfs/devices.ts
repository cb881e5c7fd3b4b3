// Device drivers by number: what opening a character or block device node reaches. Numbers are Linux's
// (Documentation/admin-guide/devices.txt). /dev shows what is registered (fs/devfs).

import { ENXIO } from "../abi/errno";
import { deviceMajor, deviceMinor, makeDevice } from "../abi/stat";
import { File } from "./file";
import { failOpen, Inode, S_IFBLK, S_IFCHR, S_IFMT } from "./inode";

/** Behind one device number, or a range of minors. */
export class DeviceDriver {
  /** A new open file description, or null with the reason in failOpen. `minor` is the node's. */
  open(_minor: u32, _flags: u32): File | null {
    failOpen(-ENXIO);
    return null;
  }
}

/** A registered device and how /dev names it. */
export class Device {
  constructor(
    public isBlock: bool,
    public major: u32,
    public minor: u32,
    /** Path below /dev: "null", "input/event0". Empty: no node is made. */
    public name: string,
    public driver: DeviceDriver,
    public permissions: u32,
  ) {}

  get number(): u64 {
    return makeDevice(this.major, this.minor);
  }
}

/** Told when a device comes or goes: /dev makes a node, or takes it away. */
export class DeviceListener {
  added(_device: Device): void {}
  removed(_device: Device): void {}
}

/** All devices. */
export const devices: Array<Device> = [] as Device[];
let listener: DeviceListener = new DeviceListener();

/** Make a character device known; its node in /dev gets `permissions`. */
export function registerCharacter(
  major: u32,
  minor: u32,
  name: string,
  driver: DeviceDriver,
  permissions: u32 = 0o666,
): void {
  register(new Device(false, major, minor, name, driver, permissions));
}

export function registerBlock(
  major: u32,
  minor: u32,
  name: string,
  driver: DeviceDriver,
  permissions: u32 = 0o660,
): void {
  register(new Device(true, major, minor, name, driver, permissions));
}

/** A character device is gone, and its node with it. Files that are open on it are its driver's matter. */
export function unregisterCharacter(major: u32, minor: u32): void {
  for (let i = 0; i < devices.length; i++) {
    let device = devices[i];
    if (device.isBlock || device.major != major || device.minor != minor) continue;
    devices.splice(i, 1);
    listener.removed(device);
    return;
  }
}

/** Who makes the nodes: told about all devices so far, and about each new one. */
export function setDeviceListener(newListener: DeviceListener): void {
  listener = newListener;
  for (let i = 0; i < devices.length; i++) listener.added(devices[i]);
}

/** Open what a device node stands for. */
export function openDevice(inode: Inode, flags: u32): File | null {
  let major = deviceMajor(inode.device);
  let minor = deviceMinor(inode.device);
  let isBlock = (inode.mode & S_IFMT) == S_IFBLK;
  for (let i = 0; i < devices.length; i++) {
    let device = devices[i];
    if (device.major == major && device.minor == minor && device.isBlock == isBlock) {
      return device.driver.open(minor, flags);
    }
  }
  failOpen(-ENXIO);
  return null;
}

/** The type bits of a device's node. */
export function nodeType(device: Device): u32 {
  return device.isBlock ? S_IFBLK : S_IFCHR;
}

function register(device: Device): void {
  devices.push(device);
  listener.added(device);
}
