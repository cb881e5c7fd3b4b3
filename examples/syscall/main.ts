// The system call behind os.hostname() is uname(2). On eggos it goes through kernel/uname.ts first.

import { hostname } from "node:os";

console.log(hostname());
