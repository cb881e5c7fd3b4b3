// One screen as its device node shows it: what is mapped of it, what programs have set of it, and the thread that shows
// stores into mapped memory where the device does not look by itself ("deferred I/O", Linux Documentation/fb/deferred_io.rst).

import * as mem from "machine/mem";
import * as frames from "memory/frames";
import * as tables from "memory/user-tables";
import { EINVAL } from "../../abi/errno";
import { PAGE_SHIFT, PAGE_SIZE } from "../../abi/mman";
import { Framebuffer } from "../../display/framebuffer";
import { Mapping } from "../../memory/mapping";
import { PageSource } from "../../memory/page-source";
import { withdraw } from "../../memory/withdraw";
import { wait } from "../../sched/block";
import * as clock from "../../sched/clock";
import * as scheduler from "../../sched/scheduler";
import { Thread } from "../../sched/thread";
import { WaitQueue } from "../../sched/wait";

/** Colors that a true-color console keeps: Linux's pseudo palette. */
export const PALETTE_SIZE: i32 = 16;
const NAME: string = "framebuffer";

export class Screen extends PageSource {
  /** Rows that programs have asked for (yres_virtual). */
  virtualRows: u32;
  /** Red, green and blue of the palette, 16 bits each, one after the other. */
  palette: StaticArray<u16> = new StaticArray<u16>(PALETTE_SIZE * 3);
  private mapCount: i32 = 0;
  private shownPhysical: u64;
  private watcher: Watcher | null = null;
  /** The rows of the pages that `collect` found stored into. */
  private firstDirty: u64 = 0;
  private endDirty: u64 = 0;

  constructor(readonly framebuffer: Framebuffer) {
    super();
    this.virtualRows = framebuffer.heightPixels;
    this.shownPhysical = framebuffer.physical;
  }

  override get sizeBytes(): u64 {
    return this.framebuffer.sizeBytes;
  }

  override get caching(): u64 {
    return this.framebuffer.caching;
  }

  override get isDeviceMemory(): bool {
    return true;
  }

  override get isStable(): bool {
    return true;
  }

  override pageFrame(index: u64, _forWrite: bool): i64 {
    let frame = this.framebuffer.physical + (index << PAGE_SHIFT);
    frames.reference(frame);
    return <i64>frame;
  }

  /** A private copy of a screen would be of no use, and its pages are not memory that can be copied: shared mappings only. */
  override mapped(delta: i32, isShared: bool, _isWritable: bool): i32 {
    if (!isShared) return -EINVAL;
    this.mapCount += delta;
    if (delta > 0 && this.framebuffer.needsFlush) this.watch();
    return 0;
  }

  get isMapped(): bool {
    return this.mapCount > 0;
  }

  /** The framebuffer has another mode: its memory may have moved. */
  modeChanged(): void {
    this.virtualRows = max(this.framebuffer.heightPixels, min(this.virtualRows, this.framebuffer.rows));
    if (this.framebuffer.physical == this.shownPhysical) return;
    this.shownPhysical = this.framebuffer.physical;
    withdraw(this, 0, u64.MAX_VALUE >> PAGE_SHIFT, true);
  }

  /** Show what programs have stored into mapped memory since the last time. */
  showStores(): void {
    if (!this.framebuffer.needsFlush || !this.isMapped) return;
    this.firstDirty = u64.MAX_VALUE;
    this.endDirty = 0;
    let list = this.mappings;
    if (list === null) return;
    let node = list.first;
    while (node !== null) {
      this.collect(node as Mapping);
      node = node.next;
    }
    if (this.endDirty == 0) return;
    let stride = <u64>this.framebuffer.strideBytes;
    let first = this.firstDirty / stride;
    let end = min<u64>((this.endDirty + stride - 1) / stride, <u64>this.framebuffer.rows);
    if (first < end) this.framebuffer.flush(0, <u32>first, this.framebuffer.widthPixels, <u32>(end - first));
  }

  /** Note and clear the dirty bits that the processor has set in a mapping's entries. */
  private collect(mapping: Mapping): void {
    let space = mapping.space!;
    let found = 0;
    for (let slot = tables.firstLeaf(space.root, mapping.start, mapping.end); slot != 0; slot = tables.nextLeaf()) {
      let entry = mem.load64(slot);
      if ((entry & tables.DIRTY) == 0) continue;
      mem.store64(slot, entry & ~tables.DIRTY);
      found++;
      let offset = mapping.pageIndex(tables.leafAddress) << PAGE_SHIFT;
      this.firstDirty = min(this.firstDirty, offset);
      this.endDirty = max(this.endDirty, offset + PAGE_SIZE);
    }
    space.invalidate(mapping.start, mapping.end, found);
  }

  private watch(): void {
    let watcher = this.watcher;
    if (watcher === null) {
      watcher = new Watcher(this);
      if (!scheduler.start(watcher)) return;
      this.watcher = watcher;
    } else watcher.work.wakeAll();
  }
}

/** Looks at a screen's mapped pages once for every picture, as long as there are any. */
class Watcher extends Thread {
  readonly work: WaitQueue = new WaitQueue();

  constructor(private readonly screen: Screen) {
    super();
    for (let i = 0; i < NAME.length; i++) this.name[i] = <u8>NAME.charCodeAt(i);
  }

  override main(): void {
    while (true) {
      let screen = this.screen;
      screen.showStores();
      if (screen.isMapped) wait(this.work, screen.framebuffer.nextRefreshNs(clock.nowNs()));
      else wait(this.work);
    }
  }
}
