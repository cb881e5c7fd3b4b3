// prctl(2): a thread's and a process's small settings.

import { addressOf } from "memory/address";
import * as user from "machine/user";
import { EFAULT, EINVAL, EPERM } from "../abi/errno";
import {
  PR_CAP_AMBIENT,
  PR_CAPBSET_DROP,
  PR_CAPBSET_READ,
  PR_GET_CHILD_SUBREAPER,
  PR_GET_DUMPABLE,
  PR_GET_IO_FLUSHER,
  PR_GET_KEEPCAPS,
  PR_GET_NAME,
  PR_GET_NO_NEW_PRIVS,
  PR_GET_PDEATHSIG,
  PR_GET_SECCOMP,
  PR_GET_SECUREBITS,
  PR_GET_THP_DISABLE,
  PR_GET_TID_ADDRESS,
  PR_GET_TIMERSLACK,
  PR_GET_TIMING,
  PR_GET_TSC,
  PR_SET_CHILD_SUBREAPER,
  PR_SET_DUMPABLE,
  PR_SET_IO_FLUSHER,
  PR_SET_KEEPCAPS,
  PR_SET_NAME,
  PR_SET_NO_NEW_PRIVS,
  PR_SET_PDEATHSIG,
  PR_SET_PTRACER,
  PR_SET_SECUREBITS,
  PR_SET_THP_DISABLE,
  PR_SET_TIMERSLACK,
  PR_SET_TIMING,
} from "../abi/clone";
import { copyOut, store32, store64 } from "../memory/user";
import { currentProcess, currentThread } from "../process/current";
import { isSignal } from "../process/signal-set";
import { DEFAULT_TIMER_SLACK_NS } from "../process/user-thread";

/** Bytes of a thread's name with its NUL: TASK_COMM_LEN. */
const NAME_SIZE: u64 = 16;
const LAST_CAPABILITY: u64 = 40;
/** PR_GET_TSC: reading the time-stamp counter is allowed. */
const PR_TSC_ENABLE: u32 = 1;

export function prctl(option: u64, a: u64, b: u64, c: u64, d: u64): i64 {
  let thread = currentThread();
  let process = currentProcess();
  switch (<i32>option) {
    case PR_SET_NAME:
      return setName(a);
    case PR_GET_NAME:
      return copyOut(a, addressOf(thread.name), NAME_SIZE);
    case PR_SET_PDEATHSIG:
      if (a != 0 && !isSignal(<i32>a)) return -EINVAL;
      thread.parentDeathSignal = <i32>a;
      return 0;
    case PR_GET_PDEATHSIG:
      return store32(a, thread.parentDeathSignal);
    case PR_SET_DUMPABLE:
      if (a > 1) return -EINVAL;
      process.isDumpable = <i32>a;
      return 0;
    case PR_GET_DUMPABLE:
      return process.isDumpable;
    case PR_SET_CHILD_SUBREAPER:
      process.isSubreaper = a != 0;
      return 0;
    case PR_GET_CHILD_SUBREAPER:
      return store32(a, process.isSubreaper ? 1 : 0);
    case PR_SET_NO_NEW_PRIVS:
      if (a != 1 || b != 0 || c != 0 || d != 0) return -EINVAL;
      process.hasNoNewPrivileges = true;
      return 0;
    case PR_GET_NO_NEW_PRIVS:
      if (a != 0 || b != 0 || c != 0 || d != 0) return -EINVAL;
      return process.hasNoNewPrivileges ? 1 : 0;
    case PR_SET_TIMERSLACK:
      thread.timerSlackNs = <i64>a <= 0 ? DEFAULT_TIMER_SLACK_NS : a;
      return 0;
    case PR_GET_TIMERSLACK:
      return <i64>thread.timerSlackNs;
    case PR_GET_TID_ADDRESS:
      return store64(a, thread.clearChildTid);
    case PR_SET_KEEPCAPS:
      if (a > 1) return -EINVAL;
      thread.keepsCapabilities = a == 1;
      return 0;
    case PR_GET_KEEPCAPS:
      return thread.keepsCapabilities ? 1 : 0;
    case PR_CAPBSET_READ:
      return a > LAST_CAPABILITY ? -EINVAL : 1;
    case PR_CAPBSET_DROP:
      return a > LAST_CAPABILITY ? -EINVAL : process.credentials.effectiveUser == 0 ? 0 : -EPERM;
    case PR_CAP_AMBIENT: // PR_CAP_AMBIENT_IS_SET: none ever is; raising one needs it inheritable, which none is
      return a == 1 || a == 4 || a == 3 ? 0 : a == 2 ? -EPERM : -EINVAL;
    case PR_GET_SECUREBITS:
    case PR_GET_SECCOMP:
    case PR_GET_TIMING:
    case PR_GET_THP_DISABLE:
    case PR_GET_IO_FLUSHER:
      return 0;
    case PR_SET_SECUREBITS:
    case PR_SET_THP_DISABLE:
    case PR_SET_IO_FLUSHER:
    case PR_SET_PTRACER:
      return 0;
    case PR_SET_TIMING:
      return a == 0 ? 0 : -EINVAL;
    case PR_GET_TSC:
      return store32(a, PR_TSC_ENABLE);
    default:
      return -EINVAL;
  }
}

function setName(address: u64): i64 {
  let length = user.stringLength(address, NAME_SIZE);
  if (length < 0) return -EFAULT;
  let name = currentThread().name;
  let count = min(<u64>length, NAME_SIZE - 1);
  for (let i = 0; i < name.length; i++) name[i] = 0;
  return user.copyIn(addressOf(name), address, count) == 0 ? 0 : -EFAULT;
}
