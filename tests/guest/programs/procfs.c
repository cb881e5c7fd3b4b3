/* /proc and /sys: what libuv, V8, glibc and Go read there must parse and be true. */
#include "check.h"
#include <dirent.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

static bool has(const char *text, const char *part) { return text && strstr(text, part) != NULL; }

static long field(const char *text, const char *name) {
  const char *at = text ? strstr(text, name) : NULL;
  return at ? strtol(at + strlen(name), NULL, 10) : -1;
}

/* The mapping that holds an address, from /proc/self/maps: permissions and path. */
static bool mapping_of(void *address, char *permissions, char *path, unsigned long *start, unsigned long *end) {
  char *text = read_all("/proc/self/maps");
  for (char *line = text ? strtok(text, "\n") : NULL; line; line = strtok(NULL, "\n")) {
    unsigned long offset, inode;
    unsigned int major, minor;
    *path = 0;
    if (sscanf(line, "%lx-%lx %4s %lx %x:%x %lu %255s", start, end, permissions, &offset, &major, &minor, &inode, path) < 7) return false;
    if ((unsigned long)address >= *start && (unsigned long)address < *end) return true;
  }
  return false;
}

static int variable = 1;

group(maps) {
  char permissions[8], path[256], exe[256] = {0};
  unsigned long start, end;
  readlink("/proc/self/exe", exe, sizeof exe - 1);
  check(exe[0] == '/', "/proc/self/exe links to the program");
  check(mapping_of((void *)group_maps, permissions, path, &start, &end) && strcmp(permissions, "r-xp") == 0 && strcmp(path, exe) == 0, "maps shows the code, r-xp, from the program's file");
  check(mapping_of(&variable, permissions, path, &start, &end) && strcmp(permissions, "rw-p") == 0, "its data, rw-p");
  check(mapping_of(&start, permissions, path, &start, &end) && strcmp(path, "[stack]") == 0, "the stack as [stack]");
  char *p = mmap(NULL, 12288, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(p + 4096, 4096, PROT_READ);
  check(mapping_of(p + 4096, permissions, path, &start, &end) && strcmp(permissions, "r--p") == 0 && start == (unsigned long)p + 4096 && end == start + 4096 && path[0] == 0,
        "a mapping of one's own, exactly");
  munmap(p, 12288);
  check(!mapping_of(p + 4096, permissions, path, &start, &end), "and no longer after munmap");
  char *heap = sbrk(0);
  sbrk(8192);
  check(mapping_of(heap + 4096, permissions, path, &start, &end) && strcmp(path, "[heap]") == 0, "the break as [heap]");
  check(mapping_of(NULL, permissions, path, &start, &end) == false, "nothing at address 0");
  char *text = read_all("/proc/self/maps");
  unsigned long last = 0;
  bool sorted = text != NULL, vdso = has(text, "[vdso]");
  for (char *line = text ? strtok(text, "\n") : NULL; line; line = strtok(NULL, "\n")) {
    unsigned long from = strtoul(line, NULL, 16);
    sorted = sorted && from >= last;
    last = from;
  }
  check(sorted && vdso, "maps is sorted and shows the [vdso]");
}

group(memory_figures) {
  char *text = read_all("/proc/self/statm");
  unsigned long size = 0, resident = 0, shared = 0, code = 0, lib = 1, data = 0, dirty = 1;
  check(text && sscanf(text, "%lu %lu %lu %lu %lu %lu %lu", &size, &resident, &shared, &code, &lib, &data, &dirty) == 7 && size >= resident && resident > 0 && lib == 0 && dirty == 0,
        "statm has seven numbers that make sense");
  char *p = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  unsigned long before = resident, size_before = size;
  sscanf(read_all("/proc/self/statm"), "%lu %lu", &size, &resident);
  check(size >= size_before + 4096 && resident < before + 1024, "mapping 16 MB grows the size, not the resident set");
  for (int i = 0; i < 16 << 20; i += 4096) p[i] = 1;
  sscanf(read_all("/proc/self/statm"), "%lu %lu", &size, &resident);
  check(resident >= before + 4000 && resident < before + 6000, "touching it grows the resident set by 4096 pages");
  text = read_all("/proc/self/status");
  long rss = field(text, "VmRSS:"), peak = field(text, "VmHWM:"), virtual = field(text, "VmSize:"), threads = field(text, "Threads:");
  check(labs(rss - (long)resident * 4) < 1024 && peak >= rss && virtual >= rss, "status tells the same in kilobytes");
  check(threads == 1 && field(text, "Pid:") == getpid() && field(text, "Tgid:") == getpid() && has(text, "Name:\tprocfs"), "and name, ids and threads");
  check(has(text, "State:\tR"), "a process that reads its status runs");
  madvise(p, 16 << 20, MADV_DONTNEED);
  sscanf(read_all("/proc/self/statm"), "%lu %lu", &size, &resident);
  check(resident < before + 1024, "MADV_DONTNEED lowers the resident set");
  munmap(p, 16 << 20);
  text = read_all("/proc/meminfo");
  long total = field(text, "MemTotal:"), free = field(text, "MemFree:"), available = field(text, "MemAvailable:");
  check(total > 0 && free > 0 && free <= total && available > 0 && available <= total, "meminfo tells total, free and available");
  check(has(text, " kB\n") && has(text, "\nBuffers:") && has(text, "\nCached:") && has(text, "\nSwapTotal:"), "in the form of Linux");
  struct sysinfo info;
  sysinfo(&info);
  check(labs((long)(info.totalram / 1024 * info.mem_unit) - total) < 1024, "sysinfo agrees on the total");
}

group(stat) {
  char *text = read_all("/proc/self/stat");
  char *rest = text ? strrchr(text, ')') : NULL;
  require(rest != NULL, "/proc/self/stat names the command in brackets");
  char state;
  int parent, pgrp, session, tty, tpgid;
  unsigned int flags;
  unsigned long minor, cminor, major, cmajor, user, system, vsize;
  long cuser, csystem, priority, nice_value, threads, interval, rss;
  unsigned long long start;
  int n = sscanf(rest + 2, "%c %d %d %d %d %d %u %lu %lu %lu %lu %lu %lu %ld %ld %ld %ld %ld %ld %llu %lu %ld", &state, &parent, &pgrp, &session, &tty, &tpgid, &flags, &minor,
                 &cminor, &major, &cmajor, &user, &system, &cuser, &csystem, &priority, &nice_value, &threads, &interval, &start, &vsize, &rss);
  check(n == 22 && state == 'R' && parent == getppid() && pgrp == getpgrp(), "its fields stand where proc(5) says");
  check(threads == 1 && rss > 0 && vsize > (unsigned long)rss * 4096 && priority == 20 && nice_value == 0, "threads, priority, sizes");
  int spaces = 0;
  for (char *at = rest; *at; at++) spaces += *at == ' ';
  check(spaces == 50, "52 fields in all");
  check(atoi(text) == getpid(), "the first is the pid");
  double uptime = 0, idle = 0;
  text = read_all("/proc/uptime");
  check(text && sscanf(text, "%lf %lf", &uptime, &idle) == 2 && uptime > 0, "uptime has two numbers");
  check(start / 100.0 <= uptime + 1, "the process began before now");
  struct timespec boot;
  clock_gettime(CLOCK_BOOTTIME, &boot);
  check(uptime - boot.tv_sec < 2 && boot.tv_sec - uptime < 2, "uptime agrees with CLOCK_BOOTTIME");
  text = read_all("/proc/stat");
  unsigned long cpu[4];
  check(text && sscanf(text, "cpu %lu %lu %lu %lu", &cpu[0], &cpu[1], &cpu[2], &cpu[3]) == 4 && has(text, "\ncpu0 "), "/proc/stat has cpu and cpu0");
  long boot_time = field(text, "\nbtime ");
  time_t now = time(NULL);
  check(boot_time > 1500000000 && labs(now - boot_time - (long)uptime) < 5, "btime plus uptime is now");
  check(field(text, "\nprocesses ") >= 1 && field(text, "\nctxt ") >= 1, "processes and ctxt count");
  float loads[3];
  int running, all, last;
  text = read_all("/proc/loadavg");
  check(text && sscanf(text, "%f %f %f %d/%d %d", &loads[0], &loads[1], &loads[2], &running, &all, &last) == 6 && running >= 1 && all >= running, "loadavg has its six fields");
}

group(processors) {
  char *text = read_all("/proc/cpuinfo");
  int processors = 0;
  for (char *at = text; at && (at = strstr(at, "processor\t:")) != NULL; at++) processors++;
  check(processors == sysconf(_SC_NPROCESSORS_ONLN), "cpuinfo lists each processor");
  check(has(text, "model name\t: ") && has(text, "cpu MHz\t\t: ") && has(text, "flags\t\t: ") && has(text, "vendor_id\t: "), "with model, MHz, vendor and flags");
  check(has(text, " sse2 ") && has(text, " fpu "), "among them sse2");
  text = read_all("/sys/devices/system/cpu/online");
  check(text && text[0] == '0', "/sys/devices/system/cpu/online begins with 0");
  text = read_all("/sys/devices/system/cpu/possible");
  check(text && text[0] == '0', "possible too");
}

group(process_files) {
  char *text = read_all("/proc/self/cmdline");
  check(text && has(text, "procfs"), "cmdline begins with the program's name");
  text = read_all("/proc/self/comm");
  check(text && strcmp(text, "procfs\n") == 0, "comm is its short form");
  int fd = open("/proc/self/environ", O_RDONLY);
  check(succeeds(fd), "environ opens");
  close(fd);
  char target[256] = {0}, here[256];
  readlink("/proc/self/cwd", target, sizeof target - 1);
  check(getcwd(here, sizeof here) && strcmp(target, here) == 0, "cwd links to the current directory");
  check(gives(1, readlink("/proc/self/root", target, sizeof target)) && target[0] == '/', "root to /");
  char number[16];
  ssize_t n = readlink("/proc/self", number, sizeof number - 1);
  number[n > 0 ? n : 0] = 0;
  check(atoi(number) == getpid(), "/proc/self links to the process's id");
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/stat", getpid());
  check(read_all(path) != NULL, "/proc/PID is there too");
  check(fails_with(ENOENT, open("/proc/3999999/stat", O_RDONLY)), "that of nobody is not");
  text = read_all("/proc/self/limits");
  check(has(text, "Max open files") && has(text, "Max stack size"), "limits lists limits");
  text = read_all("/proc/self/cgroup");
  check(text && (text[0] == 0 || has(text, ":/")), "cgroup is empty or names groups");
  text = read_all("/proc/self/mounts");
  check(has(text, " / ") && has(text, " /proc proc "), "mounts lists / and /proc");
  text = read_all("/proc/mounts");
  check(has(text, " / "), "so does /proc/mounts");
  text = read_all("/proc/self/mountinfo");
  check(has(text, " / / "), "and mountinfo");
  text = read_all("/proc/filesystems");
  check(has(text, "tmpfs") && has(text, "proc"), "filesystems lists tmpfs and proc");
  text = read_all("/proc/version");
  check(text && strncmp(text, "Linux version ", 14) == 0, "version begins with Linux version");
  check(fails_with(EACCES, open("/proc/version", O_RDWR)) || geteuid() == 0, "and cannot be written");
}

static volatile bool ready, done;
static pid_t worker;
static void *work(void *unused) {
  worker = syscall(SYS_gettid);
  ready = true;
  while (!done) sleep_ms(1);
  return unused;
}

group(tasks) {
  pthread_t thread;
  pthread_create(&thread, NULL, work, NULL);
  while (!ready) sleep_ms(1);
  DIR *dir = opendir("/proc/self/task");
  int tasks = 0, known = 0;
  for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
    tasks += entry->d_name[0] != '.';
    known += atoi(entry->d_name) == worker;
  }
  if (dir) closedir(dir);
  check(tasks == 2 && known == 1, "/proc/self/task lists both threads");
  check(field(read_all("/proc/self/status"), "Threads:") == 2, "status counts them");
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", worker);
  char *text = read_all(path);
  check(text && atoi(text) == worker, "a thread has its own stat");
  check(read_all("/proc/thread-self/stat") != NULL, "/proc/thread-self is there");
  done = true;
  pthread_join(thread, NULL);
}

group(settings) {
  char *text = read_all("/proc/sys/kernel/osrelease");
  check(text && atoi(text) >= 4, "kernel/osrelease is a release");
  text = read_all("/proc/sys/kernel/ostype");
  check(text && strcmp(text, "Linux\n") == 0, "kernel/ostype is Linux");
  text = read_all("/proc/sys/kernel/hostname");
  check(text && strlen(text) > 1, "kernel/hostname is set");
  text = read_all("/proc/sys/kernel/pid_max");
  check(text && atol(text) >= 32768, "kernel/pid_max is at least 32768");
  text = read_all("/proc/sys/kernel/threads-max");
  check(text && atol(text) > 100, "kernel/threads-max is a number");
  text = read_all("/proc/sys/kernel/random/uuid");
  check(text && strlen(text) == 37 && text[8] == '-' && text[14] == '4', "kernel/random/uuid is a random UUID");
  text = read_all("/proc/sys/kernel/random/boot_id");
  check(text && strlen(text) == 37, "kernel/random/boot_id is a UUID");
  text = read_all("/proc/sys/vm/overcommit_memory");
  check(text && text[0] >= '0' && text[0] <= '2', "vm/overcommit_memory is 0, 1 or 2");
  text = read_all("/proc/sys/vm/max_map_count");
  check(text && atol(text) >= 65530, "vm/max_map_count is at least 65530");
  text = read_all("/proc/sys/fs/file-max");
  check(text && atoll(text) >= 1024, "fs/file-max is a number");
  text = read_all("/proc/sys/net/core/somaxconn");
  check(text && atol(text) >= 128, "net/core/somaxconn is at least 128");
  text = read_all("/sys/kernel/mm/transparent_hugepage/enabled");
  check(text == NULL || has(text, "["), "transparent_hugepage/enabled, if there, marks its choice");
}

group(behaviour) {
  int fd = open("/proc/self/stat", O_RDONLY);
  char one[8], all[2048];
  check(gives(4, read(fd, one, 4)) && read(fd, all, sizeof all) > 10 && gives(0, read(fd, all, sizeof all)), "files are read in pieces to their end");
  check(gives(0, lseek(fd, 0, SEEK_SET)) && gives(8, read(fd, one, 8)), "and again after lseek");
  check(gives(4, pread(fd, one, 4, 0)), "pread works");
  close(fd);
  struct stat status;
  check(gives(0, stat("/proc/self/stat", &status)) && S_ISREG(status.st_mode) && status.st_size == 0, "they are regular files of size 0");
  check(gives(0, stat("/proc/self", &status)) && S_ISDIR(status.st_mode) && gives(0, lstat("/proc/self", &status)) && S_ISLNK(status.st_mode), "/proc/self is a link to a directory");
  check(fails_with(ENOENT, open("/proc/nonsense", O_RDONLY)), "what is not there is ENOENT");
  check(gives(-1, open("/proc/new", O_RDWR | O_CREAT, 0600)), "nothing can be made in /proc");
  check(gives(-1, mkdir("/proc/new", 0700)), "no directory either");
  DIR *dir = opendir("/proc");
  int self = 0, meminfo = 0, pid = 0;
  for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
    self += strcmp(entry->d_name, "self") == 0;
    meminfo += strcmp(entry->d_name, "meminfo") == 0;
    pid += atoi(entry->d_name) == getpid();
  }
  if (dir) closedir(dir);
  check(self == 1 && meminfo == 1 && pid == 1, "/proc lists self, meminfo and the process");
}
