// Named pipes (man 7 fifo): the pipe behind a FIFO inode, for as long as somebody has it open, and the waiting in open(2).

import { EINTR, ENXIO, ERESTARTSYS } from "../../abi/errno";
import { O_ACCMODE, O_NONBLOCK, O_RDONLY, O_WRONLY } from "../../abi/fcntl";
import { wait } from "../../sched/block";
import { WaitQueue } from "../../sched/wait";
import { File } from "../../vfs/file";
import { failOpen, Inode } from "../../vfs/inode";
import { FifoOpener, registerFifoOpener } from "../../vfs/open-by-type";
import { Pipe } from "./pipe";
import { PipeFile } from "./pipe-file";

/** A FIFO that is open, or being opened. */
class OpenFifo {
  readonly pipe: Pipe = new Pipe();
  /** Woken when another side comes. */
  readonly opened: WaitQueue = new WaitQueue();
  /** Open files and opens under way. */
  users: i32 = 0;
  next: OpenFifo | null = null;

  constructor(readonly inode: Inode) {}
}

let open: OpenFifo | null = null;

function find(inode: Inode): OpenFifo {
  let fifo = open;
  while (fifo !== null) {
    if (fifo.inode === inode) return fifo;
    fifo = fifo.next;
  }
  let made = new OpenFifo(inode);
  made.next = open;
  open = made;
  return made;
}

function leave(fifo: OpenFifo): void {
  if (--fifo.users > 0) return;
  let previous: OpenFifo | null = null;
  let at = open;
  while (at !== null && at !== fifo) {
    previous = at;
    at = at.next;
  }
  if (at === null) return;
  if (previous === null) open = fifo.next;
  else previous.next = fifo.next;
}

/** An end of a FIFO. */
class FifoFile extends PipeFile {
  constructor(
    readonly fifo: OpenFifo,
    flags: u32,
    number: u64,
  ) {
    super(fifo.pipe, flags, number);
  }

  override close(): void {
    super.close();
    leave(this.fifo);
  }
}

class Opener extends FifoOpener {
  override open(inode: Inode, flags: u32): File | null {
    let access = flags & O_ACCMODE;
    let isNonBlocking = (flags & O_NONBLOCK) != 0;
    let fifo = find(inode);
    let pipe = fifo.pipe;
    if (access == O_WRONLY && isNonBlocking && pipe.readerCount == 0) {
      if (fifo.users == 0) {
        fifo.users = 1;
        leave(fifo);
      }
      failOpen(-ENXIO);
      return null;
    }
    fifo.users++;
    let readersBefore = pipe.readerOpenings;
    let writersBefore = pipe.writerOpenings;
    let file = new FifoFile(fifo, flags, inode.number);
    fifo.opened.wakeAll();
    if (isNonBlocking) return file;
    // A side that came and went meanwhile counts: the openings tell.
    while (
      (access == O_RDONLY && pipe.writerCount == 0 && pipe.writerOpenings == writersBefore) ||
      (access == O_WRONLY && pipe.readerCount == 0 && pipe.readerOpenings == readersBefore)
    ) {
      if (wait(fifo.opened) == -EINTR) {
        file.release();
        failOpen(-ERESTARTSYS);
        return null;
      }
    }
    return file;
  }
}

/** Let FIFOs be opened. */
export function initializeFifos(): void {
  registerFifoOpener(new Opener());
}
