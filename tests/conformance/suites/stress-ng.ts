// stress-ng: each stressor that leans on the kernel runs for two seconds and verifies what it does.

import { type Case, lastLine, type Suite, type Verdict } from "../suite.ts";

/** By what they lean on. Not in here: what needs hardware or loads modules, and pure computation. */
const STRESSORS = {
  process: `affinity chroot clone context daemon env exec exit-group fork forkheavy get getrandom kcmp kill nice personality
    pidfd prctl pthread race-sched resched resources rlimit schedpolicy session set sleep softlockup spawn switch
    sysinfo vfork vforkmany wait yield zombie cyclic loadavg`,
  signal: `alarm bad-altstack fault itimer nanosleep clock sigabrt sigchld sigfd sigfpe sigio signal signest sigpending
    sigpipe sigq sigrt sigsegv sigsuspend sigtrap timer timerfd hrtimers`,
  vm: `bigheap brk dev-shm madvise malloc mcontend membarrier memfd memthrash mincore mlock mlockmany mmap mmapaddr mmapfixed
    mmapfork mmapmany mprotect mremap msync msyncmany munmap pagemove remap rmap shm shm-sysv stack stackmmap tmpfs vm
    vm-addr vm-rw vm-segv vm-splice randlist userfaultfd numa`,
  pipe: "fifo pipe pipeherd oom-pipe ring-pipe sendfile splice tee",
  communication: `eventfd epoll futex io-uring mq msg mutex poll sem sem-sysv sock sockabuse sockdiag sockfd sockmany sockpair udp
    udp-flood ping-sock netlink-proc icmp-flood`,
  filesystem: `access bind-mount chattr chdir chmod chown copy-file dentry dir dirdeep dirmany dnotify dup fallocate fanotify
    fcntl fiemap file-ioctl filename flock fpunch fstat fsize getdent handle hdd inode-flags inotify io iomix ioprio aio aiol
    lease link locka lockf lockofd mknod open procfs ramfs readahead rename revio seek symlink sync-file sysfs touch umount utime
    xattr full null urandom zero`,
  syscall:
    "enosys bad-ioctl cap key klog landlock opcode ptrace pty rtc seal seccomp sysbadaddr syscall sysinval unshare usersyscall vdso x86syscall",
};

function stressCase(name: string): Case {
  const script = `exec stress-ng --${name} 1 --timeout 2 --verify --pathological --no-rand-seed --temp-path /tmp/work --metrics-brief`;
  return { name, script, seconds: 40 };
}

/** Exit statuses: man 1 stress-ng. */
function judge(output: string, status: number): Verdict {
  const one = { passed: 0, failed: 0, skipped: 0, failures: [], note: "" };
  const skipped = /^.*\[\d+\] (.*(?:skipped|not implemented|not supported|skipping|unsupported).*)$/m.exec(output)?.[1];
  const isSkipped = (skipped !== undefined && !/successful run/.test(output)) || /skipped: [1-9]/.test(output);
  if ((status === 0 && isSkipped) || status === 3 || status === 4) {
    const said = skipped ?? /^.*\[\d+\] (.*errno.*|.*cannot.*)$/m.exec(output)?.[1] ?? lastLine(output);
    return { ...one, outcome: "skip", skipped: 1, note: said.replace(/^[\w-]+: /, "").slice(0, 120) };
  }
  if (status === 0) return { ...one, outcome: "pass", passed: 1 };
  const failed = /^.*fail: *\[\d+\] (.*)$/m.exec(output)?.[1] ?? /^.*error: *\[\d+\] (.*)$/m.exec(output)?.[1];
  return { ...one, outcome: "fail", failed: 1, note: (failed ?? lastLine(output)).slice(0, 200) };
}

export const stressSuite: Suite = {
  name: "stress-ng",
  title: "stress-ng",
  about: "Debian's stress-ng: one stressor a case, two seconds each, with `--verify`.",
  packages: ["stress-ng"],
  memoryMiB: 768,
  prepare: async () => ({
    entries: [],
    cases: Object.values(STRESSORS).flatMap((names) => names.split(/\s+/).map(stressCase)),
  }),
  judge,
};
