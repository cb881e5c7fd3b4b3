// How the machine ends, for power.test.ts.

import { exit, rebootAtEnd } from "../../../kernel/panic/power";

export function end(status: i32, isReboot: bool): void {
  if (isReboot) rebootAtEnd();
  exit(status);
}
