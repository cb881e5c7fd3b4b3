// A device node /dev/fbN for every screen that is registered, whenever it comes.

import { ENODEV } from "../../abi/errno";
import { addListener, Framebuffer, FramebufferListener, noteOpened } from "../../display/framebuffer";
import { DeviceDriver, registerCharacter } from "../../vfs/devices";
import { File } from "../../vfs/file";
import { failOpen } from "../../vfs/inode";
import { FramebufferFile } from "./framebuffer-file";
import { Screen } from "./screen";

/** Linux Documentation/admin-guide/devices.txt. */
const FRAMEBUFFER_MAJOR: u32 = 29;
/** Nodes that have a name here. */
const NAMES: StaticArray<string> = ["fb0", "fb1", "fb2", "fb3"];

const screens: Array<Screen> = [] as Screen[];

/** The screen of /dev/fb`index`, null when there is none. */
export function screenAt(index: i32): Screen | null {
  return index >= 0 && index < screens.length ? screens[index] : null;
}

/** The name below /dev; empty for one that has none. */
export function framebufferName(index: i32): string {
  return index < NAMES.length ? NAMES[index] : "";
}

class FramebufferDriver extends DeviceDriver {
  override open(minor: u32, flags: u32): File | null {
    let screen = screenAt(<i32>minor);
    if (screen === null) {
      failOpen(-ENODEV);
      return null;
    }
    noteOpened(screen.framebuffer);
    return new FramebufferFile(screen, flags);
  }
}

const driver: FramebufferDriver = new FramebufferDriver();

class NodeMaker extends FramebufferListener {
  override came(framebuffer: Framebuffer): void {
    if (framebuffer.index >= NAMES.length) return;
    screens.push(new Screen(framebuffer));
    registerCharacter(FRAMEBUFFER_MAJOR, <u32>framebuffer.index, NAMES[framebuffer.index], driver, 0o660);
  }

  override modeChanged(framebuffer: Framebuffer): void {
    let screen = screenAt(framebuffer.index);
    if (screen !== null) screen.modeChanged();
  }
}

/** Make the nodes, from now on. */
export function registerFramebufferDevices(): void {
  addListener(new NodeMaker());
}
