// Who a process is to the file system and to signals: man 7 credentials. A program runs as root, alone on its machine,
// until it asks for less.

import { Identity } from "../vfs/identity";

export class Credentials extends Identity {
  realUser: u32 = 0;
  effectiveUser: u32 = 0;
  savedUser: u32 = 0;
  realGroup: u32 = 0;
  effectiveGroup: u32 = 0;
  savedGroup: u32 = 0;
}
