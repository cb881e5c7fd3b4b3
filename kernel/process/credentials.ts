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

  copy(): Credentials {
    let credentials = new Credentials();
    credentials.realUser = this.realUser;
    credentials.effectiveUser = this.effectiveUser;
    credentials.savedUser = this.savedUser;
    credentials.fileUser = this.fileUser;
    credentials.realGroup = this.realGroup;
    credentials.effectiveGroup = this.effectiveGroup;
    credentials.savedGroup = this.savedGroup;
    credentials.fileGroup = this.fileGroup;
    credentials.groups = this.groups;
    return credentials;
  }
}
