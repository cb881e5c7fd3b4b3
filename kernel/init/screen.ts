// The console on the machine's own screen: the first framebuffer, or a VGA in text mode. It shows the terminal that the
// serial line has, the kernel's lines and panics.

import * as frames from "memory/frames";
import { VERSION } from "../../build/generated/version";
import { LED_CAPSL, LED_NUML, LED_SCROLLL } from "../abi/input-codes";
import { K_OFF, K_RAW, K_UNICODE, K_XLATE } from "../abi/virtual-terminal";
import { BootConfig } from "../boot/config";
import { registerBackend } from "../console/backend";
import { Answers, Painter, wakePainter } from "../console/screen/painter";
import { hasPanicked, PanicSink, usePanicPixels, usePanicText } from "../console/screen/panic-screen";
import { PixelSurface } from "../console/screen/pixel-surface";
import { Screen, ScreenListener } from "../console/screen/screen";
import { Surface } from "../console/screen/surface";
import { findVga, textMemory } from "../console/screen/vga-surface";
import { Terminal } from "../console/terminal/terminal";
import { Tty } from "../console/tty";
import { setVirtualTerminalHooks, VirtualTerminalHooks } from "../console/virtual-terminal";
import { Framebuffer, FramebufferListener } from "../display/framebuffer";
import * as framebuffers from "../display/framebuffer";
import * as keyboard from "../input/keyboard";
import { KeyboardMode } from "../input/keyboard";
import { Text } from "../lib/text";
import * as log from "../log/log";
import { addExitHook, ExitHook } from "../panic/power";
import * as clock from "../sched/clock";
import * as scheduler from "../sched/scheduler";

const NS_PER_MS: u64 = 1_000_000;

let screen: Screen | null = null;
let surface: PixelSurface | null = null;
/** The terminal that is shown; null until there is one. */
let terminal: Tty | null = null;
/** Its size is the host's, not the screen's. */
let isSized: bool = false;
/** A host's terminal is behind the line: it answers queries, so the screen does not. */
let isAnswered: bool = false;

/** The kernel's lines. */
class ScreenSink extends log.LogSink {
  constructor(private readonly screen: Screen) {
    super();
  }

  override write(address: u64, length: u64): void {
    this.screen.writeLines(address, length);
  }

  override panicking(_address: u64, _length: u64): void {
    // PanicSink shows it.
  }
}

class TypeAnswers extends Answers {
  protected override type(byte: u32): void {
    let tty = terminal;
    if (tty !== null && !isAnswered && tty.canReceive) tty.type(byte);
  }
}

class ConsoleScreenListener extends ScreenListener {
  override wanted(): void {
    wakePainter();
  }

  override applicationCursorSet(isOn: bool): void {
    keyboard.setApplicationCursor(isOn);
  }
}

/** The last words of a program are to be seen. */
class DrawAtEnd extends ExitHook {
  override run(): void {
    let shown = screen;
    if (shown !== null && !hasPanicked()) shown.draw();
  }
}

class FramebufferWatcher extends FramebufferListener {
  override came(framebuffer: Framebuffer): void {
    if (framebuffer !== framebuffers.primary()) return;
    let pixels = new PixelSurface(framebuffer);
    if (pixels.columns == 0 || pixels.rows == 0) return;
    surface = pixels;
    usePanicPixels(framebuffer);
    showOn(pixels);
  }

  override opened(framebuffer: Framebuffer): void {
    let shown = screen;
    let pixels = surface;
    if (shown === null || pixels === null || framebuffer !== pixels.framebuffer) return;
    shown.isImmediate = true;
    shown.draw();
  }

  override modeChanged(framebuffer: Framebuffer): void {
    let pixels = surface;
    let shown = screen;
    if (pixels === null || shown === null || framebuffer !== pixels.framebuffer) return;
    pixels.measure();
    usePanicPixels(framebuffer);
    if (!isSized) shown.freeWindow();
    shown.fit();
    tellTerminal();
    // Before whoever set the mode draws.
    if (!shown.isHidden) shown.draw();
  }
}

/** KD_GRAPHICS and KD_TEXT, and what the keyboard gives. */
class ConsoleHooks extends VirtualTerminalHooks {
  override setKeyboardMode(mode: u32): bool {
    if (mode == K_RAW) return false;
    let isText = mode == K_XLATE || mode == K_UNICODE;
    keyboard.setMode(isText ? KeyboardMode.TEXT : mode == K_OFF ? KeyboardMode.OFF : KeyboardMode.MEDIUM_RAW);
    return true;
  }

  override get locks(): u32 {
    let on = keyboard.locks();
    let scroll: u32 = (on >> LED_SCROLLL) & 1;
    return scroll | (((on >> LED_NUML) & 1) << 1) | (((on >> LED_CAPSL) & 1) << 2);
  }

  override setGraphics(isGraphics: bool): void {
    let shown = screen;
    if (shown !== null) shown.hide(isGraphics);
  }
}

/** Show a panic wherever text can be shown. Once, when devices can be mapped. */
export function preparePanicScreen(): void {
  log.addSink(new PanicSink());
  let vga = findVga();
  if (vga !== null) usePanicText(textMemory(), vga.columns, vga.rows);
}

function showOn(to: Surface): void {
  let shown = screen;
  if (shown !== null) {
    shown.moveTo(to);
    tellTerminal();
    return;
  }
  let answers = new TypeAnswers();
  let made = new Screen(new Terminal(to.columns, to.rows, answers), to);
  made.listener = new ConsoleScreenListener();
  screen = made;
  registerBackend(made);
  log.addSink(new ScreenSink(made));
  addExitHook(new DrawAtEnd());
  if (!scheduler.start(new Painter(made, answers))) log.say(log.ERROR, "no memory for the screen's thread");
}

/** The window has the screen's size, where no host says another. */
function tellTerminal(): void {
  let tty = terminal;
  let shown = screen;
  if (tty === null || shown === null || isSized) return;
  let model = shown.terminal;
  tty.resize(<u32>model.columns, <u32>model.rows, shown.surface.widthPixels, shown.surface.heightPixels);
}

/** Find a screen, now or when one comes. */
export function setUpScreen(): void {
  setVirtualTerminalHooks(new ConsoleHooks());
  framebuffers.addListener(new FramebufferWatcher());
  if (screen !== null) return;
  let vga = findVga();
  if (vga !== null) showOn(vga);
}

/** Show this terminal, which a host's terminal may be behind. */
export function showTerminal(tty: Tty, config: BootConfig, isHosted: bool): void {
  terminal = tty;
  isSized = config.isSized;
  isAnswered = isHosted;
  let shown = screen;
  if (shown !== null && isSized) shown.resize(tty.columns, tty.rows);
  tellTerminal();
}

/** One line for whoever looks at the screen: what started, on how much memory, after how long. */
export function greet(): void {
  let shown = screen;
  if (shown === null) return;
  let line = new Text(80).string("eggos ").string(VERSION).string(", ");
  line.decimal((<u64>frames.totalCount() * frames.FRAME_SIZE) >> 20).string(" MB of memory, ready in ");
  line.decimal(clock.nowNs() / NS_PER_MS).string(" ms\r\n");
  shown.write(line.address, <u64>line.length);
  shown.draw();
}

/** Half a screen back (1) or forward (-1): false when there is nothing to look back on. */
export function scrollScreen(direction: i32): bool {
  let shown = screen;
  return shown !== null && shown.scrollView(direction);
}

/** A key was typed: the view goes back to the cursor. */
export function screenTyped(): void {
  let shown = screen;
  if (shown !== null) shown.showCursor();
}
