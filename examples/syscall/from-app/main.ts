// The system call behind os.hostname() is uname(2). From here on this program answers it: uname.ts, on a worker.

import { hostname } from "node:os";
import { register, SYS } from "eggos/syscall";

const uname = await register(SYS.uname, new URL("./uname.ts", import.meta.url));
console.log(hostname());
await uname.close();
