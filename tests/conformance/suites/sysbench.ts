// sysbench's own tests, briefly: they have no verdict but their exit status and that events were done.

import { byStatus, type Case, type Suite } from "../suite.ts";

const FILES = "--file-num=8 --file-total-size=16M";

function fileCase(mode: string): Case {
  const common = `sysbench fileio ${FILES} --validate --file-test-mode=${mode} --time=3`;
  return {
    name: `fileio ${mode}`,
    script: `set -e\n${common} prepare\n${common} --threads=2 run | tee out\n${common} cleanup\ngrep -q 'total number of events: *[1-9]' out`,
    seconds: 90,
  };
}

function plainCase(name: string, options: string): Case {
  return {
    name,
    script: `set -e\nsysbench ${name} ${options} --time=3 run | tee out\ngrep -q 'total number of events: *[1-9]' out`,
    seconds: 60,
  };
}

export const sysbenchSuite: Suite = {
  name: "sysbench",
  title: "sysbench",
  about: "Debian's sysbench: each test for three seconds; files with `--validate`.",
  packages: ["sysbench"],
  memoryMiB: 384,
  prepare: async () => ({
    entries: [],
    cases: [
      plainCase("cpu", "--threads=2 --cpu-max-prime=2000"),
      plainCase("memory", "--threads=2 --memory-block-size=64K --memory-total-size=1G"),
      plainCase("threads", "--threads=8"),
      plainCase("mutex", "--threads=8 --mutex-num=64 --mutex-locks=2000 --mutex-loops=100"),
      ...["seqwr", "seqrewr", "seqrd", "rndrd", "rndwr", "rndrw"].map(fileCase),
      {
        name: "fileio mmap",
        script: `set -e\nsysbench fileio ${FILES} prepare\nsysbench fileio ${FILES} --file-test-mode=rndrw --file-io-mode=mmap --time=3 run | tee out\ngrep -q 'total number of events: *[1-9]' out`,
        seconds: 60,
      },
    ],
  }),
  judge: byStatus,
};
