// devtmpfs as a kind of file system: /dev.

import { FileSystem } from "../../vfs/file-system";
import { FileSystemType, registerFileSystem } from "../../vfs/file-system-types";
import { DevFs } from "./devfs";

class DevFsType extends FileSystemType {
  override get name(): string {
    return "devtmpfs";
  }

  override create(_source: StaticArray<u8>, _options: StaticArray<u8>): FileSystem | null {
    return new DevFs();
  }
}

export function register(): void {
  registerFileSystem(new DevFsType());
}
