// Every format by every firmware on every machine with little and much memory: `node tests/guest/packed/matrix.ts`
// (some ten minutes under emulation). Prints one line a boot and ends with status 1 when one failed.

import { assertBoots, type Boot, buildReport, FORMATS, pack } from "./media.ts";

const image = buildReport();
const boots: Boot[] = FORMATS.flatMap((format) =>
  (["bios", "uefi"] as const).flatMap((firmware) =>
    (["pc", "q35"] as const).flatMap((machine) =>
      [256, 6144].map((memoryMiB) => ({ format, firmware, machine, memoryMiB })),
    ),
  ),
);
for (const boot of boots) {
  const title = `${boot.format} ${boot.firmware} ${boot.machine} ${boot.memoryMiB} MiB`;
  try {
    const { elapsedMs } = await assertBoots(pack(image, boot.format), boot);
    process.stdout.write(`ok      ${title} (${(elapsedMs / 1000).toFixed(1)} s)\n`);
  } catch (error) {
    process.stdout.write(`failed  ${title}: ${(error as Error).message.split("\n")[0]}\n`);
    process.exitCode = 1;
  }
}
