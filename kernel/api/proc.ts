// Files in /proc and /sys: subclass TextSource, write `render`, and `accept` where programs may write.

import { registerProcFile, registerSysFile } from "../procfs/root";
import { TextSource } from "../procfs/proc-file-system";

export { TextSource } from "../procfs/proc-file-system";

/** Add /proc/`path`; folders on the way are made. Nothing may stand there yet. */
export function register(path: string, source: TextSource, permissions: u32 = 0o444): void {
  registerProcFile(path, source, permissions);
}

/** Add /sys/`path`. */
export function registerSys(path: string, source: TextSource, permissions: u32 = 0o444): void {
  registerSysFile(path, source, permissions);
}
