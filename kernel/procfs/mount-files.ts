// /proc/mounts and /proc/PID/mountinfo (man 5 proc_pid_mounts, proc_pid_mountinfo).

import { MS_RDONLY } from "../abi/statfs";
import { deviceMajor, deviceMinor } from "../abi/stat";
import { Text } from "../lib/text";
import { Mount, mounts } from "../vfs/mount";
import { Path } from "../vfs/path";
import { pathText } from "../vfs/path-text";

function place(mount: Mount, root: Path | null, text: Text): void {
  let point = mount.mountPoint;
  if (point === null) text.byte(0x2f);
  else text.array(pathText(point, root, false));
}

function options(mount: Mount, text: Text): void {
  text.string(mount.isReadOnly || (mount.flags & MS_RDONLY) != 0 ? "ro" : "rw").string(",relatime");
}

/** /proc/mounts as seen from `root`. */
export function renderMounts(root: Path | null, text: Text): void {
  for (let i = 0; i < mounts.length; i++) {
    let mount = mounts[i];
    text.string(mount.fileSystem.kind).byte(0x20);
    place(mount, root, text);
    text.byte(0x20).string(mount.fileSystem.kind).byte(0x20);
    options(mount, text);
    text.string(" 0 0\n");
  }
}

/** /proc/PID/mountinfo. */
export function renderMountInfo(root: Path | null, text: Text): void {
  for (let i = 0; i < mounts.length; i++) {
    let mount = mounts[i];
    let point = mount.mountPoint;
    text
      .decimal(<u64>mount.id)
      .byte(0x20)
      .decimal(point === null ? 1 : <u64>point.mount.id)
      .byte(0x20);
    let device = mount.fileSystem.device;
    text
      .decimal(<u64>deviceMajor(device))
      .byte(0x3a)
      .decimal(<u64>deviceMinor(device))
      .string(" / ");
    place(mount, root, text);
    text.byte(0x20);
    options(mount, text);
    text.string(" - ").string(mount.fileSystem.kind).byte(0x20).string(mount.fileSystem.kind).byte(0x20);
    options(mount, text);
    text.byte(0x0a);
  }
}
