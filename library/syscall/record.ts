// The records that pass over /dev/eggos/syscalls. The kernel's side: kernel/abi/call-relay.ts.

export const DEVICE = "/dev/eggos/syscalls";
export const RECORD_SIZE = 80;
const ARGUMENTS_OFFSET = 32;
const ARGUMENT_COUNT = 6;

export const KIND_CALL = 0;
export const KIND_RESULT = 1;

export const REPLY = 0;
export const CONTINUE = 1;
export const CALL_ORIGINAL = 2;
export const REGISTER = 3;
export const UNREGISTER = 4;
export const CLOSE = 5;

export interface RelayRecord {
  id: bigint;
  kind: number;
  number: number;
  process: number;
  thread: number;
  result: bigint;
  arguments: bigint[];
}

export function decodeRecord(bytes: Buffer): RelayRecord {
  return {
    id: bytes.readBigUInt64LE(0),
    kind: bytes.readUInt32LE(8),
    number: bytes.readUInt32LE(12),
    process: bytes.readUInt32LE(16),
    thread: bytes.readUInt32LE(20),
    result: bytes.readBigInt64LE(24),
    arguments: Array.from({ length: ARGUMENT_COUNT }, (_, index) =>
      bytes.readBigUInt64LE(ARGUMENTS_OFFSET + 8 * index),
    ),
  };
}

export function encodeCommand(
  command: number,
  fields: { id?: bigint; number?: number; value?: bigint; arguments?: readonly bigint[] },
): Buffer {
  const bytes = Buffer.alloc(RECORD_SIZE);
  bytes.writeBigUInt64LE(fields.id ?? 0n, 0);
  bytes.writeUInt32LE(command, 8);
  bytes.writeUInt32LE(fields.number ?? 0, 12);
  bytes.writeBigInt64LE(fields.value ?? 0n, 16);
  for (const [index, value] of (fields.arguments ?? []).entries()) {
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value), ARGUMENTS_OFFSET + 8 * index);
  }
  return bytes;
}
