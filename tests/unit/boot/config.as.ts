// The boot configuration read from texts that the test hands over.

import { bytesAddress } from "memory/address";
import { BootConfig } from "../../../kernel/boot/config";

const buffer = new StaticArray<u8>(8192);
let config = new BootConfig();

export function bufferAddress(): u64 {
  return bytesAddress(buffer);
}
export function restart(): void {
  config = new BootConfig();
}
export function read(length: i32): void {
  config.read(StaticArray.slice<u8>(buffer, 0, length));
}

function join(list: Array<StaticArray<u8>>): i32 {
  let at = 0;
  for (let i = 0; i < list.length; i++) {
    if (i > 0) buffer[at++] = 0x0a;
    for (let j = 0; j < list[i].length; j++) buffer[at++] = list[i][j];
  }
  return at;
}

/** A variable for those that do not say otherwise: the buffer's first bytes. */
export function addDefault(length: i32): void {
  config.addDefault(StaticArray.slice<u8>(buffer, 0, length));
}

/** Puts a value into the buffer and returns its length: 0 program, 1 argv, 2 environment, 3 directory, 4 host name, 5 traced calls, 6 addresses, 7 gateways, 8 name servers. */
export function text(which: i32): i32 {
  switch (which) {
    case 0:
      return join([config.program]);
    case 1:
      return join(config.argumentVector());
    case 2:
      return join(config.environment);
    case 3:
      return join([config.directory]);
    case 4:
      return join([config.hostName]);
    case 5:
      return join([config.tracedCalls]);
    case 6:
      return join(config.addresses);
    case 7:
      return join(config.gateways);
    default:
      return join(config.nameServers);
  }
}

/** 0 stdin, 1 stdout, 2 stderr, 3 columns, 4 rows, 5 trace calls, 6 trace boot. */
export function value(which: i32): i32 {
  switch (which) {
    case 0:
      return config.stdin;
    case 1:
      return config.stdout;
    case 2:
      return config.stderr;
    case 3:
      return config.columns;
    case 4:
      return config.rows;
    case 5:
      return config.traceCalls ? 1 : 0;
    default:
      return config.traceBoot ? 1 : 0;
  }
}
