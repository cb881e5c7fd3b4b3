// Start the program: file systems, terminal, process 1, exec.

import { BootConfig, StdinKind } from "../boot/config";
import { Machine } from "../boot/machine";
import { features } from "../cpu/features";
import * as fwCfg from "../drivers/fw-cfg";
import { showSteps, stepDone } from "../boot/trace";
import { Text } from "../lib/text";
import { errnoName } from "../abi/errno-names";
import { ENOENT } from "../abi/errno";
import * as log from "../log/log";
import { exit } from "../panic/power";
import { bytesOf } from "../procfs/proc-file-system";
import { Arguments } from "../process/arguments";
import { exec } from "../process/exec";
import { setMachineEnd } from "../process/exit";
import * as extendedState from "../process/extended-state";
import { createFirstProcess } from "../process/first-process";
import { RLIMIT_STACK } from "../process/resource-limits";
import { setHostName } from "../process/system-name";
import * as scheduler from "../sched/scheduler";
import { startSampling } from "../sched/load-average";
import * as strace from "../syscall/strace";
import { defineAllCalls } from "../syscall/rows";
import { findPath, lookupError, rootContext } from "../vfs/root";
import { mountFileSystems } from "./file-systems";
import { connectHooks } from "./hooks";
import { prepareInput } from "./input";
import { EndWithProgram } from "./machine-end";
import { greet, setUpScreen } from "./screen";
import { directLog, openStandardStreams, setUpConsole } from "./standard-streams";

/** What a shell ends with when the program is not there, or cannot be run (POSIX sh, "Exit Status for Commands"). */
const NOT_FOUND: i32 = 127;
const NOT_RUNNABLE: i32 = 126;

/** What the console is (kernel/console/terminal). */
const OUR_TERMINAL: StaticArray<u8> = bytesOf("TERM=xterm-256color");

/** One line to the consoles, then the machine ends with `status`. Never returns. */
function fail(message: Text, status: i32): void {
  message.byte(0x0a);
  log.write(message.address, <u64>message.length);
  exit(status);
}

function complaint(): Text {
  return new Text(512).string("eggos: ");
}

/** What `egg run` tells a kernel that came from a disk or a disc, whose loader has a command line of its own. */
const TOLD: string = "opt/eggos/boot";
const TOLD_SIZE: u32 = 1 << 20;

/** Read the configuration that came with the image, with the loader, and from `egg run`. */
export function readConfiguration(machine: Machine): BootConfig {
  let config = new BootConfig();
  config.read(machine.imageConfiguration);
  config.read(machine.commandLine);
  if (features.isVirtual && !machine.isDirect) config.read(fwCfg.readFile(TOLD, TOLD_SIZE));
  return config;
}

/** Where the kernel's lines go, and which calls there are: before modules have something to say or to wrap. */
export function prepareModules(config: BootConfig): void {
  directLog(config);
  if (config.traceBoot) log.setShownLevel(log.INFO);
  defineAllCalls();
  prepareInput(config);
}

/** Make everything ready for the program and let its thread run. */
export function startFirstProgram(machine: Machine, config: BootConfig): void {
  connectHooks();
  setUpScreen();
  let trouble = mountFileSystems(machine);
  if (trouble !== null) fail(complaint().string(trouble), NOT_FOUND);
  stepDone("file systems");
  setHostName(config.hostName);
  extendedState.initialize();
  setMachineEnd(new EndWithProgram());
  setUpConsole(config);
  startSampling();
  if (config.traceCalls) strace.enable(config.tracedCalls);
  stepDone("console");
  if (!config.traceBoot) greet();
  launch(config);
  stepDone("program");
  if (config.traceBoot) showSteps();
}

function launch(config: BootConfig): void {
  if (config.program.length == 0) fail(complaint().string("no program to start: the image names none"), NOT_FOUND);
  let path = findPath(config.program);
  if (path === null) {
    let text = complaint().array(config.program).string(": ").string(errnoName(-lookupError));
    fail(text, lookupError == -ENOENT ? NOT_FOUND : NOT_RUNNABLE);
    return;
  }
  let thread = createFirstProcess();
  let process = thread.process;
  process.files = rootContext.copy();
  let directory = findPath(config.directory);
  if (directory !== null) process.files.setDirectory(directory);
  openStandardStreams(process, config);
  // A host tells its terminal's kind; without one it is ours.
  if (config.stdin == StdinKind.RAW) config.addDefault(OUR_TERMINAL);
  let strings = new Arguments(process.limits.soft[RLIMIT_STACK]);
  let name = config.program;
  let error: i64 = strings.takeKernel(name, config.argumentVector(), config.environment);
  if (error == 0) error = exec(thread, path.entry.inode!, path, name, name.length, strings);
  if (error < 0) {
    let text = complaint()
      .string("cannot run ")
      .array(name)
      .string(": ")
      .string(errnoName(<i32>-error));
    fail(text, error == -ENOENT ? NOT_FOUND : NOT_RUNNABLE);
  }
  if (!scheduler.start(thread)) fail(complaint().string("no memory for the first thread"), NOT_RUNNABLE);
}
