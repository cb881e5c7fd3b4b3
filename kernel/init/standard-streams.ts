// Descriptors 0, 1 and 2 of the first program: the terminal on the serial line, or streams (docs/command-line.md,
// "Boot configuration"). Also how terminals reach processes.

import { bytesAddress } from "memory/address";
import { EIO, ERESTARTSYS, ENXIO } from "../abi/errno";
import { SIGTTIN } from "../abi/signal";
import { O_RDWR } from "../abi/fcntl";
import { BootConfig, OutputKind, StdinKind } from "../boot/config";
import { JobControl } from "../console/job-control";
import {
  connectOutputPort,
  InputStreamFile,
  OutputStreamFile,
  SerialConsole,
  SignalReceiver,
} from "../console/serial-console";
import { jobControl, releaseTerminals, setJobControl, terminalOf, Tty } from "../console/tty";
import { openTerminal, TtyFile } from "../console/tty-file";
import { MultiplexorDriver, PeerOpener, setPeerOpener } from "../console/pty/master-file";
import { MAX_PAIRS, pairCount } from "../console/pty/pseudo-terminal";
import { com1, com2, SerialSink } from "../drivers/uart";
import { announceInput } from "../panic/power";
import { Text } from "../lib/text";
import * as log from "../log/log";
import { addExitHook, ExitHook, isPanic } from "../panic/power";
import { currentProcess, currentThread } from "../process/current";
import {
  isOrphanedGroup,
  SessionWatcher,
  setSessionWatcher,
  setTerminalNames,
  TerminalNames,
} from "../process/process-group";
import { Process } from "../process/process";
import { findProcess, firstProcess, isGroup, processAt, processCount } from "../process/process-table";
import { signalGroup, signalProcess } from "../process/signal-send";
import { contains } from "../process/signal-set";
import { DeviceDriver, registerCharacter } from "../vfs/devices";
import { File } from "../vfs/file";
import { failOpen } from "../vfs/inode";
import { bytesOf, TextSource } from "../procfs/proc-file-system";
import { registerProcFile } from "../procfs/root";
import { Setting } from "../procfs/system-files";
import { findPath } from "../vfs/root";
import { typeOn } from "./input";
import { preparePanicScreen, showTerminal } from "./screen";

/** Major numbers of terminals: Linux devices.txt. */
const TTY_MAJOR: u32 = 4;
const TTY_AUX_MAJOR: u32 = 5;

const CONSOLE_PATH: StaticArray<u8> = bytesOf("/dev/ttyS0");

/** The terminal that descriptors 0–2 and /dev/console are. */
let console: SerialConsole | null = null;

function terminalOfProcess(process: Process): Tty | null {
  if (process.hasNoTerminal) return null;
  return terminalOf(process.sessionId);
}

class ProcessJobControl extends JobControl {
  override signalGroup(groupId: i32, signal: i32): void {
    signalGroup(groupId, signal);
  }

  override signalSessionLeader(sessionId: i32, signal: i32): void {
    let leader = findProcess(sessionId);
    if (leader !== null) signalProcess(leader, signal);
  }

  override checkBackground(tty: Tty, signal: i32): i64 {
    let process = currentProcess();
    if (tty.sessionId == 0 || process.sessionId != tty.sessionId || process.groupId == tty.foregroundGroup) return 0;
    if (contains(currentThread().mask, signal) || process.signalActions.isIgnored(signal)) {
      return signal == SIGTTIN ? -EIO : 0;
    }
    if (isOrphanedGroup(process.groupId)) return -EIO;
    signalGroup(process.groupId, signal);
    return -ERESTARTSYS;
  }

  override get callerSession(): i32 {
    return currentProcess().sessionId;
  }

  override get callerGroup(): i32 {
    return currentProcess().groupId;
  }

  override get isCallerLeader(): bool {
    let process = currentProcess();
    return process.sessionId == process.id;
  }

  override isGroupIn(groupId: i32, sessionId: i32): bool {
    for (let i = 0; i < processCount(); i++) {
      let process = processAt(i);
      if (process.groupId == groupId && process.sessionId == sessionId) return true;
    }
    return false;
  }

  override get callerTerminal(): Tty | null {
    return terminalOfProcess(currentProcess());
  }

  override giveUpTerminal(): void {
    currentProcess().hasNoTerminal = true;
  }

  override get isCallerPrivileged(): bool {
    return currentProcess().credentials.isPrivileged;
  }

  override isGroup(groupId: i32): bool {
    return isGroup(groupId);
  }
}

class NameTerminals extends TerminalNames {
  override deviceOf(process: Process): u64 {
    let tty = terminalOfProcess(process);
    return tty === null ? 0 : tty.deviceNumber;
  }

  override foregroundOf(process: Process): i32 {
    let tty = terminalOfProcess(process);
    return tty === null ? -1 : tty.foregroundGroup;
  }
}

/** A session whose leader ends loses its terminal: the foreground group hears of it (POSIX.1-2017, _exit). */
class ReleaseTerminal extends SessionWatcher {
  override ended(sessionId: i32): void {
    releaseTerminals(sessionId);
  }
}

/** Signals that come over the line are for the program: its first process. */
class ForwardToProgram extends SignalReceiver {
  override signal(number: i32): void {
    let process = firstProcess();
    if (process !== null && number > 0 && number <= 64) signalProcess(process, number);
  }
}

/** /dev/console and /dev/ttyS0. */
class ConsoleDriver extends DeviceDriver {
  constructor(private readonly isConsole: bool) {
    super();
  }

  override open(_minor: u32, flags: u32): File | null {
    let terminal = console;
    if (terminal !== null) return openTerminal(terminal.tty, flags, this.isConsole);
    failOpen(-ENXIO);
    return null;
  }
}

/** /dev/tty: the controlling terminal of whoever opens it. */
class ControllingTerminalDriver extends DeviceDriver {
  override open(_minor: u32, flags: u32): File | null {
    let tty = jobControl.callerTerminal;
    if (tty !== null) return new TtyFile(tty, flags);
    failOpen(-ENXIO);
    return null;
  }
}

/** Make the console and its devices. */
export function setUpConsole(config: BootConfig): void {
  setJobControl(new ProcessJobControl());
  setSessionWatcher(new ReleaseTerminal());
  setTerminalNames(new NameTerminals());
  let isFramed = config.stdin != StdinKind.RAW;
  let isStream = config.stdin == StdinKind.PIPE || config.stdin == StdinKind.NONE;
  let made = new SerialConsole(com1, isFramed, isStream);
  made.tty.columns = <u32>config.columns;
  made.tty.rows = <u32>config.rows;
  made.setSignalReceiver(new ForwardToProgram());
  let stream = made.stream;
  if (stream !== null && config.stdin == StdinKind.NONE) stream.end();
  console = made;
  registerCharacter(TTY_AUX_MAJOR, 0, "tty", new ControllingTerminalDriver());
  registerCharacter(TTY_AUX_MAJOR, 1, "console", new ConsoleDriver(true), 0o600);
  registerCharacter(TTY_MAJOR, 64, "ttyS0", new ConsoleDriver(false), 0o660);
  // The console is the one virtual terminal (man 4 console): programs that draw look for it by these names.
  registerCharacter(TTY_MAJOR, 0, "tty0", new ConsoleDriver(true), 0o620);
  registerCharacter(TTY_MAJOR, 1, "tty1", new ConsoleDriver(true), 0o620);
  setUpPseudoTerminals();
  typeOn(made.tty);
  showTerminal(made.tty, config, isFramed);
  made.start();
  if (isFramed) announceInput();
}

/** TIOCGPTPEER: the slave gets its name as if opened by it. */
class InstallPeer extends PeerOpener {
  override install(file: File, index: i32, isCloseOnExec: bool): i64 {
    let name = new Text(24).string("/dev/pts/").decimal(<u64>index);
    nameFile(file, StaticArray.slice<u8>(name.bytes, 0, name.length));
    let process = currentProcess();
    let descriptor = process.descriptors.add(file, isCloseOnExec, process.limits.descriptors);
    if (descriptor < 0) file.release();
    return descriptor;
  }
}

/** Pseudo-terminals: /dev/ptmx; /dev/pts is mounted with the other file systems. */
function setUpPseudoTerminals(): void {
  setPeerOpener(new InstallPeer());
  registerCharacter(TTY_AUX_MAJOR, 2, "ptmx", new MultiplexorDriver());
  registerProcFile("sys/kernel/pty/max", new Setting(<u64>MAX_PAIRS));
  registerProcFile("sys/kernel/pty/reserve", new Setting(0));
  registerProcFile("sys/kernel/pty/nr", new PairCount());
}

class PairCount extends TextSource {
  override render(text: Text): void {
    text.decimal(<u64>pairCount()).byte(0x0a);
  }
}

class DrainSerialPorts extends ExitHook {
  override run(): void {
    let terminal = console;
    if (terminal !== null && !isPanic) terminal.tty.flushAtEnd();
    com1.drain();
    com2.drain();
  }
}

/** DLE STX: here the kernel's output begins (docs/command-line.md, "Standard output"). */
const MARK: StaticArray<u8> = [0x10, 0x02];

/** Where the kernel's own lines go: with standard error. */
export function directLog(config: BootConfig): void {
  if (config.marksBeginning) com1.write(bytesAddress(MARK), <u64>MARK.length);
  addExitHook(new DrainSerialPorts());
  if (config.stderr == OutputKind.COM2 && com2.initialize()) {
    // Firmware writes to all serial ports.
    if (config.marksBeginning) com2.write(bytesAddress(MARK), <u64>MARK.length);
    log.replaceSinks(new SerialSink(com2, false));
  } else {
    log.replaceSinks(new SerialSink(com1, config.stdout == OutputKind.TTY));
  }
  preparePanicScreen();
}

/** Give a process its descriptors 0, 1 and 2, and the terminal as its controlling one. */
export function openStandardStreams(process: Process, config: BootConfig): void {
  let made = console!;
  let tty = made.tty;
  tty.sessionId = process.sessionId;
  tty.foregroundGroup = process.groupId;
  let shared: TtyFile | null = null;
  let stream = made.stream;
  if (stream !== null) add(process, new InputStreamFile(stream, made));
  else {
    shared = consoleFile(tty);
    add(process, shared);
  }
  addOutput(process, config.stdout, shared, tty);
  addOutput(process, config.stderr, shared, tty);
}

/** The terminal as if opened by its name, so that fstat and ttyname know it. */
function consoleFile(tty: Tty): TtyFile {
  let file = new TtyFile(tty, O_RDWR);
  nameFile(file, CONSOLE_PATH);
  return file;
}

function nameFile(file: File, name: StaticArray<u8>): void {
  let path = findPath(name);
  if (path === null) return;
  let inode = path.entry.inode;
  if (inode !== null) file.attach(inode, path);
}

function addOutput(process: Process, kind: OutputKind, shared: TtyFile | null, tty: Tty): void {
  if (kind == OutputKind.COM2 && com2.isThere) add(process, new OutputStreamFile(com2, connectOutputPort(com2)));
  else if (kind != OutputKind.TTY) add(process, new OutputStreamFile(com1, console!.room));
  else if (shared !== null) {
    shared.retain();
    add(process, shared);
  } else add(process, consoleFile(tty));
}

function add(process: Process, file: File): void {
  process.descriptors.add(file, false, process.limits.descriptors);
}
