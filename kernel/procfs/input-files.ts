// /proc/bus/input/devices and /sys/class/input: which input devices there are (Linux drivers/input/input.c).

import { Text } from "../lib/text";
import { Bits } from "../input/bits";
import { InputDevice } from "../input/device";
import { addHandler, InputHandler } from "../input/handlers";
import { deviceAt, deviceLimit, FIRST_EVENT_MINOR, INPUT_MAJOR } from "../input/registry";
import { decimalString } from "../input/text";
import { removeAt, TextSource } from "./proc-file-system";
import { registerProcFile, registerSysFile, sysRoot } from "./root";

const NEWLINE: u32 = 0x0a;
const SPACE: u32 = 0x20;

/** A bitmap as Linux prints it: 64-bit words in base 16, the highest that is not zero first. */
function bitmap(text: Text, bits: Bits): void {
  let words = bits.bytes.length / 8;
  let hasBegun = false;
  for (let i = words - 1; i >= 0; i--) {
    let word: u64 = 0;
    for (let j = 7; j >= 0; j--) word = (word << 8) | <u64>bits.bytes[i * 8 + j];
    if (word == 0 && !hasBegun && i > 0) continue;
    if (hasBegun) text.byte(SPACE);
    text.hexPadded(word, 0);
    hasBegun = true;
  }
}

class DeviceList extends TextSource {
  override render(text: Text): void {
    for (let i = 0; i < deviceLimit(); i++) {
      let device = deviceAt(i);
      if (device !== null) describe(text, device);
    }
  }
}

function describe(text: Text, device: InputDevice): void {
  text.string("I: Bus=").hexPadded(<u64>device.bus, 4);
  text.string(" Vendor=").hexPadded(<u64>device.vendor, 4);
  text.string(" Product=").hexPadded(<u64>device.product, 4);
  text.string(" Version=").hexPadded(<u64>device.version, 4);
  text.string('\nN: Name="').array(device.name).string('"\nP: Phys=').array(device.physical);
  text
    .string("\nS: Sysfs=/class/input/event")
    .decimal(<u64>device.index)
    .string("/device");
  text.string("\nU: Uniq=").array(device.unique);
  text.string("\nH: Handlers=");
  if (device.leds.has(0)) text.string("kbd ");
  if (device.isMouse) text.string("mouse ");
  text
    .string("event")
    .decimal(<u64>device.index)
    .string(" \nB: PROP=");
  bitmap(text, device.properties);
  text.string("\nB: EV=");
  bitmap(text, device.types);
  capability(text, "KEY", device.keys);
  capability(text, "REL", device.relatives);
  capability(text, "ABS", device.absolutes);
  capability(text, "MSC", device.miscellaneous);
  capability(text, "LED", device.leds);
  text.string("\n\n");
}

function capability(text: Text, name: string, bits: Bits): void {
  if (bits.isEmpty) return;
  text.string("\nB: ").string(name).string("=");
  bitmap(text, bits);
}

class BitmapFile extends TextSource {
  constructor(readonly bits: Bits) {
    super();
  }

  override render(text: Text): void {
    bitmap(text, this.bits);
    text.byte(NEWLINE);
  }
}

class BytesFile extends TextSource {
  constructor(readonly bytes: StaticArray<u8>) {
    super();
  }

  override render(text: Text): void {
    text.array(this.bytes).byte(NEWLINE);
  }
}

class IdFile extends TextSource {
  constructor(readonly value: u32) {
    super();
  }

  override render(text: Text): void {
    text.hexPadded(<u64>this.value, 4).byte(NEWLINE);
  }
}

class DeviceNumberFile extends TextSource {
  constructor(
    readonly index: i32,
    readonly isEvent: bool,
  ) {
    super();
  }

  override render(text: Text): void {
    let minor = FIRST_EVENT_MINOR + <u32>this.index;
    if (!this.isEvent) {
      text
        .decimal(<u64>INPUT_MAJOR)
        .byte(0x3a)
        .decimal(<u64>minor)
        .byte(NEWLINE);
      return;
    }
    text
      .string("MAJOR=")
      .decimal(<u64>INPUT_MAJOR)
      .string("\nMINOR=")
      .decimal(<u64>minor);
    text
      .string("\nDEVNAME=input/event")
      .decimal(<u64>this.index)
      .byte(NEWLINE);
  }
}

/** Keeps /sys/class/input as the devices are. */
class ClassFiles extends InputHandler {
  override added(device: InputDevice): void {
    let folder = folderOf(device.index);
    registerSysFile(folder + "/dev", new DeviceNumberFile(device.index, false));
    registerSysFile(folder + "/uevent", new DeviceNumberFile(device.index, true));
    let own = folder + "/device/";
    registerSysFile(own + "name", new BytesFile(device.name));
    registerSysFile(own + "phys", new BytesFile(device.physical));
    registerSysFile(own + "uniq", new BytesFile(device.unique));
    registerSysFile(own + "properties", new BitmapFile(device.properties));
    registerSysFile(own + "id/bustype", new IdFile(device.bus));
    registerSysFile(own + "id/vendor", new IdFile(device.vendor));
    registerSysFile(own + "id/product", new IdFile(device.product));
    registerSysFile(own + "id/version", new IdFile(device.version));
    registerSysFile(own + "capabilities/ev", new BitmapFile(device.types));
    registerSysFile(own + "capabilities/key", new BitmapFile(device.keys));
    registerSysFile(own + "capabilities/rel", new BitmapFile(device.relatives));
    registerSysFile(own + "capabilities/abs", new BitmapFile(device.absolutes));
    registerSysFile(own + "capabilities/msc", new BitmapFile(device.miscellaneous));
    registerSysFile(own + "capabilities/led", new BitmapFile(device.leds));
  }

  override removed(_device: InputDevice, index: i32): void {
    removeAt(sysRoot, folderOf(index));
  }
}

function folderOf(index: i32): string {
  return "class/input/event" + decimalString(index);
}

export function registerInputFiles(): void {
  registerProcFile("bus/input/devices", new DeviceList());
  addHandler(new ClassFiles());
}
