// The tree that a program finds: the root image with a writable layer above it, /dev, /proc, /sys and file systems in
// memory where programs expect them.

import { Machine } from "../boot/machine";
import { Erofs } from "../fs/erofs/erofs";
import { registerFramebufferDevices } from "../fs/framebuffer/devices";
import { Overlay } from "../fs/overlay/overlay";
import { registerMachineFiles } from "./machine-files";
import { registerDisplayFiles } from "../procfs/display-files";
import { bytesOf } from "../procfs/proc-file-system";
import { findFileSystem } from "../vfs/file-system-types";
import { mountAt, mountRoot } from "../vfs/root";

/** MS_NOSUID | MS_NOEXEC. */
const NO_PROGRAMS: u64 = 2 | 8;
/** MS_NOSUID | MS_NODEV | MS_NOEXEC (man 2 mount). */
const RESTRICTED: u64 = 2 | 4 | 8;

/** Mount everything; the reason in words when the root image cannot be used, else null. */
export function mountFileSystems(machine: Machine): string | null {
  let image = machine.root;
  if (image === null) return "there is no root image: build one with `egg build`";
  let lower = Erofs.mount(image.physical, image.sizeBytes);
  if (lower === null) return "the root image is damaged: build it again with `egg build`";
  if (!mountRoot(new Overlay(lower))) return "the root image has no root directory: build it again";
  attach("devtmpfs", "/dev", 0);
  attach("devpts", "/dev/pts", NO_PROGRAMS);
  attach("proc", "/proc", RESTRICTED);
  attach("sysfs", "/sys", RESTRICTED);
  attach("tmpfs", "/tmp", 0);
  attach("tmpfs", "/dev/shm", 0);
  attach("tmpfs", "/run", 0, "mode=755");
  registerFramebufferDevices();
  registerDisplayFiles();
  registerMachineFiles(machine);
  return null;
}

/** Mount a file system of a kind; nothing where the kernel was built without it. */
function attach(kind: string, place: string, flags: u64, options: string = ""): void {
  let type = findFileSystem(kind);
  if (type === null) return;
  let fileSystem = type.create(bytesOf(kind), bytesOf(options));
  if (fileSystem !== null) mountAt(fileSystem, bytesOf(place), flags);
}
