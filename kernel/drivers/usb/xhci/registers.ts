// Registers, request blocks and contexts of an xHCI controller, by their sections in "eXtensible Host Controller Interface
// for USB", revision 1.2.

// Capability registers (§5.3).
export const CAPLENGTH: u64 = 0x00;
export const HCSPARAMS1: u64 = 0x04;
export const HCSPARAMS2: u64 = 0x08;
export const HCCPARAMS1: u64 = 0x10;
export const DBOFF: u64 = 0x14;
export const RTSOFF: u64 = 0x18;
/** HCCPARAMS1: 64-bit addresses, 64-byte contexts, port power switches. */
export const HAS_64_BIT: u32 = 1;
export const HAS_LARGE_CONTEXTS: u32 = 4;
export const HAS_PORT_POWER: u32 = 8;

// Operational registers (§5.4).
export const USBCMD: u64 = 0x00;
export const USBSTS: u64 = 0x04;
export const PAGESIZE: u64 = 0x08;
export const CRCR: u64 = 0x18;
export const DCBAAP: u64 = 0x30;
export const CONFIG: u64 = 0x38;
export const PORTSC: u64 = 0x400;
export const PORT_REGISTERS: u64 = 0x10;

export const COMMAND_RUN: u32 = 1;
export const COMMAND_RESET: u32 = 2;
export const COMMAND_INTERRUPTS: u32 = 4;
export const STATUS_HALTED: u32 = 1;
export const STATUS_SYSTEM_ERROR: u32 = 4;
export const STATUS_INTERRUPT: u32 = 8;
export const STATUS_NOT_READY: u32 = 0x800;
export const STATUS_CONTROLLER_ERROR: u32 = 0x1000;
export const PAGE_4K: u32 = 1;

// A port's status and control (§5.4.8).
export const PORT_CONNECTED: u32 = 1;
export const PORT_ENABLED: u32 = 2;
export const PORT_RESET: u32 = 1 << 4;
export const PORT_POWER: u32 = 1 << 9;
export const PORT_RESET_CHANGED: u32 = 1 << 21;
export const PORT_WARM_RESET: u32 = 0x8000_0000;
/** All change bits: cleared by writing ones. */
export const PORT_CHANGES: u32 = 0x00fe_0000;
/** What a write must keep: power, indicators, wake enables. Everything else is left alone by zeros. */
export const PORT_KEEP: u32 = 0x0e00_c200;
export function portSpeed(status: u32): u32 {
  return (status >> 10) & 15;
}

// Interrupter 0 in the runtime registers (§5.5.2).
export const IMAN: u64 = 0x20;
export const IMOD: u64 = 0x24;
export const ERSTSZ: u64 = 0x28;
export const ERSTBA: u64 = 0x30;
export const ERDP: u64 = 0x38;
export const INTERRUPT_PENDING: u32 = 1;
export const INTERRUPT_ENABLE: u32 = 2;
/** The handler is busy: cleared by writing one (§5.5.2.3.3). */
export const HANDLER_BUSY: u64 = 8;
/** At most one interrupt in 250 µs: units of 250 ns. */
export const MODERATION: u32 = 1000;

// Extended capabilities (§7).
export const CAPABILITY_LEGACY: u32 = 1;
export const CAPABILITY_PROTOCOL: u32 = 2;
export const BIOS_OWNS: u32 = 1 << 16;
export const SYSTEM_OWNS: u32 = 1 << 24;
/** USBLEGCTLSTS (§7.1.2): what is kept while all system management interrupts go off, and the events cleared. */
export const LEGACY_KEEP: u32 = 0x000e_1fee;
export const LEGACY_EVENTS: u32 = 0xe000_0000;

// Request blocks (§6.4): parameter 8, status 4, control 4.
export const TRB_SIZE: u64 = 16;
export const CYCLE: u32 = 1;
/** Link: the next segment begins the other cycle. */
export const TOGGLE_CYCLE: u32 = 2;
/** An event for a transfer that comes out short; for one that is complete. */
export const ON_SHORT: u32 = 1 << 2;
export const CHAIN: u32 = 1 << 4;
export const ON_COMPLETION: u32 = 1 << 5;
/** The parameter is the data. */
export const IMMEDIATE: u32 = 1 << 6;
export const DATA_IN: u32 = 1 << 16;

/** Kinds, bits 15 to 10 of control (§6.4.6). */
export const enum Trb {
  NORMAL = 1,
  SETUP = 2,
  DATA = 3,
  STATUS = 4,
  LINK = 6,
  ENABLE_SLOT = 9,
  DISABLE_SLOT = 10,
  ADDRESS_DEVICE = 11,
  CONFIGURE_ENDPOINT = 12,
  EVALUATE_CONTEXT = 13,
  RESET_ENDPOINT = 14,
  STOP_ENDPOINT = 15,
  SET_DEQUEUE = 16,
  TRANSFER_EVENT = 32,
  COMMAND_EVENT = 33,
  PORT_EVENT = 34,
}

/** How a transfer or command ended (§6.4.5). */
export const enum Completion {
  NONE = 0,
  SUCCESS = 1,
  STALL = 6,
  SHORT_PACKET = 13,
  STOPPED = 26,
  STOPPED_INVALID = 27,
  STOPPED_SHORT = 28,
}

/** Endpoint types of an endpoint context (§6.2.3). */
export const ENDPOINT_CONTROL: u32 = 4;
export const ENDPOINT_INTERRUPT_IN: u32 = 7;
