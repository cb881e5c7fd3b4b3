// A USB host controller of the kind that all machines have today (xHCI 1.2). One thread brings it up, looks at its ports and
// does all that has to wait; the interrupt handler takes events off their ring and hands out what came.
//
// Every wait has an end: halting 100 ms, reset and readiness 1 s, the firmware's farewell 1 s, a command 2 s, a port's reset
// 500 ms, a control transfer 1.5 s. A controller that breaks one of its own is given up, with one line.

import * as mem from "machine/mem";
import * as mmio from "machine/mmio";
import { direct } from "memory/address";
import * as frames from "memory/frames";
import { InterruptHandler } from "../../../interrupt/vectors";
import * as log from "../../../log/log";
import { waitUninterruptibly } from "../../../sched/block";
import * as clock from "../../../sched/clock";
import { start } from "../../../sched/scheduler";
import { Thread } from "../../../sched/thread";
import { WaitQueue } from "../../../sched/wait";
import { PciDevice } from "../../pci/device";
import { PORT_LIMIT, Protocols, readCapabilities } from "./capabilities";
import { XhciDevice } from "./device";
import * as reg from "./registers";
import { Completion, Trb } from "./registers";
import { allocatePage, EventRing, Ring, RING_BLOCKS } from "./ring";

const NS_PER_MS: u64 = 1_000_000;
const HALT_TIMEOUT_MS: u64 = 100;
const RESET_TIMEOUT_MS: u64 = 1000;
const COMMAND_TIMEOUT_MS: u64 = 2000;
const PORT_RESET_TIMEOUT_MS: u64 = 500;
/** A connection counts once it has lasted (USB 2.0 §7.1.7.3). */
const DEBOUNCE_MS: u64 = 100;
/** After a port's reset (USB 2.0 §7.1.7.5). */
const RESET_RECOVERY_MS: u64 = 10;
const SHORT_PATIENCE: i32 = 10;
/** Devices at a time. */
const SLOT_LIMIT: u32 = 64;
/** Events taken in one interrupt: the thread goes on with those of a controller that floods. */
const BURST_LIMIT: i32 = 512;
/** Tries to bring up what is plugged into a port. */
const ATTACH_TRIES: u32 = 3;

export class Xhci {
  private operational: u64 = 0;
  private runtime: u64 = 0;
  private doorbells: u64 = 0;
  private isLargeContext: bool = false;
  isBelow4GB: bool = false;
  private portCount: u32 = 0;
  private slotCount: u32 = 0;
  private protocols: Protocols = new Protocols();
  /** Tries so far to bring up what is in a port. */
  private tries: StaticArray<u8> = new StaticArray<u8>(<i32>PORT_LIMIT + 1);
  private ports: StaticArray<XhciDevice | null> = new StaticArray<XhciDevice | null>(<i32>PORT_LIMIT + 1);
  private devices: StaticArray<XhciDevice | null> = new StaticArray<XhciDevice | null>(<i32>SLOT_LIMIT + 1);
  /** The table of device contexts. */
  private contexts: u64 = 0;
  private commands: Ring | null = null;
  private events: EventRing | null = null;
  inputPhysical: u64 = 0;
  private commandBlock: u64 = 0;
  private commandCode: u32 = 0;
  private commandSlot: u32 = 0;
  private readonly commandWaiting: WaitQueue = new WaitQueue();
  private readonly calls: WaitQueue = new WaitQueue();
  private readonly naps: WaitQueue = new WaitQueue();
  private isCalled: bool = false;
  private havePortsChanged: bool = false;
  /** It broke, or was never up. */
  isDead: bool = false;

  constructor(
    private device: PciDevice,
    private registers: u64,
    /** Bytes of registers: where it says that others are must lie within. */
    private length: u64,
  ) {}

  private read(register: u64): u32 {
    return mmio.read32(this.operational + register);
  }

  private write(register: u64, value: u32): void {
    mmio.write32(this.operational + register, value);
  }

  private write64(register: u64, value: u64): void {
    this.write(register, <u32>value);
    this.write(register + 4, <u32>(value >> 32));
  }

  private writeRuntime64(register: u64, value: u64): void {
    mmio.write32(this.runtime + register, <u32>value);
    mmio.write32(this.runtime + register + 4, <u32>(value >> 32));
  }

  private portRegister(port: u32): u64 {
    return reg.PORTSC + <u64>(port - 1) * reg.PORT_REGISTERS;
  }

  nap(milliseconds: u64): void {
    waitUninterruptibly(this.naps, clock.nowNs() + milliseconds * NS_PER_MS);
  }

  /** Have the thread look round. Runs anywhere. */
  call(): void {
    this.isCalled = true;
    this.calls.wakeAll();
  }

  complain(path: StaticArray<u8>, what: string): void {
    log.begin(log.WARNING).string("usb: ").array(path).string(": ").string(what);
    log.end();
  }

  private giveUp(what: string): bool {
    this.isDead = true;
    log.begin(log.WARNING).string("xhci: the controller ").string(what).string(": it is left alone");
    log.end();
    return false;
  }

  // Bringing it up (§4.2).

  bringUp(): bool {
    let registers = this.registers;
    // The first register is 32 bits wide: the length, a reserved byte, the version.
    this.operational = registers + <u64>(mmio.read32(registers + reg.CAPLENGTH) & 0xff);
    this.runtime = registers + <u64>(mmio.read32(registers + reg.RTSOFF) & ~31);
    this.doorbells = registers + <u64>(mmio.read32(registers + reg.DBOFF) & ~3);
    let structure = mmio.read32(registers + reg.HCSPARAMS1);
    this.slotCount = min(structure & 0xff, SLOT_LIMIT);
    this.portCount = min(structure >> 24, PORT_LIMIT);
    let capabilities = mmio.read32(registers + reg.HCCPARAMS1);
    this.isBelow4GB = (capabilities & reg.HAS_64_BIT) == 0;
    this.isLargeContext = (capabilities & reg.HAS_LARGE_CONTEXTS) != 0;
    if (this.slotCount == 0 || this.portCount == 0) return this.giveUp("has no ports");
    if (!this.isInside()) return this.giveUp("has registers where there are none");
    readCapabilities(registers, this.length, (capabilities >> 16) << 2, this.protocols);
    this.write(reg.USBCMD, this.read(reg.USBCMD) & ~(reg.COMMAND_RUN | reg.COMMAND_INTERRUPTS));
    if (!this.await(reg.USBSTS, reg.STATUS_HALTED, true, HALT_TIMEOUT_MS)) return this.giveUp("does not halt");
    this.write(reg.USBCMD, reg.COMMAND_RESET);
    if (!this.await(reg.USBCMD, reg.COMMAND_RESET, false, RESET_TIMEOUT_MS)) return this.giveUp("does not reset");
    if (!this.await(reg.USBSTS, reg.STATUS_NOT_READY, false, RESET_TIMEOUT_MS)) return this.giveUp("is never ready");
    if ((this.read(reg.PAGESIZE) & reg.PAGE_4K) == 0) return this.giveUp("wants pages other than 4 KB");
    if (!this.allocate()) return this.giveUp("finds no memory");
    this.connect();
    this.write(reg.USBCMD, reg.COMMAND_RUN | reg.COMMAND_INTERRUPTS);
    if (!this.await(reg.USBSTS, reg.STATUS_HALTED, false, HALT_TIMEOUT_MS)) return this.giveUp("does not run");
    if ((capabilities & reg.HAS_PORT_POWER) != 0) this.switchPortsOn();
    return true;
  }

  /** Whether all registers lie in the region. */
  private isInside(): bool {
    let end = this.registers + this.length;
    return (
      this.operational + this.portRegister(this.portCount + 1) <= end &&
      this.runtime + reg.ERDP + 8 <= end &&
      this.doorbells + <u64>(this.slotCount + 1) * 4 <= end
    );
  }

  private await(register: u64, bit: u32, isSet: bool, timeoutMs: u64): bool {
    for (let i = 0; i < SHORT_PATIENCE; i++) if (((this.read(register) & bit) != 0) == isSet) return true;
    let deadlineNs = clock.nowNs() + timeoutMs * NS_PER_MS;
    while (clock.nowNs() < deadlineNs) {
      this.nap(1);
      if (((this.read(register) & bit) != 0) == isSet) return true;
    }
    return false;
  }

  /** Rings, contexts, and the scratch pages that the controller asks for. */
  private allocate(): bool {
    let low = this.isBelow4GB;
    let contexts = allocatePage(low);
    let commands = allocatePage(low);
    let events = allocatePage(low);
    let segments = allocatePage(low);
    let input = allocatePage(low);
    if (contexts == 0 || commands == 0 || events == 0 || segments == 0 || input == 0) return false;
    if (!this.allocateScratch(contexts)) return false;
    this.contexts = direct(contexts);
    this.inputPhysical = input;
    let ring = new Ring(commands);
    this.commands = ring;
    this.events = new EventRing(events);
    mem.store64(direct(segments), events);
    mem.store32(direct(segments) + 8, RING_BLOCKS);
    this.write(reg.CONFIG, this.slotCount);
    this.write64(reg.DCBAAP, contexts);
    this.write64(reg.CRCR, ring.dequeuePointer);
    mmio.write32(this.runtime + reg.ERSTSZ, 1);
    this.writeRuntime64(reg.ERDP, events | reg.HANDLER_BUSY);
    this.writeRuntime64(reg.ERSTBA, segments);
    mmio.write32(this.runtime + reg.IMOD, reg.MODERATION);
    return true;
  }

  /** Scratch pages (§4.20): a list of them is entry 0 of the contexts' table. */
  private allocateScratch(contexts: u64): bool {
    let parameters = mmio.read32(this.registers + reg.HCSPARAMS2);
    let count = ((parameters >> 16) & 0x3e0) | (parameters >> 27);
    if (count == 0) return true;
    // 1023 at most: two pages of addresses.
    let list = frames.allocateContiguous(2, this.isBelow4GB);
    if (list == 0) return false;
    mem.fill(direct(list), 0, 8192);
    for (let i: u32 = 0; i < count; i++) {
      let page = allocatePage(this.isBelow4GB);
      if (page == 0) return false;
      mem.store64(direct(list) + <u64>i * 8, page);
    }
    mem.store64(direct(contexts), list);
    return true;
  }

  private connect(): void {
    let handler = new ControllerInterrupt(this);
    let hasMessage = this.device.prepareMessages() > 0 && this.device.connectMessage(0, handler);
    if (!hasMessage && !this.device.connectInterrupt(handler)) {
      log.say(log.WARNING, "xhci: no interrupt for the controller");
    }
    mmio.write32(this.runtime + reg.IMAN, reg.INTERRUPT_PENDING | reg.INTERRUPT_ENABLE);
  }

  private switchPortsOn(): void {
    for (let port: u32 = 1; port <= this.portCount; port++) {
      let status = this.read(this.portRegister(port));
      if ((status & reg.PORT_POWER) == 0)
        this.write(this.portRegister(port), (status & reg.PORT_KEEP) | reg.PORT_POWER);
    }
  }

  // Events.

  interrupted(): void {
    if ((this.read(reg.USBSTS) & reg.STATUS_INTERRUPT) == 0) return;
    this.write(reg.USBSTS, reg.STATUS_INTERRUPT);
    mmio.write32(this.runtime + reg.IMAN, reg.INTERRUPT_PENDING | reg.INTERRUPT_ENABLE);
    this.takeEvents();
  }

  /** Hand out what came. Runs in interrupt handlers and in the thread. */
  takeEvents(): void {
    let events = this.events;
    if (events === null) return;
    let taken = 0;
    for (; taken < BURST_LIMIT && events.hasEvent; taken++) {
      this.handle(events.parameter, events.status, events.control);
      events.advance();
    }
    if (taken == 0) return;
    this.writeRuntime64(reg.ERDP, events.dequeuePointer | reg.HANDLER_BUSY);
    if (taken == BURST_LIMIT) this.call();
  }

  private handle(parameter: u64, status: u32, control: u32): void {
    let code = status >> 24;
    let slot = control >> 24;
    switch ((control >> 10) & 63) {
      case Trb.TRANSFER_EVENT: {
        let device = slot <= SLOT_LIMIT ? this.devices[slot] : null;
        if (device !== null) device.transferred((control >> 16) & 31, parameter, code, status & 0xff_ffff);
        return;
      }
      case Trb.COMMAND_EVENT:
        if (parameter != this.commandBlock) return;
        this.commandCode = code;
        this.commandSlot = slot;
        this.commandWaiting.wakeAll();
        return;
      case Trb.PORT_EVENT:
        this.havePortsChanged = true;
        this.call();
        return;
      default:
        return;
    }
  }

  // Commands (§4.6). Threads only.

  /** Run a command; how it ended, Completion.NONE when it did not. `control` without kind and cycle. */
  command(kind: Trb, parameter: u64, control: u32): u32 {
    let commands = this.commands;
    if (this.isDead || commands === null) return Completion.NONE;
    this.commandCode = Completion.NONE;
    this.commandBlock = commands.put(kind, parameter, 0, control);
    this.ring(0, 0);
    for (let i = 0; i < SHORT_PATIENCE && this.commandCode == Completion.NONE; i++) this.takeEvents();
    let deadlineNs = clock.nowNs() + COMMAND_TIMEOUT_MS * NS_PER_MS;
    while (this.commandCode == Completion.NONE && clock.nowNs() < deadlineNs) {
      waitUninterruptibly(this.commandWaiting, min(deadlineNs, clock.nowNs() + 100 * NS_PER_MS));
      // An interrupt that was lost is made up for.
      this.takeEvents();
    }
    this.commandBlock = 0;
    if (this.commandCode == Completion.NONE) this.giveUp("does not answer a command");
    return this.commandCode;
  }

  /** Ring a doorbell (§5.6): slot 0 is the controller's. */
  ring(slot: u32, target: u32): void {
    mmio.fence();
    mmio.write32(this.doorbells + <u64>slot * 4, target);
  }

  /** A slot for a device behind a root port; 0 when there is none. */
  enableSlot(rootPort: u32): u32 {
    if (this.command(Trb.ENABLE_SLOT, 0, (<u32>this.protocols.slotTypes[rootPort]) << 16) != Completion.SUCCESS)
      return 0;
    return this.commandSlot <= this.slotCount ? this.commandSlot : 0;
  }

  setDevice(slot: u32, device: XhciDevice, contextPhysical: u64): void {
    this.devices[slot] = device;
    mem.store64(this.contexts + <u64>slot * 8, contextPhysical);
  }

  /** Whether the controller lets go of the slot's memory. */
  disableSlot(slot: u32): bool {
    this.devices[slot] = null;
    let isDone = this.command(Trb.DISABLE_SLOT, 0, slot << 24) == Completion.SUCCESS;
    if (isDone) mem.store64(this.contexts + <u64>slot * 8, 0);
    return isDone;
  }

  // The input context: one for all commands, which run one after the other.

  private get contextSize(): u64 {
    return this.isLargeContext ? 64 : 32;
  }

  clearInput(): void {
    mem.zeroPage(direct(this.inputPhysical));
  }

  /** The context in it: 0 is the slot's, then the endpoints'. */
  inputContext(index: u32): u64 {
    return direct(this.inputPhysical) + <u64>(index + 1) * this.contextSize;
  }

  /** The command is to take this one (§6.2.5.1). */
  addInput(index: u32): void {
    let flags = direct(this.inputPhysical) + 4;
    mem.store32(flags, mem.load32(flags) | ((<u32>1) << index));
  }

  // Ports.

  /** The thread's turns; returns when the controller is given up. */
  serve(): void {
    this.nap(DEBOUNCE_MS);
    this.havePortsChanged = true;
    while (!this.isDead) {
      if ((this.read(reg.USBSTS) & (reg.STATUS_SYSTEM_ERROR | reg.STATUS_CONTROLLER_ERROR)) != 0) {
        this.giveUp("reports an error of its own");
        break;
      }
      if (this.havePortsChanged) {
        this.havePortsChanged = false;
        for (let port: u32 = 1; port <= this.portCount && !this.isDead; port++) this.checkPort(port);
        continue;
      }
      this.isCalled = false;
      this.takeEvents();
      if (this.runWork() || this.isCalled || this.havePortsChanged) continue;
      waitUninterruptibly(this.calls);
    }
    for (let port: u32 = 1; port <= this.portCount; port++) this.detachPort(port);
  }

  private runWork(): bool {
    let hasWorked = false;
    for (let slot: u32 = 1; slot <= this.slotCount; slot++) {
      let device = this.devices[slot];
      if (device !== null && device.runWork()) hasWorked = true;
    }
    return hasWorked;
  }

  private detachPort(port: u32): void {
    let device = this.ports[port];
    this.ports[port] = null;
    if (device !== null) device.detach();
  }

  private checkPort(port: u32): void {
    let register = this.portRegister(port);
    let status = this.read(register);
    let changes = status & reg.PORT_CHANGES;
    if (changes != 0) this.write(register, (status & reg.PORT_KEEP) | changes);
    let hadConnectionChange = (changes & (1 << 17)) != 0;
    if ((status & reg.PORT_CONNECTED) == 0) {
      this.tries[port] = 0;
      this.detachPort(port);
      return;
    }
    if (this.ports[port] !== null) {
      if (!hadConnectionChange) return;
      // Out and in again between two looks.
      this.detachPort(port);
      this.tries[port] = 0;
    }
    while (<u32>this.tries[port] < ATTACH_TRIES && !this.isDead) {
      this.tries[port]++;
      if (this.attachPort(port)) return;
      if ((this.read(register) & reg.PORT_CONNECTED) == 0) return;
      if (<u32>this.tries[port] < ATTACH_TRIES) continue;
      log
        .begin(log.WARNING)
        .string("usb: ")
        .decimal(<u64>port)
        .string(": the device does not work");
      log.end();
    }
  }

  /** Bring up what is plugged into a root port. */
  private attachPort(port: u32): bool {
    let register = this.portRegister(port);
    let began = this.read(register);
    if (!this.protocols.isSuperSpeed(port)) {
      this.nap(DEBOUNCE_MS);
      began = this.read(register);
      if ((began & reg.PORT_CONNECTED) == 0) return false;
    }
    if (!this.protocols.isSuperSpeed(port) || (began & reg.PORT_ENABLED) == 0) {
      let kind = this.protocols.isSuperSpeed(port) ? reg.PORT_WARM_RESET : reg.PORT_RESET;
      this.write(register, (began & reg.PORT_KEEP) | kind);
      if (!this.await(register, reg.PORT_RESET_CHANGED, true, PORT_RESET_TIMEOUT_MS)) return false;
    }
    this.nap(RESET_RECOVERY_MS);
    let status = this.read(register);
    this.write(register, (status & reg.PORT_KEEP) | (status & reg.PORT_CHANGES & ~(1 << 17)));
    if ((status & reg.PORT_ENABLED) == 0) return false;
    let device = new XhciDevice(this, null, port, 0, reg.portSpeed(status));
    this.ports[port] = device;
    if (device.attach()) return true;
    this.detachPort(port);
    return false;
  }
}

class ControllerInterrupt extends InterruptHandler {
  constructor(private controller: Xhci) {
    super();
  }

  override handle(): void {
    this.controller.interrupted();
  }
}

class ControllerThread extends Thread {
  constructor(private controller: Xhci) {
    super();
    let name = "usb";
    for (let i = 0; i < name.length; i++) this.name[i] = <u8>name.charCodeAt(i);
  }

  override main(): void {
    if (this.controller.bringUp()) this.controller.serve();
  }
}

/** Start a controller whose `length` bytes of registers are mapped: its thread does the rest. */
export function startController(device: PciDevice, registers: u64, length: u64): bool {
  return length > reg.RTSOFF && start(new ControllerThread(new Xhci(device, registers, length)));
}
