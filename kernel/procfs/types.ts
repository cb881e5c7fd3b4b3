// proc and sysfs as kinds of file systems (man 5 proc, man 5 sysfs): there is one of each, mounted by the boot.

import { FileSystem } from "../vfs/file-system";
import { FileSystemType, registerFileSystem } from "../vfs/file-system-types";
import { createProcFileSystem, createSysFileSystem } from "./root";

class ProcType extends FileSystemType {
  override get name(): string {
    return "proc";
  }

  override create(_source: StaticArray<u8>, _options: StaticArray<u8>): FileSystem | null {
    return createProcFileSystem();
  }
}

class SysfsType extends FileSystemType {
  override get name(): string {
    return "sysfs";
  }

  override create(_source: StaticArray<u8>, _options: StaticArray<u8>): FileSystem | null {
    return createSysFileSystem();
  }
}

export function register(): void {
  registerFileSystem(new ProcType());
  registerFileSystem(new SysfsType());
}
