// The loader's screen becomes a framebuffer, where no driver has taken its adapter over.

import { Machine } from "../boot/machine";
import { ColorField } from "../display/framebuffer";
import * as framebuffers from "../display/framebuffer";
import { BootDisplay, isTaken } from "../drivers/display/boot-display";
import * as log from "../log/log";

/** After the drivers have started. */
export function useBootScreen(machine: Machine): void {
  let given = machine.framebuffer;
  if (given === null || isTaken(given.physical)) return;
  let display = new BootDisplay();
  let isGood = display.describe(given.physical, given.width, given.height, given.pitch, given.bitsPerPixel);
  if (isGood) {
    isGood = display.setColors(
      new ColorField(given.redShift, given.redBits),
      new ColorField(given.greenShift, given.greenBits),
      new ColorField(given.blueShift, given.blueBits),
    );
  }
  if (isGood) framebuffers.register(display);
  else log.say(log.WARNING, "the boot loader describes a screen that cannot be: it is not used");
}
