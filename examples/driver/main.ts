// A device, used by way of its package: what the package brings to the kernel drives it, what it brings to the program opens
// /dev/edu and /dev/edu-memory.

import { factorial, readMemory, writeMemory } from "eggos-driver-edu";

for (const number of [0, 5, 10, 12]) console.log(`${number}! = ${factorial(number)}`);

const message = Buffer.from("written to the device and read back by DMA");
writeMemory(message, 100);
console.log(readMemory(message.length, 100).toString());
