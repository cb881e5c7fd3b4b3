// The UDP header (RFC 768).
//
//   0 | source port 16 | destination port 16 | length 16 | checksum 16 |

import { load16, store16 } from "./bytes";

export const UDP_HEADER: u32 = 8;
export const UDP_CHECKSUM: u32 = 6;

export function sourcePort(header: u64): u32 {
  return load16(header);
}

export function destinationPort(header: u64): u32 {
  return load16(header + 2);
}

export function length(header: u64): u32 {
  return load16(header + 4);
}

/** Write everything but the checksum. */
export function write(header: u64, source: u32, destination: u32, size: u32): void {
  store16(header, source);
  store16(header + 2, destination);
  store16(header + 4, size);
}
