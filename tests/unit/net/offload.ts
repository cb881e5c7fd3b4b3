// What a network card does for the stack, done by the test's device: transport checksums and TCP segmentation.

/** Ones'-complement sum of 16-bit words. */
export function sum16(bytes: Uint8Array, start: number, end: number, initial = 0): number {
  let sum = initial;
  for (let i = start; i + 1 < end; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  if ((end - start) % 2 === 1) sum += (bytes[end - 1] ?? 0) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum;
}

/** Put the checksum over [start, end) at start + offset, where the pseudo-header's sum stands. */
export function completeChecksum(frame: Uint8Array, start: number, offset: number): void {
  const checksum = ~sum16(frame, start, frame.length) & 0xffff;
  const value = checksum === 0 ? 0xffff : checksum;
  frame[start + offset] = value >> 8;
  frame[start + offset + 1] = value & 0xff;
}

/** The pseudo-header's sum for a frame with an IP header at 14. */
export function pseudoSum(frame: Uint8Array, protocol: number, length: number): number {
  const isIpv4 = (frame[14] ?? 0) >> 4 === 4;
  const addresses = isIpv4 ? sum16(frame, 26, 34) : sum16(frame, 22, 54);
  return sum16(new Uint8Array(0), 0, 0, addresses + protocol + length);
}

/** Cut a TCP packet into frames of at most `size` bytes of payload, as virtio-net and e1000 do. */
export function segmentFrames(frame: Uint8Array, size: number): Uint8Array[] {
  const view = new DataView(frame.buffer, frame.byteOffset);
  const isIpv4 = (frame[14] ?? 0) >> 4 === 4;
  const transport = 14 + (isIpv4 ? 20 : 40);
  const header = transport + ((frame[transport + 12] ?? 0) >> 4) * 4;
  const sequence = view.getUint32(transport + 4);
  const flags = frame[transport + 13] ?? 0;
  const frames: Uint8Array[] = [];
  for (let at = header; at < frame.length; at += size) {
    const payload = frame.subarray(at, Math.min(at + size, frame.length));
    const piece = new Uint8Array(header + payload.length);
    piece.set(frame.subarray(0, header));
    piece.set(payload, header);
    const out = new DataView(piece.buffer);
    const isLast = at + size >= frame.length;
    out.setUint32(transport + 4, sequence + (at - header));
    // FIN and PSH belong to the last one.
    if (!isLast) piece[transport + 13] = flags & ~0x09;
    if (isIpv4) {
      out.setUint16(16, piece.length - 14);
      out.setUint16(24, 0);
      out.setUint16(24, ~sum16(piece, 14, 34) & 0xffff);
    } else {
      out.setUint16(18, piece.length - 54);
    }
    out.setUint16(transport + 16, pseudoSum(piece, 6, piece.length - transport));
    completeChecksum(piece, transport, 16);
    frames.push(piece);
  }
  return frames;
}
