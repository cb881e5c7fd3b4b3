// The system as a whole: man 2 uname, sysinfo, sethostname, reboot, syslog, personality, prctl.

import * as mem from "machine/mem";
import { at, bytesAddress, pointerOf } from "memory/address";
import * as frames from "memory/frames";
import { EFAULT, EINVAL, EPERM } from "../abi/errno";
import { SystemInformation, SYSTEM_INFORMATION_SIZE } from "../abi/resource";
import {
  SYS_personality,
  SYS_prctl,
  SYS_reboot,
  SYS_setdomainname,
  SYS_sethostname,
  SYS_sysinfo,
  SYS_syslog,
  SYS_uname,
} from "../abi/syscall-numbers";
import { NS_PER_SECOND } from "../abi/time";
import * as log from "../log/log";
import { copyIn, copyOut } from "../memory/user";
import { currentProcess } from "../process/current";
import { endMachine, restartMachine } from "../process/exit";
import { threadCount } from "../process/process-table";
import {
  domainName,
  hostName,
  LONGEST_NAME,
  MACHINE,
  RELEASE,
  setDomainName,
  setHostName,
  SYSTEM,
  VERSION,
} from "../process/system-name";
import * as clock from "../sched/clock";
import { averages, FRACTION_BITS } from "../sched/load-average";
import { prctl } from "./prctl";
import { define1, define2, define3, define4, define5 } from "./table";

/** struct new_utsname: six names of 65 bytes. */
const FIELD_SIZE: u64 = 65;
const names = new StaticArray<u8>(<i32>(FIELD_SIZE * 6));

function storeName(index: u64, text: string): void {
  let first = bytesAddress(names) + index * FIELD_SIZE;
  for (let i = 0; i < text.length; i++) mem.store8(first + <u64>i, text.charCodeAt(i));
}

function storeBytes(index: u64, name: StaticArray<u8>): void {
  mem.copy(bytesAddress(names) + index * FIELD_SIZE, bytesAddress(name), <u64>name.length);
}

function uname(address: u64): i64 {
  mem.fill(bytesAddress(names), 0, FIELD_SIZE * 6);
  storeName(0, SYSTEM);
  storeBytes(1, hostName());
  storeName(2, RELEASE);
  storeName(3, VERSION);
  storeName(4, MACHINE);
  storeBytes(5, domainName());
  return copyOut(address, bytesAddress(names), FIELD_SIZE * 6);
}

/** A new name of the program's, null with the reason in `nameError`. */
let nameError: i32 = 0;
function readName(address: u64, length: u64): StaticArray<u8> | null {
  nameError = -EPERM;
  if (currentProcess().credentials.effectiveUser != 0) return null;
  nameError = -EINVAL;
  if (<i32>length < 0 || length > <u64>LONGEST_NAME) return null;
  nameError = -EFAULT;
  let name = new StaticArray<u8>(<i32>length);
  return copyIn(bytesAddress(name), address, length) < 0 ? null : name;
}

function sethostname(address: u64, length: u64): i64 {
  let name = readName(address, length);
  return name === null ? nameError : setHostName(name);
}

function setdomainname(address: u64, length: u64): i64 {
  let name = readName(address, length);
  return name === null ? nameError : setDomainName(name);
}

/** SI_LOAD_SHIFT. */
const LOAD_SHIFT: u64 = 16;
const systemBuffer = new StaticArray<u8>(<i32>SYSTEM_INFORMATION_SIZE);
const system = at<SystemInformation>(pointerOf(systemBuffer));

function sysinfo(address: u64): i64 {
  mem.fill(bytesAddress(systemBuffer), 0, SYSTEM_INFORMATION_SIZE);
  system.uptimeSeconds = <i64>(clock.nowNs() / NS_PER_SECOND);
  system.load1 = averages[0] << (LOAD_SHIFT - FRACTION_BITS);
  system.load5 = averages[1] << (LOAD_SHIFT - FRACTION_BITS);
  system.load15 = averages[2] << (LOAD_SHIFT - FRACTION_BITS);
  system.totalMemory = frames.totalCount() << frames.FRAME_SHIFT;
  system.freeMemory = frames.freeCount() << frames.FRAME_SHIFT;
  system.processes = <u16>threadCount();
  system.unit = 1;
  return copyOut(address, bytesAddress(systemBuffer), SYSTEM_INFORMATION_SIZE);
}

/** reboot(2): Linux include/uapi/linux/reboot.h. */
const REBOOT_MAGIC1: u32 = 0xfee1dead;
const REBOOT_MAGIC2: u32 = 672274793;
const REBOOT_MAGIC2A: u32 = 85072278;
const REBOOT_MAGIC2B: u32 = 369367448;
const REBOOT_MAGIC2C: u32 = 537993216;
const REBOOT_RESTART: u32 = 0x01234567;
const REBOOT_HALT: u32 = 0xcdef0123;
const REBOOT_POWER_OFF: u32 = 0x4321fedc;
const REBOOT_CAD_ON: u32 = 0x89abcdef;
const REBOOT_CAD_OFF: u32 = 0;

function reboot(magic1: u64, magic2: u64, command: u64, _argument: u64): i64 {
  if (currentProcess().credentials.effectiveUser != 0) return -EPERM;
  let second = <u32>magic2;
  if (<u32>magic1 != REBOOT_MAGIC1) return -EINVAL;
  if (second != REBOOT_MAGIC2 && second != REBOOT_MAGIC2A && second != REBOOT_MAGIC2B && second != REBOOT_MAGIC2C) {
    return -EINVAL;
  }
  switch (<u32>command) {
    case REBOOT_CAD_ON:
    case REBOOT_CAD_OFF:
      return 0;
    case REBOOT_RESTART:
      restartMachine();
      return 0;
    case REBOOT_HALT:
    case REBOOT_POWER_OFF:
      endMachine(0);
      return 0;
    default:
      return -EINVAL;
  }
}

/** syslog(2) actions. */
const SYSLOG_READ_ALL: i32 = 3;
const SYSLOG_SIZE_UNREAD: i32 = 9;
const SYSLOG_SIZE_BUFFER: i32 = 10;
const LOG_RING: u64 = 65536;
const chunk = new StaticArray<u8>(512);

function syslog(action: u64, address: u64, length: u64): i64 {
  switch (<i32>action) {
    case SYSLOG_READ_ALL:
      return readLog(address, length);
    case SYSLOG_SIZE_UNREAD:
      return 0;
    case SYSLOG_SIZE_BUFFER:
      return <i64>LOG_RING;
    default:
      return <i32>action >= 0 && <i32>action <= SYSLOG_SIZE_BUFFER ? 0 : -EINVAL;
  }
}

/** The last `length` bytes of the kernel's log. */
function readLog(address: u64, length: u64): i64 {
  if (<i32>length < 0) return -EINVAL;
  let end = log.bytesWritten();
  let there = min(min(end, LOG_RING), length);
  let done: u64 = 0;
  while (done < there) {
    let step = log.copyOut(end - there + done, bytesAddress(chunk), min(there - done, <u64>chunk.length));
    if (step == 0) break;
    if (copyOut(address + done, bytesAddress(chunk), step) < 0) return -EFAULT;
    done += step;
  }
  return <i64>done;
}

/** personality(2): PER_LINUX and its flags; ADDR_NO_RANDOMIZE is honoured by execve. */
function personality(persona: u64): i64 {
  let process = currentProcess();
  let old = process.personality;
  if (<u32>persona != 0xffffffff) process.personality = <u32>persona;
  return old;
}

/** The rows of this family. */
export function defineSystemCalls(): void {
  define1(SYS_uname, "uname", "ptr", uname, "complete");
  define2(SYS_sethostname, "sethostname", "in size", sethostname, "complete");
  define2(SYS_setdomainname, "setdomainname", "in size", setdomainname, "complete");
  define1(SYS_sysinfo, "sysinfo", "ptr", sysinfo, "complete");
  define4(
    SYS_reboot,
    "reboot",
    "hex hex hex ptr",
    reboot,
    "halting switches off too; under `egg run` every way ends the machine",
  );
  define3(SYS_syslog, "syslog", "int out size", syslog, "SYSLOG_ACTION_READ_ALL and the sizes");
  define1(SYS_personality, "personality", "hex", personality, "kept and shown");
  define5(SYS_prctl, "prctl", "int hex hex hex hex", prctl, "names, signals, dumpable, reaper, timer slack, VMA names");
}
