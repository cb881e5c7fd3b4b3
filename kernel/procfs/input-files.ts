// /proc/bus/input/devices and /sys/class/input: which input devices there are (Linux drivers/input/input.c).

import { DT_DIR } from "../abi/dirent";
import { ENOENT } from "../abi/errno";
import { Text } from "../lib/text";
import { Bits } from "../input/bits";
import { InputDevice } from "../input/device";
import { deviceAt, deviceLimit, FIRST_EVENT_MINOR, INPUT_MAJOR } from "../input/registry";
import { DirectorySink } from "../vfs/directory-sink";
import { failOpen, Inode } from "../vfs/inode";
import { directoryAt, numberOf, ProcDirectory, ProcFileSystem, TextSource } from "./proc-file-system";
import { registerProcFile, sysRoot } from "./root";

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

/** /sys/class/input: a directory for each device that is there, made when someone looks. */
class DeviceClass extends ProcDirectory {
  override lookup(name: StaticArray<u8>, length: i32): Inode | null {
    let device = deviceNamed(name, length);
    if (device !== null) return folderOf(this.procFileSystem, device);
    failOpen(-ENOENT);
    return null;
  }

  override readNames(sink: DirectorySink, position: u64): i32 {
    let name = new Text(16);
    for (let i = <i32>min<u64>(position, <u64>deviceLimit()); i < deviceLimit(); i++) {
      if (deviceAt(i) === null) continue;
      name
        .clear()
        .string(EVENT)
        .decimal(<u64>i);
      if (!sink.entry(name.address, name.length, FIRST_NUMBER + <u64>i, DT_DIR, <u64>i + 1)) break;
    }
    return 0;
  }
}

const EVENT: string = "event";
/** Directory entries' numbers: the directories are made anew at each look. */
const FIRST_NUMBER: u64 = 0x1000;

/** The device that "eventN" names. */
function deviceNamed(name: StaticArray<u8>, length: i32): InputDevice | null {
  if (length <= EVENT.length || length > name.length) return null;
  for (let i = 0; i < EVENT.length; i++) if (<i32>name[i] != EVENT.charCodeAt(i)) return null;
  let number = StaticArray.slice<u8>(name, EVENT.length, length);
  return deviceAt(numberOf(number, number.length));
}

function folderOf(files: ProcFileSystem, device: InputDevice): ProcDirectory {
  let folder = new ProcDirectory(files);
  folder.addText("dev", new DeviceNumberFile(device.index, false));
  folder.addText("uevent", new DeviceNumberFile(device.index, true));
  let own = new ProcDirectory(files);
  folder.add("device", own);
  own.addText("name", new BytesFile(device.name));
  own.addText("phys", new BytesFile(device.physical));
  own.addText("uniq", new BytesFile(device.unique));
  own.addText("properties", new BitmapFile(device.properties));
  let id = new ProcDirectory(files);
  own.add("id", id);
  id.addText("bustype", new IdFile(device.bus));
  id.addText("vendor", new IdFile(device.vendor));
  id.addText("product", new IdFile(device.product));
  id.addText("version", new IdFile(device.version));
  let capabilities = new ProcDirectory(files);
  own.add("capabilities", capabilities);
  capabilities.addText("ev", new BitmapFile(device.types));
  capabilities.addText("key", new BitmapFile(device.keys));
  capabilities.addText("rel", new BitmapFile(device.relatives));
  capabilities.addText("abs", new BitmapFile(device.absolutes));
  capabilities.addText("msc", new BitmapFile(device.miscellaneous));
  capabilities.addText("led", new BitmapFile(device.leds));
  return folder;
}

export function registerInputFiles(): void {
  registerProcFile("bus/input/devices", new DeviceList());
  directoryAt(sysRoot, "class").add("input", new DeviceClass(sysRoot.procFileSystem));
}
