// execve(2): a new program in this process. The whole new address space is built beside the old one; only when nothing can
// fail any more do the other threads end and the old program go. An error thus returns to a program that is still there.

import * as cpu from "machine/cpu";
import { TRAP_FRAME_SIZE, USER_CODE, USER_DATA } from "machine/frame";
import * as mem from "machine/mem";
import { linearAddress } from "memory/address";
import { EACCES, ELIBBAD, ELOOP, ENOEXEC, ENOMEM, ETXTBSY } from "../abi/errno";
import { PROT_WRITE } from "../abi/mman";
import { S_ISGID, S_ISUID } from "../abi/stat";
import { AddressSpace } from "../memory/address-space";
import { LIMIT_STACK } from "../memory/limits";
import { randomBreak, randomMapBase } from "../memory/placement";
import { Inode } from "../vfs/inode";
import { Path } from "../vfs/path";
import * as walks from "../vfs/walk";
import { Last } from "../vfs/walk";
import { Arguments } from "./arguments";
import { Credentials } from "./credentials";
import { ElfImage, elfError, parseElf } from "./elf";
import { buildStack, chooseStackTop, ProgramFacts } from "./initial-stack";
import { loadBias, loadElf } from "./load-elf";
import { Process } from "./process";
import * as script from "./script";
import { becomeOnlyThread, resetForExec } from "./single-thread";
import { UserThread } from "./user-thread";
import { mapVdso } from "./vdso";

/** Interpreters of interpreters: Linux's limit. */
const MAXIMUM_SCRIPTS: i32 = 5;
/** Linux's comm, the NUL counted. */
const NAME_SIZE: i32 = 16;
/** Interrupts on, the bit that is always 1 (Intel SDM 1 §3.4.3). */
const INITIAL_FLAGS: u64 = 0x202;
const SLASH: u8 = 0x2f;

/** A program found and checked, on its way to be loaded. */
class Candidate {
  constructor(
    readonly inode: Inode,
    /** Null for a file without a name (memfd). */
    readonly path: Path | null,
  ) {}
}

let findError: i32 = 0;

/**
 * Replace the program of `thread`'s process with the file `inode` (found at `path`, null when it has no name), called `name`
 * (`nameLength` bytes, as given to execve). `strings` holds arguments and environment and is used up. Returns 0, and the registers
 * are then the new program's, or a negative errno.
 */
export function exec(
  thread: UserThread,
  inode: Inode,
  path: Path | null,
  name: StaticArray<u8>,
  nameLength: i32,
  strings: Arguments,
): i64 {
  let program = check(thread.process, inode, path);
  let error = program === null ? <i64>findError : load(thread, program, name, nameLength, strings);
  strings.discard();
  return error;
}

function load(thread: UserThread, found: Candidate, name: StaticArray<u8>, nameLength: i32, strings: Arguments): i64 {
  let process = thread.process;
  let program: Candidate | null = found;
  // A script gives the process its name, not the interpreter.
  let calledName = name;
  let calledLength = nameLength;
  for (let depth = 0; ; depth++) {
    let kind = script.readScript(program.inode);
    if (kind < 0) return kind;
    if (kind == 0) break;
    if (depth == MAXIMUM_SCRIPTS) return -ELOOP;
    let error = prepareScript(strings, name, nameLength);
    if (error < 0) return error;
    name = script.interpreter;
    nameLength = name.length;
    program = find(process, name);
    if (program === null) return findError;
  }

  let image = parseElf(program.inode);
  if (image === null) return elfError;
  let space = new AddressSpace();
  if (!space.initialize()) return -ENOMEM;
  space.limits = process.limits.soft;
  space.setExecutable(program.inode);
  let facts = new ProgramFacts();
  judgeIdentity(process.credentials, process.hasNoNewPrivileges, program.inode, facts);
  let top = chooseStackTop();
  space.mapBase = randomMapBase(space.limits[LIMIT_STACK]);
  space.searchTop = space.mapBase;
  let entry = loadImages(process, space, image, program, facts);
  let pointer: i64 = entry < 0 ? entry : buildStack(space, top, strings, facts, process.credentials);
  if (pointer >= 0) pointer = begin(thread, space, program, facts, <u64>entry, <u64>pointer);
  if (pointer < 0) {
    space.release();
    return pointer;
  }
  nameThread(thread, calledName, calledLength);
  return 0;
}

/** Map the program and its interpreter; the address to start at, or a negative errno. */
function loadImages(
  process: Process,
  space: AddressSpace,
  image: ElfImage,
  program: Candidate,
  facts: ProgramFacts,
): i64 {
  let error = loadElf(space, image, program.inode, program.path, true);
  if (error < 0) return error;
  let bias = loadBias;
  facts.entry = image.entry + bias;
  facts.headers = image.headers == 0 ? 0 : image.headers + bias;
  facts.headerCount = image.headerCount;
  facts.hasExecutableStack = image.hasExecutableStack;
  noteAreas(space, image, bias);
  let start = randomBreak(image.end + bias);
  space.breakStart = start;
  space.breakEnd = start;
  mapVdso(space);

  let interpreterPath = image.interpreter;
  if (interpreterPath === null) return <i64>facts.entry;
  let interpreter = find(process, interpreterPath);
  if (interpreter === null) return findError;
  let interpreterImage = parseElf(interpreter.inode);
  if (interpreterImage === null) return elfError == -ENOEXEC ? -ELIBBAD : elfError;
  error = loadElf(space, interpreterImage, interpreter.inode, interpreter.path, false);
  if (error < 0) return error;
  facts.interpreterBase = loadBias;
  return <i64>(interpreterImage.entry + loadBias);
}

/** Where code and data are, for /proc/PID/stat. */
function noteAreas(space: AddressSpace, image: ElfImage, bias: u64): void {
  space.codeStart = u64.MAX_VALUE;
  for (let i = 0; i < image.segments.length; i++) {
    let segment = image.segments[i];
    let start = segment.address + bias;
    let end = start + segment.fileSize;
    space.codeStart = min(space.codeStart, start);
    if ((segment.protection & PROT_WRITE) == 0) space.codeEnd = max(space.codeEnd, end);
    space.dataStart = max(space.dataStart, start);
    space.dataEnd = max(space.dataEnd, end);
  }
}

/** The point of no return: from here on there is only the new program. 0, or -EAGAIN when the process ends anyway. */
function begin(
  thread: UserThread,
  space: AddressSpace,
  program: Candidate,
  facts: ProgramFacts,
  entry: u64,
  pointer: u64,
): i64 {
  let process = thread.process;
  let error = becomeOnlyThread(thread);
  if (error < 0) return error;
  resetForExec(thread);
  let old = process.addressSpace;
  process.addressSpace = space;
  space.activate();
  old.release();
  process.executable = program.path;
  takeIdentity(process.credentials, facts);
  cpu.writeFsBase(0);
  cpu.writeUserGsBase(0);

  // Every register but these is 0; a vector that is not SYSCALL's has the whole frame loaded.
  mem.fill(linearAddress(thread.frame), 0, TRAP_FRAME_SIZE);
  let registers = thread.registers;
  registers.rip = entry;
  registers.cs = USER_CODE;
  registers.rflags = INITIAL_FLAGS;
  registers.rsp = pointer;
  registers.ss = USER_DATA;
  return 0;
}

/** argv[0] becomes interpreter, argument (if any), script. */
function prepareScript(strings: Arguments, name: StaticArray<u8>, nameLength: i32): i32 {
  strings.popArgument();
  let error = strings.pushArgument(name, nameLength);
  let argument = script.argument;
  if (error == 0 && argument !== null) error = strings.pushArgument(argument);
  if (error == 0) error = strings.pushArgument(script.interpreter);
  return error;
}

/** The file at a path of the kernel's own (an interpreter), as the process sees it; null with the reason in `findError`. */
function find(process: Process, text: StaticArray<u8>): Candidate | null {
  let context = process.files;
  let walk = walks.begin(context, process.credentials);
  findError = walk.setText(text);
  if (findError == 0) findError = walk.run(context, process.credentials, context.directory!, Last.FOLLOW);
  let path = findError == 0 ? walk.toPath() : null;
  walks.end(walk);
  return path === null ? null : check(process, path.entry.inode, path);
}

/** Whether a file may be executed; null with the reason in `findError`. */
function check(process: Process, inode: Inode | null, path: Path | null): Candidate | null {
  if (inode === null || !inode.isRegular || inode.permits(process.credentials, 1) < 0) {
    findError = -EACCES;
    return null;
  }
  if (inode.writerCount > 0) {
    findError = -ETXTBSY;
    return null;
  }
  return new Candidate(inode, path);
}

/** What set-user-ID and set-group-ID bits make of the caller. Without the group's execute bit S_ISGID means locking (man 7 inode). */
function judgeIdentity(credentials: Credentials, hasNoNewPrivileges: bool, inode: Inode, facts: ProgramFacts): void {
  facts.effectiveUser = credentials.effectiveUser;
  facts.effectiveGroup = credentials.effectiveGroup;
  if (!hasNoNewPrivileges) {
    if ((inode.mode & S_ISUID) != 0) facts.effectiveUser = inode.userId;
    if ((inode.mode & S_ISGID) != 0 && (inode.mode & 0o010) != 0) facts.effectiveGroup = inode.groupId;
  }
  facts.isSecure = facts.effectiveUser != credentials.realUser || facts.effectiveGroup != credentials.realGroup;
}

function takeIdentity(credentials: Credentials, facts: ProgramFacts): void {
  credentials.effectiveUser = facts.effectiveUser;
  credentials.savedUser = facts.effectiveUser;
  credentials.fileUser = facts.effectiveUser;
  credentials.effectiveGroup = facts.effectiveGroup;
  credentials.savedGroup = facts.effectiveGroup;
  credentials.fileGroup = facts.effectiveGroup;
}

/** The thread is called after the last part of the name it was started by. */
function nameThread(thread: UserThread, name: StaticArray<u8>, length: i32): void {
  let start = length;
  while (start > 0 && name[start - 1] != SLASH) start--;
  for (let i = 0; i < NAME_SIZE; i++) {
    thread.name[i] = i < NAME_SIZE - 1 && start + i < length ? name[start + i] : 0;
  }
}
