// evdev's structures and requests: Linux include/uapi/linux/input.h.

/** struct input_event on 64-bit machines: seconds, microseconds, type, code, value. */
export const INPUT_EVENT_SIZE: u64 = 24;
@unmanaged
export class InputEvent {
  seconds: u64;
  microseconds: u64;
  type: u16;
  code: u16;
  value: i32;
}

/** struct input_id. */
export const INPUT_ID_SIZE: u64 = 8;
@unmanaged
export class InputId {
  bus: u16;
  vendor: u16;
  product: u16;
  version: u16;
}

/** struct input_absinfo. */
export const INPUT_ABSINFO_SIZE: u64 = 24;
@unmanaged
export class InputAbsInfo {
  value: i32;
  minimum: i32;
  maximum: i32;
  fuzz: i32;
  flat: i32;
  resolution: i32;
}

/** struct input_mask: type, size of the codes' bitmap, its address. */
export const INPUT_MASK_SIZE: u64 = 16;

/** EV_VERSION. */
export const EV_VERSION: u32 = 0x010001;

/** The parts of a request number: include/uapi/asm-generic/ioctl.h. */
export const IOC_WRITE: u32 = 1;
export const IOC_READ: u32 = 2;
export function requestDirection(request: u32): u32 {
  return request >> 30;
}
export function requestSize(request: u32): u32 {
  return (request >> 16) & 0x3fff;
}
export function requestType(request: u32): u32 {
  return (request >> 8) & 0xff;
}
export function requestNumber(request: u32): u32 {
  return request & 0xff;
}

/** The type of all evdev requests: 'E'. */
export const EVDEV_TYPE: u32 = 0x45;
export const EVIOCGVERSION: u32 = 0x80044501;
export const EVIOCGID: u32 = 0x80084502;
export const EVIOCGREP: u32 = 0x80084503;
export const EVIOCSREP: u32 = 0x40084503;
export const EVIOCGRAB: u32 = 0x40044590;
export const EVIOCREVOKE: u32 = 0x40044591;
export const EVIOCGMASK: u32 = 0x80104592;
export const EVIOCSMASK: u32 = 0x40104593;
export const EVIOCSCLOCKID: u32 = 0x400445a0;
export const EVIOCGEFFECTS: u32 = 0x80044584;
/** Numbers of the requests whose size the caller chooses. */
export const NUMBER_NAME: u32 = 0x06;
export const NUMBER_PHYS: u32 = 0x07;
export const NUMBER_UNIQ: u32 = 0x08;
export const NUMBER_PROP: u32 = 0x09;
export const NUMBER_KEY: u32 = 0x18;
export const NUMBER_LED: u32 = 0x19;
export const NUMBER_SND: u32 = 0x1a;
export const NUMBER_SW: u32 = 0x1b;
export const NUMBER_BIT_FIRST: u32 = 0x20;
export const NUMBER_BIT_LAST: u32 = 0x3f;
export const NUMBER_ABS_FIRST: u32 = 0x40;
export const NUMBER_ABS_LAST: u32 = 0x7f;
export const NUMBER_SET_ABS_FIRST: u32 = 0xc0;
