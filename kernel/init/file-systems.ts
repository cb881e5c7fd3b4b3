// The tree that a program finds: the root image with a writable layer above it, /dev, /proc, /sys and file systems in
// memory where programs expect them.

import { Machine } from "../boot/machine";
import { DevPts } from "../console/pty/devpts";
import { DevFs } from "../fs/devfs/devfs";
import { Erofs } from "../fs/erofs/erofs";
import { registerFramebufferDevices } from "../fs/framebuffer/devices";
import { Overlay } from "../fs/overlay/overlay";
import { Tmpfs } from "../fs/tmpfs/tmpfs";
import { registerMachineFiles } from "./machine-files";
import { registerDisplayFiles } from "../procfs/display-files";
import { createProcFileSystem, createSysFileSystem } from "../procfs/root";
import { FileSystem } from "../vfs/file-system";
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
  attach(new DevFs(), "/dev", 0);
  attach(new DevPts(), "/dev/pts", NO_PROGRAMS);
  attach(createProcFileSystem(), "/proc", RESTRICTED);
  attach(createSysFileSystem(), "/sys", RESTRICTED);
  attach(new Tmpfs(0o1777), "/tmp", 0);
  attach(new Tmpfs(0o1777), "/dev/shm", 0);
  attach(new Tmpfs(0o755), "/run", 0);
  registerFramebufferDevices();
  registerDisplayFiles();
  registerMachineFiles(machine);
  return null;
}

function attach(fileSystem: FileSystem, place: string, flags: u64): void {
  let path = new StaticArray<u8>(place.length);
  for (let i = 0; i < place.length; i++) path[i] = <u8>place.charCodeAt(i);
  mountAt(fileSystem, path, flags);
}
