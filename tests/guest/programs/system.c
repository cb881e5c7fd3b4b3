/* What the system says of itself: limits, usage, identity, names, prctl, scheduling, random numbers, capabilities. */
#include "check.h"
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

group(identity) {
  check(getpid() > 0 && getppid() >= 0 && syscall(SYS_gettid) == getpid(), "the process has an id, its first thread the same");
  uid_t real, effective, saved;
  gid_t group, effective_group, saved_group;
  check(gives(0, getresuid(&real, &effective, &saved)) && real == getuid() && effective == geteuid(), "getresuid agrees with getuid");
  check(gives(0, getresgid(&group, &effective_group, &saved_group)) && group == getgid(), "getresgid agrees with getgid");
  check(succeeds(getgroups(0, NULL)), "getgroups counts groups");
  check(getpgrp() > 0 && getsid(0) > 0 && getpgid(0) == getpgrp(), "there are a process group and a session");
  struct utsname names;
  check(gives(0, uname(&names)) && strcmp(names.sysname, "Linux") == 0 && strcmp(names.machine, "x86_64") == 0, "uname says Linux on x86_64");
  int major = 0, minor = 0;
  check(sscanf(names.release, "%d.%d", &major, &minor) == 2 && (major > 4 || (major == 4 && minor >= 18)), "of a release that programs accept (4.18 or later)");
  check(names.nodename[0] != 0 && names.version[0] != 0, "with a host name and a version");
  char host[256];
  check(gives(0, gethostname(host, sizeof host)) && strcmp(host, names.nodename) == 0, "gethostname agrees");
  check(fails_with(EFAULT, uname((void *)8)), "uname to a bad address is EFAULT");
  struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  check(gives(0, syscall(SYS_capget, &head, data)), "capget answers");
  check(succeeds(personality(0xffffffff)), "personality can be asked");
}

group(limits) {
  struct rlimit limit;
  bool ok = true;
  for (int i = 0; i < 16; i++) ok = ok && getrlimit(i, &limit) == 0 && limit.rlim_cur <= limit.rlim_max;
  check(ok, "all 16 limits can be read, soft at most hard");
  check(fails_with(EINVAL, getrlimit(16, &limit)), "an unknown one is EINVAL");
  getrlimit(RLIMIT_CORE, &limit);
  struct rlimit changed = {0, limit.rlim_max}, old;
  check(gives(0, prlimit(0, RLIMIT_CORE, &changed, &old)) && old.rlim_cur == limit.rlim_cur, "prlimit sets one and returns the old");
  getrlimit(RLIMIT_CORE, &old);
  check(old.rlim_cur == 0, "and it stays");
  changed = (struct rlimit){10, 5};
  check(fails_with(EINVAL, setrlimit(RLIMIT_CORE, &changed)), "soft above hard is EINVAL");
  getrlimit(RLIMIT_STACK, &limit);
  check(limit.rlim_cur >= 1 << 20, "the stack limit is at least 1 MB");
  check(fails_with(ESRCH, prlimit(0x3ffffff, RLIMIT_CORE, NULL, &old)), "of an unknown process it is ESRCH");
}

group(usage) {
  struct rusage before, after;
  check(gives(0, getrusage(RUSAGE_SELF, &before)), "getrusage answers for the process");
  check(before.ru_maxrss > 0, "it tells the peak memory");
  char *p = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 8 << 20; i += 4096) p[i] = 1;
  int64_t start = now_ns();
  while (now_ns() - start < 50 * 1000000L) {
  }
  getrusage(RUSAGE_SELF, &after);
  check(after.ru_maxrss >= before.ru_maxrss + 4096 || after.ru_maxrss >= 8192, "the peak grows with use, in kilobytes");
  check(after.ru_minflt > before.ru_minflt, "page faults are counted");
  long used = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000000 + after.ru_utime.tv_usec - before.ru_utime.tv_usec +
              (after.ru_stime.tv_sec - before.ru_stime.tv_sec) * 1000000 + after.ru_stime.tv_usec - before.ru_stime.tv_usec;
  check(used > 10000 && used < 5000000, "time used is counted");
  check(gives(0, getrusage(RUSAGE_THREAD, &after)) && gives(0, getrusage(RUSAGE_CHILDREN, &after)), "for a thread and for children too");
  check(fails_with(EINVAL, getrusage(77, &after)), "for something else it is EINVAL");
  munmap(p, 8 << 20);
  struct sysinfo info;
  check(gives(0, sysinfo(&info)) && info.uptime >= 0 && info.procs >= 1, "sysinfo tells uptime and processes");
  uint64_t total = (uint64_t)info.totalram * info.mem_unit, free = (uint64_t)info.freeram * info.mem_unit;
  check(total >= 32 << 20 && free > 0 && free < total, "and total and free memory");
  check(sysconf(_SC_PHYS_PAGES) > 0 && sysconf(_SC_AVPHYS_PAGES) > 0, "which sysconf knows too");
  check(sysconf(_SC_NPROCESSORS_ONLN) >= 1 && sysconf(_SC_NPROCESSORS_CONF) >= 1 && get_nprocs() >= 1, "sysconf counts processors");
  check(sysconf(_SC_PAGESIZE) == 4096 && sysconf(_SC_CLK_TCK) == 100 && sysconf(_SC_OPEN_MAX) >= 1024, "page size 4096, 100 ticks a second, 1024 files at least");
}

group(process_controls) {
  char name[16];
  check(gives(0, prctl(PR_SET_NAME, "a-name-of-a-thread")) && gives(0, prctl(PR_GET_NAME, name)) && strcmp(name, "a-name-of-a-thr") == 0, "PR_SET_NAME keeps 15 bytes");
  char *comm = read_all("/proc/self/comm");
  check(comm && strcmp(comm, "a-name-of-a-thr\n") == 0, "/proc/self/comm shows it");
  check(succeeds(prctl(PR_GET_DUMPABLE)), "PR_GET_DUMPABLE answers");
  check(gives(0, prctl(PR_SET_PDEATHSIG, SIGUSR1)), "PR_SET_PDEATHSIG is taken");
  int signal = 0;
  check(gives(0, prctl(PR_GET_PDEATHSIG, &signal)) && signal == SIGUSR1, "and kept");
  prctl(PR_SET_PDEATHSIG, 0);
  check(gives(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) && gives(1, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)), "PR_SET_NO_NEW_PRIVS is kept");
  check(gives(0, prctl(PR_SET_TIMERSLACK, 50000)) && gives(50000, prctl(PR_GET_TIMERSLACK)), "PR_SET_TIMERSLACK is kept");
  check(fails_with(EINVAL, prctl(123456, 0, 0, 0, 0)), "an unknown option is EINVAL");
  char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  long named = prctl(0x53564d41, 0, p, 4096, "named"); /* PR_SET_VMA, PR_SET_VMA_ANON_NAME */
  check(named == 0 || errno == EINVAL, "PR_SET_VMA is taken or EINVAL");
  munmap(p, 4096);
}

static void *own_name(void *unused) {
  prctl(PR_SET_NAME, "worker");
  return unused;
}

group(scheduling) {
  cpu_set_t set;
  CPU_ZERO(&set);
  check(gives(0, sched_getaffinity(0, sizeof set, &set)) && CPU_COUNT(&set) >= 1 && CPU_COUNT(&set) == sysconf(_SC_NPROCESSORS_ONLN), "sched_getaffinity counts as many processors as sysconf");
  check(succeeds(syscall(SYS_sched_getaffinity, 0, sizeof set, &set)) && check_value % 8 == 0 && check_value > 0, "the call returns the bytes it wrote");
  check(fails_with(EINVAL, syscall(SYS_sched_getaffinity, 0, 1, &set)), "too little room is EINVAL");
  check(gives(0, sched_setaffinity(0, sizeof set, &set)), "sched_setaffinity to what is there returns 0");
  CPU_ZERO(&set);
  check(fails_with(EINVAL, sched_setaffinity(0, sizeof set, &set)), "to no processor it is EINVAL");
  unsigned int cpu = 99, node = 99;
  check(gives(0, getcpu(&cpu, &node)) && cpu < 64 && node == 0, "getcpu answers");
  check(sched_getcpu() >= 0, "sched_getcpu too");
  struct sched_param parameters = {.sched_priority = 99};
  check(gives(SCHED_OTHER, sched_getscheduler(0)) && gives(0, sched_getparam(0, &parameters)) && parameters.sched_priority == 0, "the policy is SCHED_OTHER, priority 0");
  check(gives(0, sched_get_priority_min(SCHED_OTHER)) && gives(0, sched_get_priority_max(SCHED_OTHER)) && gives(1, sched_get_priority_min(SCHED_FIFO)) && gives(99, sched_get_priority_max(SCHED_FIFO)),
        "priorities range as on Linux");
  check(fails_with(EINVAL, sched_get_priority_max(77)), "of an unknown policy it is EINVAL");
  parameters.sched_priority = 0;
  check(gives(0, sched_setscheduler(0, SCHED_BATCH, &parameters)) && gives(SCHED_BATCH, sched_getscheduler(0)) && gives(0, sched_setscheduler(0, SCHED_OTHER, &parameters)), "SCHED_BATCH can be set and unset");
  errno = 0;
  int nice_now = getpriority(PRIO_PROCESS, 0);
  check(errno == 0 && nice_now >= -20 && nice_now <= 19, "getpriority answers");
  check(gives(0, setpriority(PRIO_PROCESS, 0, 5)) && getpriority(PRIO_PROCESS, 0) == 5, "setpriority sets it");
  check(gives(7, nice(2)), "nice adds to it");
  setpriority(PRIO_PROCESS, 0, nice_now);
  check(fails_with(ESRCH, sched_getscheduler(0x3ffffff)), "an unknown process is ESRCH");
  pthread_t thread;
  pthread_create(&thread, NULL, own_name, NULL);
  pthread_join(thread, NULL);
  char name[16];
  prctl(PR_GET_NAME, name);
  check(strcmp(name, "worker") != 0, "each thread has a name of its own");
  struct timespec slice;
  check(gives(0, sched_rr_get_interval(0, &slice)), "sched_rr_get_interval answers");
}

group(randomness) {
  unsigned char one[256], two[256];
  memset(one, 0, sizeof one);
  check(gives(256, getrandom(one, 256, 0)) && gives(256, getrandom(two, 256, 0)), "getrandom fills 256 bytes");
  check(memcmp(one, two, 256) != 0, "differently each time");
  int counts[256] = {0}, bits = 0, kinds = 0;
  for (int i = 0; i < 256; i++) counts[one[i]]++, bits += __builtin_popcount(one[i]);
  for (int i = 0; i < 256; i++) kinds += counts[i] > 0;
  check(kinds > 100 && bits > 800 && bits < 1250, "with bytes that look random");
  check(gives(16, getrandom(one, 16, GRND_NONBLOCK)) && gives(16, getrandom(one, 16, GRND_RANDOM)), "GRND_NONBLOCK and GRND_RANDOM are known");
  check(fails_with(EINVAL, getrandom(one, 16, 0x100)), "unknown flags are EINVAL");
  check(fails_with(EFAULT, getrandom((void *)8, 16, 0)), "a bad address is EFAULT");
  check(gives(0, getrandom(one, 0, 0)), "0 bytes are 0 bytes");
  static char big[1 << 20];
  check(gives(sizeof big, getrandom(big, sizeof big, 0)), "a megabyte comes at once");
}

group(unknown_calls) {
  check(fails_with(ENOSYS, syscall(1000)) && fails_with(ENOSYS, syscall(100000)) && fails_with(ENOSYS, syscall(-1)), "unknown system calls are ENOSYS");
  check(fails_with(ENOSYS, syscall(0x7fffffff)) && fails_with(ENOSYS, syscall(511)), "whatever their number");
  check(fails_with(ENOSYS, syscall(SYS_uselib)) || check_errno == EPERM || check_errno == EFAULT, "so are those long gone");
}
