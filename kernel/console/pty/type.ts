// devpts as a kind of file system: /dev/pts (man 4 pts).

import { FileSystem } from "../../vfs/file-system";
import { FileSystemType, registerFileSystem } from "../../vfs/file-system-types";
import { DevPts } from "./devpts";

class DevPtsType extends FileSystemType {
  override get name(): string {
    return "devpts";
  }

  override create(_source: StaticArray<u8>, _options: StaticArray<u8>): FileSystem | null {
    return new DevPts();
  }
}

export function register(): void {
  registerFileSystem(new DevPtsType());
}
