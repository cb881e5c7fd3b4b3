// /proc's files about the machine: meminfo, cpuinfo, stat, uptime, loadavg, version and the rest (man 5 proc), and
// /proc/sys. What this kernel has no notion of is shown as Linux shows it on a machine without it.

import * as cpu from "machine/cpu";
import * as frames from "memory/frames";
import { tableCount } from "memory/user-tables";
import * as heap from "runtime/heap";
import * as collector from "runtime/collector";
import * as stacks from "memory/stacks";
import { EINVAL } from "../abi/errno";
import { NS_PER_CLOCK_TICK } from "../abi/time";
import { features } from "../cpu/features";
import { cpuFlags } from "../cpu/flags";
import { Text } from "../lib/text";
import { committedPages } from "../memory/usage";
import { random64 } from "../entropy/random";
import { sharedBudget } from "../fs/tmpfs/budget";
import { sampledSystemNs } from "../process/cpu-time";
import { createdThreads, lastAllocatedId, PID_LIMIT, threadCount, threadLimit } from "../process/process-table";
import * as clock from "../sched/clock";
import { averages, FRACTION_BITS } from "../sched/load-average";
import { idleTimeNs, readyCount, switchCount } from "../sched/scheduler";
import * as system from "../process/system-name";
import { TextSource } from "./proc-file-system";

const NS: u64 = 1_000_000_000;

function kilobytes(text: Text, name: string, pages: u64): void {
  let start = text.length;
  text
    .string(name)
    .byte(0x3a)
    .padTo(start + 16)
    .decimal(pages << 2, 8)
    .string(" kB\n");
}

export class MemoryInformation extends TextSource {
  override render(text: Text): void {
    let total = frames.totalCount();
    let free = frames.freeCount();
    let sharedPages = sharedBudget().pagesUsed;
    kilobytes(text, "MemTotal", total);
    kilobytes(text, "MemFree", free);
    kilobytes(text, "MemAvailable", free);
    kilobytes(text, "Buffers", 0);
    kilobytes(text, "Cached", sharedPages);
    kilobytes(text, "SwapCached", 0);
    kilobytes(text, "Active", total - free);
    kilobytes(text, "Inactive", 0);
    kilobytes(text, "SwapTotal", 0);
    kilobytes(text, "SwapFree", 0);
    kilobytes(text, "Dirty", 0);
    kilobytes(text, "Writeback", 0);
    kilobytes(text, "Mapped", 0);
    kilobytes(text, "Shmem", sharedPages);
    kilobytes(text, "KReclaimable", 0);
    kilobytes(text, "Slab", <u64>heap.committedBytes() >> 12);
    kilobytes(text, "SReclaimable", 0);
    kilobytes(text, "SUnreclaim", <u64>heap.committedBytes() >> 12);
    kilobytes(text, "KernelStack", <u64>stacks.count() * 4);
    kilobytes(text, "PageTables", <u64>tableCount);
    kilobytes(text, "CommitLimit", total);
    kilobytes(text, "Committed_AS", committedPages);
    kilobytes(text, "VmallocTotal", (<u64>1) << 33);
    kilobytes(text, "VmallocUsed", 0);
    text.string("HugePages_Total:       0\nHugePages_Free:        0\nHugepagesize:       2048 kB\n");
  }
}

/** The processor's name from CPUID 0x80000002–4, or its vendor's from leaf 0. */
function cpuName(text: Text): void {
  if (cpu.cpuidEax(0x80000000, 0) < 0x80000004) {
    vendor(text);
    return;
  }
  let start = text.length;
  for (let leaf: u32 = 0x80000002; leaf <= 0x80000004; leaf++) {
    register(text, cpu.cpuidEax(leaf, 0));
    register(text, cpu.cpuidEbx(leaf, 0));
    register(text, cpu.cpuidEcx(leaf, 0));
    register(text, cpu.cpuidEdx(leaf, 0));
  }
  while (text.length > start && text.bytes[text.length - 1] == 0x20) text.length--;
}

function vendor(text: Text): void {
  register(text, cpu.cpuidEbx(0, 0));
  register(text, cpu.cpuidEdx(0, 0));
  register(text, cpu.cpuidEcx(0, 0));
}

/** Four characters of a register; a NUL ends the text. */
function register(text: Text, value: u32): void {
  for (let i: u32 = 0; i < 4; i++) {
    let byte = (value >> (i * 8)) & 0xff;
    if (byte != 0) text.byte(byte);
  }
}

function field(text: Text, name: string): Text {
  return text.string(name).string(": ");
}

export class CpuInformation extends TextSource {
  override render(text: Text): void {
    let signature = features.signature;
    let family = (signature >> 8) & 15;
    if (family == 15) family += (signature >> 20) & 0xff;
    let model = ((signature >> 4) & 15) | (((signature >> 16) & 15) << 4);
    let hertz = clock.frequencyHz();
    field(text, "processor\t").string("0\n");
    vendor(field(text, "vendor_id\t"));
    text.byte(0x0a);
    field(text, "cpu family\t").decimal(family).byte(0x0a);
    field(text, "model\t\t").decimal(model).byte(0x0a);
    cpuName(field(text, "model name\t"));
    text.byte(0x0a);
    field(text, "stepping\t")
      .decimal(signature & 15)
      .byte(0x0a);
    field(text, "cpu MHz\t\t")
      .decimal(hertz / 1_000_000)
      .byte(0x2e)
      .padded((hertz % 1_000_000) / 1000, 3)
      .byte(0x0a);
    field(text, "physical id\t").string("0\n");
    field(text, "siblings\t").string("1\n");
    field(text, "core id\t\t").string("0\n");
    field(text, "cpu cores\t").string("1\n");
    field(text, "apicid\t\t").string("0\n");
    field(text, "fpu\t\t").string("yes\n");
    field(text, "cpuid level\t")
      .decimal(<u64>features.highestLeaf)
      .byte(0x0a);
    field(text, "flags\t\t");
    cpuFlags(text);
    text.byte(0x0a);
    field(text, "bogomips\t")
      .decimal(hertz / 500_000)
      .string(".00\n");
    field(text, "clflush size\t")
      .decimal(((cpu.cpuidEbx(1, 0) >> 8) & 0xff) * 8)
      .byte(0x0a);
    let widths = cpu.cpuidEax(0x80000008, 0);
    field(text, "address sizes\t")
      .decimal(widths & 0xff)
      .string(" bits physical, ");
    text.decimal((widths >> 8) & 0xff).string(" bits virtual\n\n");
  }
}

export class SystemStatistics extends TextSource {
  override render(text: Text): void {
    let nowNs = clock.nowNs();
    let idle = idleTimeNs();
    let busy = nowNs - min(idle, nowNs);
    let inCalls = min(sampledSystemNs, busy);
    for (let i = 0; i < 2; i++) {
      text
        .string(i == 0 ? "cpu  " : "cpu0 ")
        .decimal((busy - inCalls) / NS_PER_CLOCK_TICK)
        .string(" 0 ")
        .decimal(inCalls / NS_PER_CLOCK_TICK)
        .byte(0x20)
        .decimal(idle / NS_PER_CLOCK_TICK);
      text.string(" 0 0 0 0 0 0\n");
    }
    text.string("intr 0\nctxt ").decimal(switchCount());
    text.string("\nbtime ").decimal(clock.wallOffsetNs() / NS);
    text.string("\nprocesses ").decimal(createdThreads);
    text
      .string("\nprocs_running ")
      .decimal(<u64>readyCount() + 1)
      .string("\nprocs_blocked 0\n");
  }
}

function seconds(text: Text, ns: u64): Text {
  return text
    .decimal(ns / NS)
    .byte(0x2e)
    .padded((ns % NS) / 10_000_000, 2);
}

export class Uptime extends TextSource {
  override render(text: Text): void {
    seconds(text, clock.nowNs()).byte(0x20);
    seconds(text, idleTimeNs()).byte(0x0a);
  }
}

export class LoadAverage extends TextSource {
  override render(text: Text): void {
    for (let i = 0; i < 3; i++) {
      let value = averages[i];
      let fraction = ((value & ((1 << FRACTION_BITS) - 1)) * 100) >> FRACTION_BITS;
      text
        .decimal(value >> FRACTION_BITS)
        .byte(0x2e)
        .padded(fraction, 2)
        .byte(0x20);
    }
    text
      .decimal(<u64>readyCount() + 1)
      .byte(0x2f)
      .decimal(<u64>threadCount())
      .byte(0x20);
    text.decimal(<u64>lastAllocatedId()).byte(0x0a);
  }
}

export class Version extends TextSource {
  override render(text: Text): void {
    text.string(system.SYSTEM).string(" version ").string(system.RELEASE).string(" (eggos) ").string(system.VERSION);
    text.byte(0x0a);
  }
}

/** What the collector costs: this kernel's own. */
export class CollectorStatistics extends TextSource {
  override render(text: Text): void {
    text.string("collections ").decimal(<u64>collector.collectionCount());
    text.string("\nlongest_pause_ns ").decimal(clock.ticksToNs(collector.longestPauseTicks()));
    text.string("\ntotal_pause_ns ").decimal(clock.ticksToNs(collector.totalPauseTicks()));
    text.string("\nheap_bytes ").decimal(<u64>heap.committedBytes());
    text
      .string("\nused_bytes ")
      .decimal(<u64>heap.usedBytes())
      .byte(0x0a);
  }
}

/** A file that always says the same. */
export class Constant extends TextSource {
  constructor(readonly text: string) {
    super();
  }

  override render(text: Text): void {
    text.string(this.text);
  }
}

/** A number that may be set and is kept, without effect. */
export class Setting extends TextSource {
  constructor(public value: u64) {
    super();
  }

  override render(text: Text): void {
    text.decimal(this.value).byte(0x0a);
  }

  override accept(bytes: StaticArray<u8>, length: i32): i32 {
    let value: u64 = 0;
    let digits = 0;
    while (digits < length && bytes[digits] >= 0x30 && bytes[digits] <= 0x39) {
      value = value * 10 + (<u64>bytes[digits] - 0x30);
      digits++;
    }
    if (digits == 0) return -EINVAL;
    this.value = value;
    return 0;
  }
}

export const PID_MAX: u64 = <u64>PID_LIMIT;
export { threadLimit };

/** The processor's rate in kHz. */
export class ClockRate extends TextSource {
  override render(text: Text): void {
    text.decimal(clock.frequencyHz() / 1000).byte(0x0a);
  }
}

/** A random UUID (RFC 9562 version 4) for as long as the machine runs. */
export class BootId extends TextSource {
  private readonly high: u64 = (random64() & 0xffffffffffff0fff) | 0x4000;
  private readonly low: u64 = (random64() & 0x3fffffffffffffff) | 0x8000000000000000;

  override render(text: Text): void {
    text
      .hexPadded(this.high >> 32, 8)
      .byte(0x2d)
      .hexPadded((this.high >> 16) & 0xffff, 4)
      .byte(0x2d);
    text
      .hexPadded(this.high & 0xffff, 4)
      .byte(0x2d)
      .hexPadded(this.low >> 48, 4)
      .byte(0x2d);
    text.hexPadded(this.low & 0xffffffffffff, 12).byte(0x0a);
  }
}

/** A random UUID, another at each read. */
export class RandomUuid extends TextSource {
  override render(text: Text): void {
    new BootId().render(text);
  }
}
