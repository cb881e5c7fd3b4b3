// EROFS as a kind of file system: the root image, which the boot mounts from memory.

import { FileSystemType, registerFileSystem } from "../../vfs/file-system-types";

class ErofsType extends FileSystemType {
  override get name(): string {
    return "erofs";
  }

  override get needsDevice(): bool {
    return true;
  }
}

export function register(): void {
  registerFileSystem(new ErofsType());
}
