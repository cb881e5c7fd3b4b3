// The display adapter of Bochs and QEMU (`-device VGA`, `-device bochs-display`): linear video memory in region 0, and the
// VBE "DISPI" registers, in region 2 or, on older ones, at two ports (QEMU docs/specs/standard-vga.rst).
//
//   region 2   0x000  EDID
//              0x400  VGA ports 0x3c0–0x3df
//              0x500  DISPI registers, 16 bits each

import * as mmio from "machine/mmio";
import * as port from "machine/port";
import * as pageTables from "memory/page-tables";
import { EINVAL } from "../../abi/errno";
import { bytesPerPixel, Framebuffer } from "../../display/framebuffer";
import * as framebuffers from "../../display/framebuffer";
import * as bus from "../pci/bus";
import { PciDriver } from "../pci/bus";
import { PciDevice } from "../pci/device";
import * as clock from "../../sched/clock";
import * as edid from "./edid";
import { Retrace, StatusRegister } from "./retrace";

const VENDOR: u32 = 0x1234;
const DEVICE: u32 = 0x1111;

const VIDEO_MEMORY: i32 = 0;
const REGISTERS: i32 = 2;
const VGA_PORTS: u64 = 0x400;
const DISPI: u64 = 0x500;
const DISPI_INDEX_PORT: u32 = 0x1ce;
const DISPI_DATA_PORT: u32 = 0x1cf;

/** DISPI registers (Bochs iodev/display/vga.h). */
const ID: u32 = 0;
const X_RESOLUTION: u32 = 1;
const Y_RESOLUTION: u32 = 2;
const DEPTH: u32 = 3;
const ENABLE: u32 = 4;
const BANK: u32 = 5;
const VIRTUAL_WIDTH: u32 = 6;
const X_OFFSET: u32 = 8;
const Y_OFFSET: u32 = 9;
const MEMORY_64K: u32 = 10;

/** The version, which the low four bits of ID count. */
const ID_MASK: u32 = 0xfff0;
const ID_VALUE: u32 = 0xb0c0;
const DISABLED: u32 = 0;
const ENABLED: u32 = 0x01;
const LINEAR: u32 = 0x40;
/** Offsets are 16 bits. */
const LAST_ROW: u32 = 0xffff;

/** The VGA attribute controller's index port: bit 5 puts the picture on the screen. */
const ATTRIBUTE: u32 = 0x3c0;
const INPUT_STATUS: u32 = 0x3da;
const SHOW: u32 = 0x20;

const DEFAULT_WIDTH: u32 = 1024;
const DEFAULT_HEIGHT: u32 = 768;

class StatusPort extends StatusRegister {
  constructor(private readonly registers: u64) {
    super();
  }

  override read(): u32 {
    if (this.registers == 0) return port.in8(INPUT_STATUS);
    return mmio.read8(this.registers + VGA_PORTS + <u64>(INPUT_STATUS - ATTRIBUTE));
  }
}

export class BochsDisplay extends Framebuffer {
  private readonly retrace: Retrace;

  /** `registers`: kernel-virtual address of region 2, 0 when there is none and the ports are used. */
  constructor(
    private readonly registers: u64,
    physical: u64,
    kernelAddress: u64,
    sizeBytes: u64,
  ) {
    super();
    this.retrace = new Retrace(new StatusPort(registers));
    this.physical = physical;
    this.kernelAddress = kernelAddress;
    this.sizeBytes = sizeBytes;
  }

  override get name(): string {
    return "bochs";
  }

  override get hasModes(): bool {
    return true;
  }

  /** Whether the registers answer. Takes the device's word for how much memory there is, if that is less. */
  probe(): bool {
    if ((this.read(ID) & ID_MASK) != ID_VALUE) return false;
    let bytes = (<u64>this.read(MEMORY_64K)) << 16;
    if (bytes != 0 && bytes < this.sizeBytes) this.sizeBytes = bytes;
    return true;
  }

  /** The monitor's resolution, or one that every monitor has. False when the device shows neither. */
  setFirstMode(): bool {
    if (this.registers != 0 && edid.readPreferred(this.registers)) {
      if (this.setMode(edid.preferredWidth, edid.preferredHeight, 32) == 0) return true;
    }
    return this.setMode(DEFAULT_WIDTH, DEFAULT_HEIGHT, 32) == 0;
  }

  override pan(yPixels: u32): i32 {
    if (yPixels > this.rows - this.heightPixels || yPixels > LAST_ROW) return -EINVAL;
    this.write(Y_OFFSET, yPixels);
    this.firstRow = yPixels;
    return 0;
  }

  override nextRefreshNs(nowNs: u64): u64 {
    if (!this.retrace.measure()) return super.nextRefreshNs(nowNs);
    this.refreshNs = this.retrace.periodNs;
    return this.retrace.beforeNext(clock.nowNs());
  }

  override awaitRefresh(): void {
    if (this.retrace.periodNs != 0) this.retrace.await();
  }

  override blank(isBlank: bool): i32 {
    this.showPicture(!isBlank);
    this.isBlanked = isBlank;
    return 0;
  }

  protected override hasDepth(bits: u32): bool {
    return bits == 32 || bits == 24 || bits == 16 || bits == 15;
  }

  protected override program(width: u32, height: u32, bits: u32, rows: u32): i32 {
    if (!this.setRegisters(width, height, bits)) {
      if (this.widthPixels != 0) this.setRegisters(this.widthPixels, this.heightPixels, this.bitsPerPixel);
      return -EINVAL;
    }
    // What memory there is costs nothing: all of it can be panned over.
    let stride = width * bytesPerPixel(bits);
    let most = this.sizeBytes / <u64>stride;
    this.note(width, height, bits, stride, max<u32>(rows, <u32>min<u64>(most, <u64>LAST_ROW)));
    this.clear();
    this.showPicture(true);
    this.isBlanked = false;
    return 0;
  }

  /** False when the device has taken something else: a depth or a width that it does not have. */
  private setRegisters(width: u32, height: u32, bits: u32): bool {
    this.write(ENABLE, DISABLED);
    this.write(X_RESOLUTION, width);
    this.write(Y_RESOLUTION, height);
    this.write(DEPTH, bits);
    this.write(BANK, 0);
    this.write(ENABLE, ENABLED | LINEAR);
    this.write(VIRTUAL_WIDTH, width);
    this.write(X_OFFSET, 0);
    this.write(Y_OFFSET, 0);
    return (
      this.read(X_RESOLUTION) == width &&
      this.read(Y_RESOLUTION) == height &&
      this.read(DEPTH) == bits &&
      this.read(VIRTUAL_WIDTH) == width
    );
  }

  /** The attribute controller blanks the screen while its registers are set, and from reset on. */
  private showPicture(isShown: bool): void {
    let value = isShown ? SHOW : 0;
    if (this.registers != 0) {
      // Reading the status makes the next write an index, not data.
      mmio.read8(this.registers + VGA_PORTS + <u64>(INPUT_STATUS - ATTRIBUTE));
      mmio.write8(this.registers + VGA_PORTS, value);
      return;
    }
    port.in8(INPUT_STATUS);
    port.out8(ATTRIBUTE, value);
  }

  private read(register: u32): u32 {
    if (this.registers != 0) return mmio.read16(this.registers + DISPI + <u64>(register * 2));
    port.out16(DISPI_INDEX_PORT, register);
    return port.in16(DISPI_DATA_PORT);
  }

  private write(register: u32, value: u32): void {
    if (this.registers != 0) {
      mmio.write16(this.registers + DISPI + <u64>(register * 2), value);
      return;
    }
    port.out16(DISPI_INDEX_PORT, register);
    port.out16(DISPI_DATA_PORT, value);
  }
}

class BochsDriver extends PciDriver {
  get name(): string {
    return "bochs-display";
  }

  matches(device: PciDevice): bool {
    return device.vendor == VENDOR && device.device == DEVICE;
  }

  start(device: PciDevice): bool {
    device.enable();
    let physical = device.memoryAddress(VIDEO_MEMORY);
    let size = device.memorySize(VIDEO_MEMORY);
    if (physical == 0 || size == 0) return false;
    let address = pageTables.mapDevice(physical, size, pageTables.WRITE_COMBINING);
    if (address == 0) return false;
    let display = new BochsDisplay(device.map(REGISTERS), physical, address, size);
    if (!display.probe() || !display.setFirstMode()) return false;
    framebuffers.register(display);
    return true;
  }
}

/** Make the driver known. */
export function register(): void {
  bus.addDriver(new BochsDriver());
}
