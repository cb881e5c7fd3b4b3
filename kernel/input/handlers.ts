// Who hears what every device says, beside the files of /dev/input/eventN: the keyboard that types on the console, the
// mouse that is all mice. Handlers register at boot, before the first device.

import { InputDevice } from "./device";

export class InputHandler {
  /** One change; EV_SYN/SYN_REPORT ends a packet. Runs in interrupt handlers: must not block or allocate. */
  changed(_device: InputDevice, _type: u32, _code: u32, _value: i32): void {}

  /** A device came; threads only. One that goes lets its keys come up first. */
  added(_device: InputDevice): void {}

  /** A file took the device for itself: what it does from here on is not heard. */
  grabbed(_device: InputDevice): void {}
}

const handlers: Array<InputHandler> = [] as InputHandler[];

export function addHandler(handler: InputHandler): void {
  handlers.push(handler);
}

export function deliver(device: InputDevice, type: u32, code: u32, value: i32): void {
  for (let i = 0; i < handlers.length; i++) handlers[i].changed(device, type, code, value);
}

export function announce(device: InputDevice): void {
  for (let i = 0; i < handlers.length; i++) handlers[i].added(device);
}

export function announceGrab(device: InputDevice): void {
  for (let i = 0; i < handlers.length; i++) handlers[i].grabbed(device);
}
