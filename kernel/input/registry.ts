// The machine's input devices, as they come and go. Threads only: nodes of /dev are made and removed.

import { ENODEV, ENXIO } from "../abi/errno";
import { DeviceDriver, registerCharacter, unregisterCharacter } from "../vfs/devices";
import { File } from "../vfs/file";
import { failOpen } from "../vfs/inode";
import { InputDevice } from "./device";
import { EventFile } from "./event-file";
import { announce } from "./handlers";
import { decimalString } from "./text";

/** Linux Documentation/admin-guide/devices.txt: major 13, event devices from minor 64 on. */
export const INPUT_MAJOR: u32 = 13;
export const FIRST_EVENT_MINOR: u32 = 64;
/** Minors that there are. */
const DEVICE_LIMIT: i32 = 32;

const devices: StaticArray<InputDevice | null> = new StaticArray<InputDevice | null>(DEVICE_LIMIT);

class EventDriver extends DeviceDriver {
  override open(minor: u32, flags: u32): File | null {
    let device = deviceAt(<i32>(minor - FIRST_EVENT_MINOR));
    if (device !== null) return new EventFile(device, flags);
    failOpen(-ENXIO);
    return null;
  }
}

const driver = new EventDriver();

/** One past the highest N of /dev/input/eventN there can be. */
export function deviceLimit(): i32 {
  return DEVICE_LIMIT;
}

/** The device behind /dev/input/event`index`. */
export function deviceAt(index: i32): InputDevice | null {
  return index >= 0 && index < DEVICE_LIMIT ? devices[index] : null;
}

/** Make a device known. 0, or -ENODEV when there are too many. */
export function register(device: InputDevice): i32 {
  for (let index = 0; index < DEVICE_LIMIT; index++) {
    if (devices[index] !== null) continue;
    devices[index] = device;
    device.begin(index);
    registerCharacter(INPUT_MAJOR, FIRST_EVENT_MINOR + <u32>index, nodeName(index), driver, 0o660);
    announce(device);
    return 0;
  }
  return -ENODEV;
}

/** The device was unplugged: its keys come up, its files end, its node goes. */
export function unregister(device: InputDevice): void {
  let index = device.index;
  if (index < 0) return;
  device.end();
  devices[index] = null;
  unregisterCharacter(INPUT_MAJOR, FIRST_EVENT_MINOR + <u32>index);
}

function nodeName(index: i32): string {
  return "input/event" + decimalString(index);
}
