import { start } from "../../../kernel/sched/scheduler";
import { Thread } from "../../../kernel/sched/thread";
import { Erofs } from "../../../kernel/fs/erofs/erofs";
import { openPath } from "../../../kernel/vfs/open";
import * as change from "../../../kernel/vfs/change";
import { begin } from "../../../kernel/vfs/walk";
import { FileSystemContext } from "../../../kernel/vfs/context";
import { Identity } from "../../../kernel/vfs/identity";
import { mount } from "../../../kernel/vfs/mount";
import { pathText } from "../../../kernel/vfs/path-text";
import { Path } from "../../../kernel/vfs/path";
import { lockRange, lockWhole, unlockWhole } from "../../../kernel/vfs/locks";
import { addWatch, removeWatch, Watch } from "../../../kernel/vfs/notify";
import { registerCharacter } from "../../../kernel/vfs/devices";

export function t(): void {
  start(new Thread());
}
export function all(): void {
  let fs = Erofs.mount(0x1000, 0x1000)!;
  let m = mount(fs, null)!;
  let ctx = new FileSystemContext();
  let id = new Identity();
  let p = new Path(m, m.root);
  ctx.setRoot(p);
  let w = begin(ctx, id);
  let f = openPath(w, ctx, id, p, 0, 0);
  change.makeDirectory(w, id, 0);
  change.makeNode(w, id, 0, 0);
  change.makeSymbolicLink(w, id, new StaticArray<u8>(1));
  change.makeLink(w, w, id);
  change.unlink(w, id);
  change.removeDirectory(w, id);
  change.rename(w, w, id, 0);
  pathText(p, null, true);
  lockRange(fs.root()!, 1, null, 1, true, 1, 1, true);
  lockWhole(fs.root()!, f!, true, true);
  unlockWhole(fs.root()!, f!);
  let x = new Watch();
  addWatch(fs.root()!, x);
  removeWatch(x);
}
