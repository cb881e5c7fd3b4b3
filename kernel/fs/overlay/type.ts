// The overlay as a kind of file system: what makes the root image writable, mounted by the boot.

import { FileSystemType, registerFileSystem } from "../../vfs/file-system-types";

class OverlayType extends FileSystemType {
  override get name(): string {
    return "overlay";
  }
}

export function register(): void {
  registerFileSystem(new OverlayType());
}
