import * as frames from "memory/frames";
import * as pageTables from "memory/page-tables";

export { allocate, freeCount, referenceCount, reference, release } from "memory/frames";
export {
  active,
  activate,
  copyRange,
  countRange,
  createRoot,
  destroyRoot,
  lookup,
  map,
  mapDevice,
  mapKernel,
  mapKernelRange,
  moveRange,
  protectRange,
  replace,
  translateKernel,
  unmapKernel,
  unmapRange,
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
