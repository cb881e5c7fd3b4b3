// The pair of 8259s that every PC still has (8259A data sheet): moved out of the exceptions' way and masked for good.

import * as port from "machine/port";
import { LEGACY_VECTORS } from "./vectors";

const MASTER_COMMAND: u32 = 0x20;
const MASTER_DATA: u32 = 0x21;
const SLAVE_COMMAND: u32 = 0xa0;
const SLAVE_DATA: u32 = 0xa1;
const INITIALIZE: u32 = 0x11; // ICW1: cascade, ICW4 follows
const MODE_8086: u32 = 0x01; // ICW4
const SLAVE_LINE: u32 = 2;

export function disable(): void {
  port.out8(MASTER_COMMAND, INITIALIZE);
  port.out8(SLAVE_COMMAND, INITIALIZE);
  port.out8(MASTER_DATA, LEGACY_VECTORS);
  port.out8(SLAVE_DATA, LEGACY_VECTORS + 8);
  port.out8(MASTER_DATA, 1 << SLAVE_LINE);
  port.out8(SLAVE_DATA, SLAVE_LINE);
  port.out8(MASTER_DATA, MODE_8086);
  port.out8(SLAVE_DATA, MODE_8086);
  port.out8(MASTER_DATA, 0xff);
  port.out8(SLAVE_DATA, 0xff);
}
