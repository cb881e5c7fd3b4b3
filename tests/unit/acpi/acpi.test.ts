// ACPI's tables and definitions, laid out in simulated memory.

import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  start(rsdp: bigint): number;
  table(signature: number): bigint;
  sleepTypes(): number;
  powerOff(): void;
  reset(): void;
  timerPort(): number;
  lacksClockChip(): number;
  configurationBase(): bigint;
  device(id: number, nth: number, what: number): bigint;
}

const wasm = await buildWasm(new URL("./acpi.as.ts", import.meta.url));
const [ROOT, FADT_AT, DSDT_AT] = [0x4000, 0x5000, 0x6000];
const CONTROL = 0x604;

/** Make the bytes from `at` add up to 0. */
function settle(ram: Uint8Array, at: number, length: number, sumAt: number): void {
  ram[at + sumAt] = 0;
  let sum = 0;
  for (let i = 0; i < length; i++) sum += ram[at + i] ?? 0;
  ram[at + sumAt] = -sum & 0xff;
}

function layTable(ram: Uint8Array, at: number, signature: string, length: number): void {
  ram.set(Buffer.from(signature, "latin1"), at);
  new DataView(ram.buffer).setUint32(ram.byteOffset + at + 4, length, true);
  settle(ram, at, length, 9);
}

interface Layout {
  /** Where the root pointer is. */
  rsdp?: number;
  revision?: number;
  /** The FADT's length and fields: offset, value, bytes. */
  fadtLength?: number;
  fadt?: [offset: number, value: number, bytes: 1 | 2 | 4][];
  /** What follows the DSDT's header. */
  aml?: number[];
}

function machineWith(layout: Layout) {
  const { exports, machine } = instantiate<Exports>(wasm, { ramBytes: 0x100000 });
  const ram = machine.memory.ram;
  const view = new DataView(ram.buffer, ram.byteOffset);
  const rsdp = layout.rsdp ?? 0xf5000;
  ram.set(Buffer.from("RSD PTR ", "latin1"), rsdp);
  ram[rsdp + 15] = layout.revision ?? 0;
  view.setUint32(rsdp + 16, ROOT, true);
  settle(ram, rsdp, 20, 8);
  view.setUint32(ROOT + 36, FADT_AT, true);
  layTable(ram, ROOT, "RSDT", 40);
  view.setUint32(FADT_AT + 40, DSDT_AT, true);
  view.setUint32(FADT_AT + 64, CONTROL, true);
  view.setUint32(FADT_AT + 76, 0x608, true);
  for (const [offset, value, bytes] of layout.fadt ?? []) {
    if (bytes === 4) view.setUint32(FADT_AT + offset, value, true);
    else if (bytes === 2) view.setUint16(FADT_AT + offset, value, true);
    else ram[FADT_AT + offset] = value;
  }
  layTable(ram, FADT_AT, "FACP", layout.fadtLength ?? 116);
  const aml = layout.aml ?? S5;
  ram.set(aml, DSDT_AT + 36);
  layTable(ram, DSDT_AT, "DSDT", 36 + aml.length);
  const writes: [number, number][] = [];
  let control = 1;
  machine.ports.register(CONTROL, 2, {
    read: () => control,
    write: (_, value) => {
      control = value;
      writes.push([CONTROL, value]);
    },
  });
  machine.ports.register(0xcf9, 1, { read: () => 0, write: (_, value) => writes.push([0xcf9, value]) });
  return { exports, ram, writes };
}

const bytesOf = (text: string): number[] => [...Buffer.from(text, "latin1")];
/** Name (_S5_, Package (4) {5, 6, 0, 0}) as the last bytes of the table. */
const S5 = [0x08, ...bytesOf("_S5_"), 0x12, 0x08, 0x04, 0x0a, 5, 0x0a, 6, 0, 0];

test("the root pointer is found where the loader says, in the BIOS's area and in the extended data area", () => {
  for (const [rsdp, told] of [
    [0x9000, 0x9000n],
    [0xf5a30, 0n],
    [0x9fc10, 0n],
  ] as const) {
    const { exports, ram } = machineWith({ rsdp });
    new DataView(ram.buffer, ram.byteOffset).setUint16(0x40e, 0x9fc0, true);
    assert.equal(exports.start(told), 1, rsdp.toString(16));
    assert.equal(exports.table(0x50434146), BigInt(FADT_AT));
  }
});

test("a wrong pointer of the loader's is searched past, a damaged table is not there", () => {
  const { exports, ram } = machineWith({});
  ram.set(Buffer.from("RSD PTR "), 0x8000); // no checksum
  assert.equal(exports.start(0x8000n), 1);
  ram[FADT_AT + 100] = (ram[FADT_AT + 100] ?? 0) + 1;
  assert.equal(exports.table(0x50434146), 0n);
  assert.equal(exports.sleepTypes(), -1);
});

test("no root pointer: no tables", () => {
  const { exports, ram } = machineWith({});
  ram[0xf5000] = 0;
  assert.equal(exports.start(0n), 0);
  assert.equal(exports.table(0x50434146), 0n);
});

test("the word for soft off is found in every form of it", () => {
  const forms: [aml: number[], types: number][] = [
    [S5, 0x605],
    // Bochs: the shortest, and the end of the table.
    [[0x08, ...bytesOf("_S5_"), 0x12, 0x06, 0x04, 0, 0, 0, 0], 0],
    [[0x08, 0x5c, ...bytesOf("_S5_"), 0x12, 0x07, 0x02, 0x0a, 7, 0x0a, 7], 0x707],
    // A length of two bytes, words.
    [[0x08, ...bytesOf("_S5_"), 0x12, 0x49, 0x00, 0x02, 0x0b, 5, 0, 0x0b, 4, 0], 0x405],
    [[0x08, ...bytesOf("_S5_"), 0x12, 0x06, 0x02, 0x01, 0x01], 0x101],
    // A name that only looks like it.
    [[...bytesOf("X_S5_"), 0x12, 0x06, 0x04, 0, 0, 0, 0], -1],
    // Cut off.
    [[0x08, ...bytesOf("_S5_"), 0x12, 0x06, 0x04, 0x0a], -1],
    [[], -1],
  ];
  for (const [aml, types] of forms) {
    const { exports } = machineWith({ aml });
    exports.start(0n);
    assert.equal(exports.sleepTypes(), types, aml.join(" "));
  }
});

test("powering off writes the type first, then enables it", () => {
  const { exports, writes } = machineWith({});
  exports.start(0n);
  exports.powerOff();
  assert.deepEqual(writes, [
    [CONTROL, (5 << 10) | 1],
    [CONTROL, (5 << 10) | 1 | (1 << 13)],
  ]);
});

test("the reset register is written when the table has one and says that it counts", () => {
  const fields: [number, number, 1 | 2 | 4][] = [
    [116, 1, 1], // a port
    [120, 0xcf9, 4],
    [128, 6, 1],
  ];
  const without = machineWith({ fadtLength: 244, fadt: fields });
  without.exports.start(0n);
  without.exports.reset();
  assert.deepEqual(without.writes, []);
  const { exports, writes } = machineWith({ fadtLength: 244, fadt: [...fields, [112, 1 << 10, 4]] });
  exports.start(0n);
  exports.reset();
  assert.deepEqual(writes, [[0xcf9, 6]]);
});

test("the timer is the extended field's, the old one's, or none on reduced hardware", () => {
  const timer = (layout: Layout): number => {
    const { exports } = machineWith(layout);
    exports.start(0n);
    return exports.timerPort();
  };
  assert.equal(timer({}), 0x608);
  assert.equal(
    timer({
      fadtLength: 244,
      fadt: [
        [208, 1, 1],
        [212, 0x1808, 4],
      ],
    }),
    0x1808,
  );
  assert.equal(timer({ fadtLength: 244, fadt: [[112, 1 << 20, 4]] }), 0);
});

test("a machine without a clock chip says so", () => {
  for (const [flags, lacks] of [
    [0x20, 1],
    [0x03, 0],
  ] as const) {
    const { exports } = machineWith({ fadt: [[109, flags, 2]] });
    exports.start(0n);
    assert.equal(exports.lacksClockChip(), lacks);
  }
});

test("where PCI's registers are stands in the definitions when no table tells", () => {
  const base = (aml: number[]): bigint => {
    const { exports } = machineWith({ aml });
    exports.start(0n);
    return exports.configurationBase();
  };
  assert.equal(base([0x14, 0x0c, ...bytesOf("_CBA"), 0, 0xa4, 0x0c, 0, 0, 0, 0xe0]), 0xe0000000n);
  assert.equal(base([0x14, 0x10, ...bytesOf("_CBA"), 0, 0xa4, 0x0e, 0, 0, 0, 0, 1, 0, 0, 0]), 0x100000000n);
  assert.equal(base([0x14, 0x0c, ...bytesOf("_CBA"), 0, 0xa4, 0x0c]), 0n);
  assert.equal(base(S5), 0n);
});

/** An AML package: its length in front, in one or two bytes. */
function withLength(bytes: number[]): number[] {
  const short = bytes.length + 1;
  return short < 0x40 ? [short, ...bytes] : [0x40 | ((short + 1) & 0xf), (short + 1) >> 4, ...bytes];
}

const named = (name: string, ...value: number[]): number[] => [0x08, ...bytesOf(name), ...value];
const deviceOp = (name: string, ...content: number[]): number[] => [
  0x5b,
  0x82,
  ...withLength([...bytesOf(name), ...content]),
];
const resources = (...bytes: number[]): number[] => [
  ...named("_CRS", 0x11),
  ...withLength([0x0a, bytes.length, ...bytes]),
];
const END_TAG = [0x79, 0];

test("devices are found by their ids, with the resources that stand in their own _CRS", () => {
  const inner = deviceOp(
    "UART",
    ...named("_HID", 0x0c, 0x41, 0xd0, 0x05, 0x01), // EISAID("PNP0501")
    ...resources(0x47, 1, 0xf8, 3, 0xf8, 3, 1, 8, 0x23, 0x10, 0, 0x09, ...END_TAG),
  );
  const aml = [
    ...S5,
    ...deviceOp(
      "PEVT",
      ...resources(0x47, 1, 0x05, 0x05, 0x05, 0x05, 1, 1, ...END_TAG),
      ...inner,
      ...named("_HID", 0x0d, ...bytesOf("QEMU0001"), 0),
    ),
    ...deviceOp(
      "NVDR",
      ...named("_HID", 0x0d, ...bytesOf("ACPI0003"), 0),
      ...resources(
        ...[0x86, 9, 0, 1, 0, 0, 0x00, 0xfe, 0, 0x10, 0, 0],
        ...[0x89, 6, 0, 0x05, 1, 20, 0, 0, 0],
        ...END_TAG,
      ),
    ),
    ...deviceOp("BARE", ...named("_HID", 0x0d, ...bytesOf("ACPI0003"), 0)),
  ];
  const { exports } = machineWith({ aml });
  exports.start(0n);
  const seen = (id: number, nth: number): number[] =>
    [0, 1, 2, 3, 4, 5].map((what) => Number(exports.device(id, nth, what)));
  assert.deepEqual(seen(0, 0), [0, 0, 0x505, 1, -1, 0]);
  assert.deepEqual(seen(1, 0), [0, 0, 0x3f8, 8, 4, 5]);
  assert.deepEqual(seen(2, 0), [0xfe000000, 0x1000, 0, 0, 20, 6]);
  assert.deepEqual(seen(2, 1), [0, 0, 0, 0, -1, 0]);
  assert.equal(exports.device(2, 2, 0), -1n);
  assert.equal(exports.device(0, 1, 0), -1n);
  assert.equal(exports.device(3, 0, 0), -1n);
});

test("definitions of nonsense are read to their end and no further", () => {
  let state = 12345;
  const random = (limit: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % limit;
  };
  for (let round = 0; round < 200; round++) {
    const aml = Array.from({ length: 40 + random(200) }, () => random(256));
    for (const part of [
      [0x5b, 0x82, 0xff],
      named("_HID", 0x0d, ...bytesOf("QEMU0001"), 0),
      named("_CRS", 0x11, 0xff),
    ]) {
      aml.splice(random(aml.length), 0, ...part);
    }
    const { exports } = machineWith({ aml });
    exports.start(0n);
    for (let what = 0; what < 6; what++) exports.device(0, 0, what);
  }
});
