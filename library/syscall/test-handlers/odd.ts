import type { SystemCall } from "eggos/syscall";

/** Does as its first argument says. */
export default async (call: SystemCall): Promise<bigint | number | undefined> => {
  switch (Number(call.arguments[0])) {
    case 0:
      return undefined;
    case 1:
      return BigInt(call.arguments[1] ?? 0n) * 2n;
    case 2:
      throw new Error("on purpose");
    case 3:
      throw Object.assign(new Error("not there"), { errno: -2 });
    case 4:
      return await new Promise(() => {});
    case 5:
      process.exit();
      break;
    case 6:
      return await new Promise((resolve) => setTimeout(() => resolve(66), 20));
    case 7:
      call.read(16n, 8);
      break;
    case 8:
      return call.original(7, 8);
    default:
      return -1;
  }
};
