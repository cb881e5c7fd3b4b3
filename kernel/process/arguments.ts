// The strings of a new program: arguments, environment, file name, gathered before there is a place for them. They are
// written from the end down into page frames that later become the top of the stack, so nothing is copied twice:
//
//   top - 8   |  execfn \0
//             |  environment strings, the last one highest
//             |  argument strings, argv[0] lowest
//   used ->   |
//
// Limits are Linux's (man 2 execve): 128 KB a string; together with the pointers a quarter of the stack limit, at least 128 KB,
// at most 6 MB.

import * as mem from "machine/mem";
import * as user from "machine/user";
import { bytesAddress, direct, isUserRange } from "memory/address";
import * as frames from "memory/frames";
import { E2BIG, EFAULT, ENOMEM } from "../abi/errno";
import { PAGE_SHIFT, PAGE_SIZE } from "../abi/mman";
import { fetch64, fetched } from "../memory/user";

/** MAX_ARG_STRLEN, the NUL counted. */
const MAXIMUM_STRING: u64 = 131072;
const LEAST_LIMIT: u64 = 131072;
const MOST_LIMIT: u64 = 6 << 20;
/** MAX_ARG_STRINGS is 2^31 - 1; the byte limit is reached far earlier. */
const MAXIMUM_STRINGS: i32 = 1 << 20;

export class Arguments {
  /** Frames from the top of the stack down. */
  pages: Array<u64> = [] as u64[];
  /** Bytes used, counted from the top. */
  used: u64 = 8;
  /** How far below the top each string begins: argv in reverse order, envp in reverse order, the name. */
  argv: Array<u64> = [] as u64[];
  envp: Array<u64> = [] as u64[];
  name: u64 = 0;
  private limit: u64;

  constructor(stackLimit: u64) {
    this.limit = max(LEAST_LIMIT, min(MOST_LIMIT, stackLimit / 4));
  }

  /** Gather execve's own arguments: the file name first, then user memory. 0 or a negative errno. */
  takeUser(name: StaticArray<u8>, nameLength: i32, argv: u64, envp: u64): i32 {
    let argumentCount = countPointers(argv);
    if (argumentCount < 0) return argumentCount;
    let environmentCount = countPointers(envp);
    if (environmentCount < 0) return environmentCount;
    // Pointers count as well, and a program without arguments gets an empty one.
    let pointerBytes = <u64>(max(argumentCount, 1) + environmentCount) * 8;
    if (pointerBytes >= this.limit) return -E2BIG;
    this.limit -= pointerBytes;
    let error = this.pushBytes(name, nameLength);
    if (error < 0) return error;
    this.name = this.used;
    error = this.pushVector(envp, environmentCount, this.envp);
    if (error < 0) return error;
    error = this.pushVector(argv, argumentCount, this.argv);
    if (error < 0 || argumentCount > 0) return error;
    return this.pushArgument(new StaticArray<u8>(0));
  }

  /** As takeUser, from the kernel's own strings. */
  takeKernel(name: StaticArray<u8>, argv: Array<StaticArray<u8>>, envp: Array<StaticArray<u8>>): i32 {
    let error = this.pushBytes(name, name.length);
    this.name = this.used;
    for (let i = envp.length - 1; i >= 0 && error == 0; i--) {
      error = this.pushBytes(envp[i], envp[i].length);
      this.envp.push(this.used);
    }
    for (let i = argv.length - 1; i >= 0 && error == 0; i--) error = this.pushArgument(argv[i]);
    if (error == 0 && argv.length == 0) error = this.pushArgument(new StaticArray<u8>(0));
    return error;
  }

  /** Put another argument in front of all. */
  pushArgument(text: StaticArray<u8>, length: i32 = text.length): i32 {
    let error = this.pushBytes(text, length);
    if (error == 0) this.argv.push(this.used);
    return error;
  }

  /** Take argv[0] away. Precondition: nothing was pushed after it. */
  popArgument(): void {
    this.argv.pop();
    this.used =
      this.argv.length > 0
        ? this.argv[this.argv.length - 1]
        : this.envp.length > 0
          ? this.envp[this.envp.length - 1]
          : this.name;
  }

  /** Free the frames: the program is not to run. */
  discard(): void {
    for (let i = 0; i < this.pages.length; i++) frames.release(this.pages[i]);
    this.pages.length = 0;
  }

  private pushVector(vector: u64, count: i32, places: Array<u64>): i32 {
    for (let i = count - 1; i >= 0; i--) {
      if (fetch64(vector + <u64>i * 8) < 0) return -EFAULT;
      let address = fetched;
      if (!isUserRange(address, 1)) return -EFAULT;
      let length = user.stringLength(address, MAXIMUM_STRING);
      if (length < 0) return -EFAULT;
      if (<u64>length >= MAXIMUM_STRING) return -E2BIG;
      let error = this.reserve(<u64>length + 1);
      if (error < 0) return error;
      error = this.copyUser(address, <u64>length);
      if (error < 0) return error;
      places.push(this.used);
    }
    return 0;
  }

  private pushBytes(text: StaticArray<u8>, length: i32): i32 {
    let error = this.reserve(<u64>length + 1);
    if (error < 0) return error;
    let done: u64 = 0;
    while (done < <u64>length) {
      let step = min(<u64>length - done, this.roomAt(this.used - done));
      mem.copy(this.addressAt(this.used - done), bytesAddress(text) + done, step);
      done += step;
    }
    mem.store8(this.addressAt(this.used - <u64>length), 0);
    return 0;
  }

  private copyUser(address: u64, length: u64): i32 {
    let done: u64 = 0;
    while (done < length) {
      let step = min(length - done, this.roomAt(this.used - done));
      if (user.copyIn(this.addressAt(this.used - done), address + done, step) != 0) return -EFAULT;
      done += step;
    }
    mem.store8(this.addressAt(this.used - length), 0);
    return 0;
  }

  /** Go `bytes` further down, with frames below. */
  private reserve(bytes: u64): i32 {
    if (this.used + bytes > this.limit) return -E2BIG;
    this.used += bytes;
    while ((<u64>this.pages.length) << PAGE_SHIFT < this.used) {
      let frame = frames.allocateZeroed();
      if (frame == 0) return -ENOMEM;
      this.pages.push(frame);
    }
    return 0;
  }

  /** The kernel-virtual address of the byte that is `below` bytes below the top. */
  private addressAt(below: u64): u64 {
    let index = (below - 1) >> PAGE_SHIFT;
    return direct(this.pages[<i32>index]) + ((PAGE_SIZE - (below & (PAGE_SIZE - 1))) & (PAGE_SIZE - 1));
  }

  /** Bytes from there to the end of its page. */
  private roomAt(below: u64): u64 {
    return ((below - 1) & (PAGE_SIZE - 1)) + 1;
  }
}

/** The pointers of a null-terminated vector; a null vector has none. Or a negative errno. */
function countPointers(vector: u64): i32 {
  if (vector == 0) return 0;
  for (let count = 0; count < MAXIMUM_STRINGS; count++) {
    if (!isUserRange(vector + <u64>count * 8, 8) || fetch64(vector + <u64>count * 8) < 0) return -EFAULT;
    if (fetched == 0) return count;
  }
  return -E2BIG;
}
