import * as frames from "memory/frames";
import * as mem from "machine/mem";
import * as pageTables from "memory/page-tables";
import * as userTables from "memory/user-tables";

export { allocate, freeCount, referenceCount, reference, release } from "memory/frames";
export {
  active,
  activate,
  createRoot,
  mapDevice,
  mapKernel,
  mapKernelRange,
  translateKernel,
  unmapKernel,
} from "memory/page-tables";

/** Memory and a kernel root on a simulated machine of 16 MB. */
export function setUp(): void {
  frames.initialize(0x1000000, 0x1000);
  frames.addRange(0x100000, 0x1000000);
  pageTables.initialize(true);
  pageTables.reserveKernel(0xffff800000000000, 0xffff808000000000);
  pageTables.reserveKernel(0xffffc00000000000, 0xffffc08000000000);
  pageTables.reserveKernel(0xffffff8000000000, 0xfffffffffffff000);
  pageTables.activate(pageTables.kernel());
}

/** The 4 KB leaf entry of an address, 0 when there is none. */
export function lookup(root: u64, address: u64): u64 {
  let slot = userTables.find(root, address);
  return slot == 0 ? 0 : mem.load64(slot);
}
