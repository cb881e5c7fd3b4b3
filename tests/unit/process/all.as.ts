import { defineFutexCalls } from "../../../kernel/syscall/futex";
import { defineIdentityCalls } from "../../../kernel/syscall/identity";
import { defineProcessCalls } from "../../../kernel/syscall/process";
import { defineResourceCalls } from "../../../kernel/syscall/resource";
import { defineScheduleCalls } from "../../../kernel/syscall/schedule";
import { defineSignalCalls } from "../../../kernel/syscall/signal";
import { defineSystemCalls } from "../../../kernel/syscall/system";
import { defineThreadCalls } from "../../../kernel/syscall/thread";
import { defineTimeCalls } from "../../../kernel/syscall/time";
import { becomeOnlyThread, resetForExec } from "../../../kernel/process/single-thread";
import { createFirstProcess } from "../../../kernel/process/first-process";
export function all(): void {
  defineFutexCalls();
  defineIdentityCalls();
  defineProcessCalls();
  defineResourceCalls();
  defineScheduleCalls();
  defineSignalCalls();
  defineSystemCalls();
  defineThreadCalls();
  defineTimeCalls();
  let t = createFirstProcess();
  becomeOnlyThread(t);
  resetForExec(t);
}
