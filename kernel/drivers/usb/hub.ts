// USB hubs (USB 2.0 §11.24, USB 3.2 §10.16): their ports are looked at when the status endpoint says so, by the
// controller's thread.

import * as mem from "machine/mem";
import * as log from "../../log/log";
import { waitUninterruptibly } from "../../sched/block";
import * as clock from "../../sched/clock";
import { WaitQueue } from "../../sched/wait";
import { addClassDriver, ClassDriver } from "./classes";
import * as usb from "./usb";
import { InterfaceDriver, UsbDevice, UsbInterface } from "./usb";

const DESCRIPTOR_HUB: u32 = 0x29;
const DESCRIPTOR_SUPER_HUB: u32 = 0x2a;
const DESCRIPTOR_LENGTH: u32 = 12;
const SET_HUB_DEPTH: u32 = 12;
/** Features of a port (USB 2.0 table 11-17). */
const PORT_RESET: u32 = 4;
const PORT_POWER: u32 = 8;
const CHANGE_FIRST: u32 = 16;
/** Change bits that are looked at: connection, enable, suspend, over-current, reset; the last three are USB 3's. */
const CHANGE_COUNT: u32 = 8;
/** A port's status (table 11-21). */
const CONNECTED: u32 = 1;
const ENABLED: u32 = 2;
const LOW_SPEED: u32 = 1 << 9;
const HIGH_SPEED: u32 = 1 << 10;
const CONNECTION_CHANGED: u32 = 1 << 16;
const RESET_CHANGED: u32 = 1 << 20;
/** A route names fifteen ports a hub. */
const PORT_LIMIT: u32 = 15;
const NS_PER_MS: u64 = 1_000_000;
const DEBOUNCE_MS: u64 = 100;
const RESET_TIMEOUT_MS: u64 = 800;
const RESET_RECOVERY_MS: u64 = 10;
const POLL_MS: u64 = 10;
const ATTACH_TRIES: u32 = 3;
/** wHubCharacteristics: the translator's think time. A hub that has one for each port can do with one, unless it is told (§11.23.1). */
const THINK_TIME_SHIFT: u32 = 5;

class Hub extends InterfaceDriver {
  private portCount: u32 = 0;
  /** Ports to look at: bit n is port n; bit 0 the hub itself. Set in interrupts. */
  private changed: u32 = 0;
  private tries: StaticArray<u8> = new StaticArray<u8>(<i32>PORT_LIMIT + 1);
  private readonly naps: WaitQueue = new WaitQueue();

  constructor(
    readonly device: UsbDevice,
    readonly part: UsbInterface,
  ) {
    super();
  }

  override get transferLength(): u32 {
    return this.portCount / 8 + 1;
  }

  /** Bit n for port n. */
  private get allPorts(): u32 {
    let beyond: u32 = 2;
    return (beyond << this.portCount) - 2;
  }

  private nap(milliseconds: u64): void {
    waitUninterruptibly(this.naps, clock.nowNs() + milliseconds * NS_PER_MS);
  }

  override start(): bool {
    let device = this.device;
    let isSuper = device.speed >= usb.SPEED_SUPER;
    let type = isSuper ? DESCRIPTOR_SUPER_HUB : DESCRIPTOR_HUB;
    let moved = device.control(usb.CLASS_FROM_DEVICE, usb.GET_DESCRIPTOR, type << 8, 0, DESCRIPTOR_LENGTH);
    if (moved < 7) return false;
    this.portCount = min(mem.load8(device.buffer + 2), PORT_LIMIT);
    let characteristics = mem.load8(device.buffer + 3) | (mem.load8(device.buffer + 4) << 8);
    let powerGoodMs = <u64>mem.load8(device.buffer + 5) * 2;
    if (this.portCount == 0) return false;
    if (isSuper) device.control(usb.CLASS_TO_DEVICE, SET_HUB_DEPTH, device.depth, 0, 0);
    let thinkTime = device.speed == usb.SPEED_HIGH ? (characteristics >> THINK_TIME_SHIFT) & 3 : 0;
    if (!device.becomeHub(this.portCount, thinkTime)) return false;
    for (let port: u32 = 1; port <= this.portCount; port++) this.setFeature(PORT_POWER, port);
    this.nap(powerGoodMs);
    this.changed = this.allPorts;
    device.wantWork();
    return true;
  }

  /** A bitmap of ports with news. */
  override received(address: u64, length: u32): void {
    let ports = mem.load8(address);
    if (length > 1) ports |= mem.load8(address + 1) << 8;
    this.changed |= ports & this.allPorts;
    this.device.wantWork();
  }

  override work(): void {
    while (this.changed != 0 && !this.device.isGone) {
      let port = ctz(this.changed);
      this.changed &= ~((<u32>1) << port);
      this.checkPort(port);
    }
  }

  override stop(): void {
    this.changed = 0;
  }

  private setFeature(feature: u32, port: u32): i32 {
    return this.device.control(usb.CLASS_TO_PORT, usb.SET_FEATURE, feature, port, 0);
  }

  /** wPortStatus, wPortChange above; -1 when the hub does not say. */
  private status(port: u32): i64 {
    let moved = this.device.control(usb.CLASS_FROM_PORT, usb.GET_STATUS, 0, port, 4);
    return moved == 4 ? <i64>mem.load32(this.device.buffer) : -1;
  }

  private clearChanges(status: u32, port: u32): void {
    for (let i: u32 = 0; i < CHANGE_COUNT; i++) {
      if (((status >> (16 + i)) & 1) == 0) continue;
      // USB 3 numbers its own apart: warm reset 29, link state 25, configuration error 26 (USB 3.2 table 10-9).
      let feature = i < 5 ? CHANGE_FIRST + i : i == 5 ? 29 : i == 6 ? 25 : 26;
      this.device.control(usb.CLASS_TO_PORT, usb.CLEAR_FEATURE, feature, port, 0);
    }
  }

  private checkPort(port: u32): void {
    let found = this.status(port);
    if (found < 0) return;
    let status = <u32>found;
    this.clearChanges(status, port);
    if ((status & CONNECTED) == 0) {
      this.tries[port] = 0;
      this.device.detachChild(port);
      return;
    }
    if ((status & CONNECTION_CHANGED) != 0) {
      this.device.detachChild(port);
      this.tries[port] = 0;
    } else if (this.tries[port] > 0) return;
    while (<u32>this.tries[port] < ATTACH_TRIES && !this.device.isGone) {
      this.tries[port]++;
      if (this.attach(port)) return;
    }
    let line = log.begin(log.WARNING).string("usb: ").array(this.device.path);
    line
      .byte(0x2e)
      .decimal(<u64>port)
      .string(": the device does not work");
    log.end();
  }

  private attach(port: u32): bool {
    this.nap(DEBOUNCE_MS);
    let found = this.status(port);
    if (found < 0 || (<u32>found & CONNECTED) == 0) return false;
    if (this.setFeature(PORT_RESET, port) < 0) return false;
    let deadlineNs = clock.nowNs() + RESET_TIMEOUT_MS * NS_PER_MS;
    do {
      this.nap(POLL_MS);
      found = this.status(port);
      if (found < 0) return false;
    } while ((<u32>found & RESET_CHANGED) == 0 && clock.nowNs() < deadlineNs);
    let status = <u32>found;
    this.clearChanges(status & ~CONNECTION_CHANGED, port);
    if ((status & ENABLED) == 0) return false;
    this.nap(RESET_RECOVERY_MS);
    let speed = usb.SPEED_FULL;
    if (this.device.speed >= usb.SPEED_SUPER) speed = this.device.speed;
    else if ((status & LOW_SPEED) != 0) speed = usb.SPEED_LOW;
    else if ((status & HIGH_SPEED) != 0) speed = usb.SPEED_HIGH;
    return this.device.attachChild(port, speed);
  }
}

class HubDriver extends ClassDriver {
  override match(device: UsbDevice, part: UsbInterface): InterfaceDriver | null {
    return part.classCode == usb.CLASS_HUB && part.endpoint !== null ? new Hub(device, part) : null;
  }
}

export function register(): void {
  addClassDriver(new HubDriver());
}
