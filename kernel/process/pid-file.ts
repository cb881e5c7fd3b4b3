// A process as a file: pidfd_open(2), clone(CLONE_PIDFD). Readable once the process has ended.

import { EPOLLIN, EPOLLRDNORM } from "../abi/poll";
import { File } from "../vfs/file";
import { Text } from "../lib/text";
import { Process, ProcessState } from "./process";

const O_RDWR: u32 = 2;
const O_NONBLOCK: u32 = 0o4000;

export class PidFile extends File {
  constructor(
    public process: Process,
    isNonBlocking: bool,
  ) {
    super();
    this.flags = O_RDWR | (isNonBlocking ? O_NONBLOCK : 0);
    this.readiness = process.ended;
  }

  override poll(): u32 {
    return this.process.state == ProcessState.RUNNING ? 0 : EPOLLIN | EPOLLRDNORM;
  }

  override describe(): StaticArray<u8> {
    let text = new Text(18);
    text.string("anon_inode:[pidfd]");
    return text.bytes;
  }
}
