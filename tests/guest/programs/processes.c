/* Processes: fork, vfork, exec, wait, groups and sessions, what is inherited, orphans, process descriptors. */
#define CHECK_OWN_MAIN
#include "check.h"
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/times.h>
#include <sys/wait.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static char program[512];
static volatile int hits;
static volatile siginfo_t last;
static void on_signal(int signal, siginfo_t *info, void *context) { (void)signal, (void)context, hits++, last = *info; }

/* Runs code in a child and returns its wait status. */
#define CHILD(...)                  \
  ({                                 \
    pid_t child_ = fork();           \
    if (child_ == 0) {               \
      check_may_escape = 0;          \
      __VA_ARGS__;                   \
      _exit(0);                      \
    }                                \
    int status_ = -1;                \
    waitpid(child_, &status_, 0);    \
    status_;                         \
  })
#define EXITED(status, code) (WIFEXITED(status) && WEXITSTATUS(status) == (code))

static int variable = 1;

group(forking) {
  int pipes[2];
  pipe(pipes);
  pid_t parent = getpid(), child = fork();
  if (child == 0) {
    variable = 2;
    pid_t ids[2] = {getpid(), getppid()};
    write(pipes[1], ids, sizeof ids);
    _exit(7);
  }
  require(child > 0, "fork returns the child's id");
  pid_t ids[2];
  check(gives(8, read(pipes[0], ids, 8)) && ids[0] == child && ids[1] == parent, "the child knows itself and its parent");
  int status = 0;
  check(gives(child, waitpid(child, &status, 0)) && EXITED(status, 7), "waitpid returns its exit status");
  check(variable == 1, "what the child writes stays in the child");
  check(fails_with(ECHILD, waitpid(child, &status, 0)), "a child can be waited for once: then ECHILD");
  check(fails_with(ESRCH, kill(child, 0)), "and is gone: ESRCH");
  check(fails_with(ECHILD, wait(NULL)), "without children wait is ECHILD");
  close(pipes[0]);
  close(pipes[1]);
}

group(copy_on_write) {
  size_t size = 8 << 20;
  char *private = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  memset(private, 'p', size);
  int status = CHILD({
    bool ok = true;
    for (size_t i = 0; i < size; i += 4096) ok = ok && private[i] == 'p';
    memset(private, 'c', size);
    shared[0] = 42;
    _exit(ok ? 0 : 1);
  });
  check(EXITED(status, 0), "the child sees the parent's memory");
  bool ok = true;
  for (size_t i = 0; i < size; i += 4096) ok = ok && private[i] == 'p';
  check(ok, "the parent's is untouched by the child's writes");
  check(shared[0] == 42, "shared mappings are shared");
  pid_t child = fork();
  if (child == 0) {
    check_may_escape = 0;
    while (shared[0] != 43) sched_yield();
    _exit(private[5] == 'p' ? 0 : 1);
  }
  private[5] = 'n';
  shared[0] = 43;
  waitpid(child, &status, 0);
  check(EXITED(status, 0), "nor does the child see what the parent writes later");
  /* Grandchildren share pages three ways. */
  status = CHILD({
    private[4096] = '1';
    int inner = CHILD({
      if (private[4096] != '1') _exit(1);
      private[4096] = '2';
    });
    _exit(EXITED(inner, 0) && private[4096] == '1' ? 0 : 1);
  });
  check(EXITED(status, 0) && private[4096] == 'p', "three generations keep their pages apart");
  mprotect(private, 4096, PROT_READ);
  status = CHILD(*(volatile char *)private = 1);
  check(EXITED(status, 128 + SIGSEGV) || WIFSIGNALED(status), "protection is inherited");
  munmap(private, size);
  munmap(shared, 4096);
  int64_t start = now_ns();
  bool all = true;
  for (int i = 0; i < 100; i++) all = all && EXITED(CHILD(_exit(i)), i);
  note("100 times fork, exit and wait: %ld us each", (now_ns() - start) / 100000);
  check(all, "100 forks one after another work");
  pid_t children[50];
  for (int i = 0; i < 50; i++)
    if ((children[i] = fork()) == 0) _exit(i);
  for (int i = 0; i < 50; i++) {
    waitpid(children[i], &status, 0);
    all = all && EXITED(status, i);
  }
  check(all, "50 children at once too");
}

group(inheritance) {
  enter_scratch();
  int fd = open("f", O_RDWR | O_CREAT, 0600);
  write(fd, "0123456789", 10);
  lseek(fd, 2, SEEK_SET);
  umask(027);
  handle(SIGUSR1, on_signal, 0);
  signal(SIGUSR2, SIG_IGN);
  alarm(100);
  int status = CHILD({
    struct sigaction action;
    char text[4];
    bool ok = read(fd, text, 3) == 3 && memcmp(text, "234", 3) == 0;
    ok = ok && umask(0) == 027 && alarm(0) == 0;
    sigaction(SIGUSR1, NULL, &action);
    ok = ok && action.sa_sigaction == on_signal;
    sigaction(SIGUSR2, NULL, &action);
    ok = ok && action.sa_handler == SIG_IGN;
    ok = ok && syscall(SYS_gettid) == getpid();
    _exit(ok ? 0 : 1);
  });
  check(EXITED(status, 0), "files, umask, handlers are inherited; alarms are not");
  check(gives(5, lseek(fd, 0, SEEK_CUR)), "parent and child share the file offset");
  alarm(0);
  umask(022);
  signal(SIGUSR1, SIG_DFL);
  signal(SIGUSR2, SIG_DFL);
  raise(SIGCHLD);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  raise(SIGUSR1);
  status = CHILD({
    sigset_t now, pending;
    sigprocmask(SIG_BLOCK, NULL, &now);
    sigpending(&pending);
    _exit(sigismember(&now, SIGUSR1) && !sigismember(&pending, SIGUSR1) ? 0 : 1);
  });
  check(EXITED(status, 0), "the signal mask is inherited, pending signals are not");
  struct timespec zero = {0, 0};
  sigtimedwait(&set, NULL, &zero);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  close(fd);
}

group(waiting) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    sleep_ms(50);
    _exit(3);
  }
  check(gives(0, waitpid(child, &status, WNOHANG)), "WNOHANG with the child running returns 0");
  struct rusage usage;
  check(gives(child, wait4(-1, &status, 0, &usage)) && EXITED(status, 3) && usage.ru_maxrss >= 0, "wait4 waits and tells its usage");
  child = fork();
  if (child == 0) _exit(9);
  siginfo_t info = {0};
  check(gives(0, waitid(P_PID, child, &info, WEXITED | WNOWAIT)) && info.si_pid == child && info.si_code == CLD_EXITED && info.si_status == 9 && info.si_signo == SIGCHLD, "waitid tells how it ended");
  check(gives(0, waitid(P_ALL, 0, &info, WEXITED)) && info.si_pid == child, "WNOWAIT leaves it to be waited for");
  check(fails_with(ECHILD, waitid(P_ALL, 0, &info, WEXITED)), "then it is gone");
  check(fails_with(EINVAL, waitid(P_ALL, 0, &info, 0)), "waitid for nothing is EINVAL");
  check(fails_with(EINVAL, waitpid(-1, &status, 0x1000)), "unknown options are EINVAL");
  status = CHILD({
    signal(SIGTERM, SIG_DFL);
    kill(getpid(), SIGTERM);
  });
  check(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM && !WCOREDUMP(status), "death by a signal is told as such");
  status = CHILD({
    signal(SIGSEGV, SIG_DFL);
    *(volatile int *)8 = 1;
  });
  check(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "by a fault too");
  status = CHILD(abort());
  check(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "by abort");
  child = fork();
  if (child == 0)
    for (;;) pause();
  sleep_ms(10);
  check(gives(0, kill(child, SIGKILL)) && gives(child, waitpid(child, &status, 0)) && WTERMSIG(status) == SIGKILL, "SIGKILL ends a sleeper");
  child = fork();
  if (child == 0)
    for (;;) {
    }
  sleep_ms(10);
  kill(child, SIGSTOP);
  check(gives(child, waitpid(child, &status, WUNTRACED)) && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, "WUNTRACED tells of a stop");
  kill(child, SIGCONT);
  check(gives(child, waitpid(child, &status, WCONTINUED)) && WIFCONTINUED(status), "WCONTINUED of its going on");
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "SIGKILL ends a busy one");

  handle(SIGCHLD, on_signal, SA_RESTART);
  hits = 0;
  CHILD(_exit(5));
  check(hits == 1 && last.si_code == CLD_EXITED && last.si_status == 5, "SIGCHLD tells how a child ended");
  signal(SIGCHLD, SIG_IGN);
  child = fork();
  if (child == 0) _exit(0);
  check(fails_with(ECHILD, waitpid(child, &status, 0)), "with SIGCHLD ignored children leave no trace: ECHILD");
  signal(SIGCHLD, SIG_DFL);
}

static int run(char *const arguments[], char *const environment[]) {
  return CHILD({
    execve(arguments[0], arguments, environment);
    _exit(200 + errno);
  });
}

group(executing) {
  enter_scratch();
  char *environment[] = {"ONE=1", "TWO=two words", NULL};
  check(EXITED(run((char *[]){program, "--child", "arguments", "a b", "", "c", NULL}, environment), 0), "arguments and environment reach the program");
  int kept = open("kept", O_RDWR | O_CREAT, 0600), closed = open("closed", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  char kept_text[16], closed_text[16];
  snprintf(kept_text, sizeof kept_text, "%d", kept);
  snprintf(closed_text, sizeof closed_text, "%d", closed);
  check(EXITED(run((char *[]){program, "--child", "descriptors", kept_text, closed_text, NULL}, environment), 0), "O_CLOEXEC descriptors are closed, others kept");
  handle(SIGUSR1, on_signal, 0);
  signal(SIGUSR2, SIG_IGN);
  check(EXITED(run((char *[]){program, "--child", "handlers", NULL}, environment), 0), "handlers are reset, ignored signals stay ignored");
  signal(SIGUSR1, SIG_DFL);
  signal(SIGUSR2, SIG_DFL);
  check(fails_with(ENOENT, execve("none", (char *[]){"none", NULL}, environment)), "a missing program is ENOENT");
  put_file("text", "plain text\n", 11);
  check(fails_with(EACCES, execve("text", (char *[]){"text", NULL}, environment)), "one without execute permission is EACCES");
  chmod("text", 0755);
  check(fails_with(ENOEXEC, execve("text", (char *[]){"text", NULL}, environment)), "one that is no program is ENOEXEC");
  put_file("garbage", "\177ELF\2\1\1garbage that is no program at all, just bytes, sixty-four or more", 74);
  chmod("garbage", 0755);
  check(fails_with(ENOEXEC, execve("garbage", (char *[]){"garbage", NULL}, environment)), "so is an ELF that is garbage");
  check(fails_with(EACCES, execve(".", (char *[]){".", NULL}, environment)), "a directory is EACCES");
  check(fails_with(EFAULT, execve((char *)8, NULL, NULL)) && fails_with(EFAULT, execve(program, (char **)8, environment)), "bad addresses are EFAULT");
  char script[600];
  snprintf(script, sizeof script, "#!%s --child\nnothing\n", program);
  put_file("script", script, strlen(script));
  chmod("script", 0755);
  check(EXITED(run((char *[]){"./script", "extra", NULL}, environment), 55), "#! runs the interpreter with its argument, the script and the rest");
  put_file("missing", "#!/no/such/interpreter\n", 23);
  chmod("missing", 0755);
  check(fails_with(ENOENT, execve("./missing", (char *[]){"./missing", NULL}, environment)), "#! with a missing interpreter is ENOENT");
  put_file("circle", "#!./circle\n", 11);
  chmod("circle", 0755);
  check(fails_with(ELOOP, execve("./circle", (char *[]){"./circle", NULL}, environment)), "#! in a circle is ELOOP");
  static char huge[1 << 18];
  memset(huge, 'h', sizeof huge - 1);
  check(fails_with(E2BIG, execve(program, (char *[]){program, huge, NULL}, environment)), "an argument of 256 KB is E2BIG");
  huge[100000] = 0;
  check(EXITED(run((char *[]){program, "--child", "length", huge, NULL}, environment), 0), "one of 100 KB is fine");
  int fd = open(program, O_PATH | O_CLOEXEC);
  int status = CHILD({
    syscall(SYS_execveat, fd, "", (char *[]){"x", "--child", "arguments", "a b", "", "c", NULL}, environment, AT_EMPTY_PATH);
    _exit(200 + errno);
  });
  check(EXITED(status, 0), "execveat runs a descriptor");
  close(fd);
  fd = open("written", O_RDWR | O_CREAT, 0755);
  char *self = read_all(program);
  write(fd, self, 4096);
  check(fails_with(ETXTBSY, execve("written", (char *[]){"written", NULL}, environment)), "a file open for writing is ETXTBSY");
  close(fd);
  check(fails_with(ETXTBSY, open(program, O_RDWR)) || check_errno == EROFS || check_value >= 0, "a program that runs is ETXTBSY to writers, where they are kept out");
  if (check_value >= 0) close((int)check_value);
  status = CHILD({
    pthread_t thread;
    void *wait_long(void *unused) {
      for (;;) pause();
      return unused;
    }
    pthread_create(&thread, NULL, wait_long, NULL);
    execve(program, (char *[]){program, "--child", "threads", NULL}, environment);
  });
  check(EXITED(status, 0), "exec ends the other threads");
}

group(vforking) {
  volatile int shared = 1;
  pid_t child = vfork();
  if (child == 0) {
    shared = 2;
    _exit(6);
  }
  int status;
  check(shared == 2, "vfork's child shares memory, and the parent waits for it");
  check(gives(child, waitpid(child, &status, 0)) && EXITED(status, 6), "its status can be waited for");
  char *environment[] = {NULL};
  child = vfork();
  if (child == 0) {
    execve(program, (char *[]){program, "--child", "exit", "4", NULL}, environment);
    _exit(1);
  }
  check(gives(child, waitpid(child, &status, 0)) && EXITED(status, 4), "vfork and exec work");
  pid_t spawned;
  check(gives(0, posix_spawn(&spawned, program, NULL, NULL, (char *[]){program, "--child", "exit", "8", NULL}, environment)) && gives(spawned, waitpid(spawned, &status, 0)) &&
            EXITED(status, 8),
        "posix_spawn works");
  check(gives(ENOENT, posix_spawn(&spawned, "/no/such", NULL, NULL, (char *[]){"x", NULL}, environment)), "and tells of a missing program");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  int pipes[2];
  pipe2(pipes, O_CLOEXEC);
  posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
  check(gives(0, posix_spawn(&spawned, program, &actions, NULL, (char *[]){program, "--child", "print", "output", NULL}, environment)), "with its output redirected");
  close(pipes[1]);
  char text[16] = {0};
  check(gives(6, read(pipes[0], text, 16)) && strcmp(text, "output") == 0 && gives(0, read(pipes[0], text, 16)), "the output comes through the pipe, then its end");
  waitpid(spawned, &status, 0);
  close(pipes[0]);
}

group(groups_and_sessions) {
  int status = CHILD({
    bool ok = getpgrp() != getpid() && setpgid(0, 0) == 0 && getpgrp() == getpid();
    _exit(ok ? 0 : 1);
  });
  check(EXITED(status, 0), "a child can lead a group of its own");
  status = CHILD({
    bool ok = setsid() == getpid() && getsid(0) == getpid() && getpgrp() == getpid();
    ok = ok && setsid() == -1 && errno == EPERM;
    _exit(ok ? 0 : 1);
  });
  check(EXITED(status, 0), "and a session, once");
  pid_t leader = fork();
  if (leader == 0)
    for (;;) pause();
  setpgid(leader, leader);
  pid_t member = fork();
  if (member == 0)
    for (;;) pause();
  check(gives(0, setpgid(member, leader)) && gives(leader, getpgid(member)), "a child can be put into another's group");
  check(gives(0, kill(-leader, SIGTERM)), "a signal goes to a whole group");
  int first;
  int second;
  waitpid(leader, &first, 0);
  waitpid(member, &second, 0);
  check(WIFSIGNALED(first) && WTERMSIG(first) == SIGTERM && WIFSIGNALED(second) && WTERMSIG(second) == SIGTERM, "and ends all in it");
  check(fails_with(ESRCH, setpgid(0x3ffffff, 0)) && fails_with(ESRCH, getpgid(0x3ffffff)), "unknown processes are ESRCH");
  status = CHILD({
    int fds[2];
    pipe(fds);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t middle = fork();
    if (middle == 0) {
      if (fork() == 0) {
        sleep_ms(30);
        pid_t parent = getppid();
        write(fds[1], &parent, sizeof parent);
        _exit(0);
      }
      _exit(0);
    }
    waitpid(middle, NULL, 0);
    pid_t parent;
    read(fds[0], &parent, sizeof parent);
    int orphan;
    bool ok = parent == getpid() && wait(&orphan) > 0;
    _exit(ok ? 0 : 1);
  });
  check(EXITED(status, 0), "an orphan goes to the nearest subreaper");
  status = CHILD({
    int fds[2];
    pipe(fds);
    pid_t middle = fork();
    if (middle == 0) {
      if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        write(fds[1], "x", 1);
        sleep_ms(5000);
        write(fds[1], "y", 1);
        _exit(0);
      }
      char byte;
      read(fds[0], &byte, 1);
      _exit(0);
    }
    close(fds[1]);
    waitpid(middle, NULL, 0);
    char byte;
    int64_t start = now_ns();
    bool ended = read(fds[0], &byte, 1) == 0 && now_ns() - start < 2000000000L;
    _exit(ended ? 0 : 1);
  });
  check(EXITED(status, 0), "PR_SET_PDEATHSIG ends a child with its parent");
}

static void *idle(void *argument) { return argument; }

static void *kept(void *unused) { return (void *)(long)(prctl(PR_GET_KEEPCAPS) + (unused != NULL)); }

group(kept_settings) {
  check(gives(0, prctl(PR_GET_KEEPCAPS)) && gives(0, prctl(PR_SET_KEEPCAPS, 1)) && gives(1, prctl(PR_GET_KEEPCAPS)), "PR_SET_KEEPCAPS is kept");
  pthread_t thread;
  void *result = NULL;
  pthread_create(&thread, NULL, kept, NULL);
  pthread_join(thread, &result);
  check((long)result == 1, "threads begin with their maker's");
  check(fails_with(EINVAL, prctl(PR_SET_KEEPCAPS, 2)) && gives(0, prctl(PR_SET_KEEPCAPS, 0)), "and can be taken back");
}

group(extremes) {
  char *environment[] = {(char *)"EXTREME=1", NULL};
  int status = CHILD({
    struct rlimit limit = {12, 12};
    if (setuid(1234) < 0 || setrlimit(RLIMIT_NPROC, &limit) < 0) _exit(1);
    int pipes[2];
    pipe(pipes);
    int made = 0;
    pid_t child;
    while ((child = fork()) > 0) made++;
    if (child == 0) {
      char byte;
      close(pipes[1]);
      read(pipes[0], &byte, 1);
      _exit(0);
    }
    bool refused = errno == EAGAIN && made == 11;
    pthread_t thread;
    refused = refused && pthread_create(&thread, NULL, idle, NULL) == EAGAIN;
    close(pipes[1]);
    for (int i = 0; i < made; i++) wait(NULL);
    child = fork();
    if (child == 0) _exit(0);
    _exit(refused && child > 0 && waitpid(child, NULL, 0) == child ? 0 : 2);
  });
  check(EXITED(status, 0), "RLIMIT_NPROC counts a user's processes and threads: EAGAIN, and again when they have gone");

  static char word[100001];
  memset(word, 'w', 100000);
  static char *many[65];
  many[0] = program, many[1] = (char *)"--child", many[2] = (char *)"length";
  for (int i = 3; i < 64; i++) many[i] = word;
  check(fails_with(E2BIG, execve(program, many, environment)), "6 MB of arguments are E2BIG");
  check(fails_with(E2BIG, execve(program, (char *[]){program, NULL}, many)), "and of environment");
  many[12] = NULL;
  check(EXITED(run(many, environment), 0), "900 KB are fine");

  int pipes[2];
  pipe(pipes);
  pid_t middle = fork();
  if (middle == 0) {
    if (fork() == 0) {
      sleep_ms(50);
      write(pipes[1], getppid() == middle ? "?" : "w", 1);
      _exit(0);
    }
    raise(SIGKILL);
  }
  close(pipes[1]);
  char byte = 0;
  check(gives(middle, waitpid(middle, &status, 0)) && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "a parent is killed");
  check(gives(1, read(pipes[0], &byte, 1)) && byte == 'w', "its child lives on and has another");
  check(gives(0, read(pipes[0], &byte, 1)), "the pipe ends when the last of them does");
  close(pipes[0]);

  pipe(pipes);
  pid_t reader = fork();
  if (reader == 0) {
    close(pipes[1]);
    for (;;) pause();
  }
  close(pipes[0]);
  fcntl(pipes[1], F_SETFL, O_NONBLOCK);
  static char block[65536];
  write(pipes[1], block, sizeof block);
  check(fails_with(EAGAIN, write(pipes[1], "x", 1)), "a pipe that nobody reads is full");
  kill(reader, SIGKILL);
  waitpid(reader, NULL, 0);
  signal(SIGPIPE, SIG_IGN);
  check(fails_with(EPIPE, write(pipes[1], "x", 1)), "and broken when its reader is killed");
  close(pipes[1]);

  pid_t zombie = fork();
  if (zombie == 0) _exit(3);
  char path[64], text[4096];
  snprintf(path, sizeof path, "/proc/%d/stat", zombie);
  int64_t start = now_ns();
  int stat = -1;
  bool seen = false;
  while (!seen && now_ns() - start < 2000000000L) {
    int fd = open(path, O_RDONLY);
    ssize_t length = read(fd, text, sizeof text - 1);
    text[length > 0 ? length : 0] = 0;
    seen = strstr(text, ") Z ") != NULL;
    if (seen) stat = fd;
    else close(fd);
  }
  check(seen, "a zombie is one in /proc/PID/stat");
  snprintf(path, sizeof path, "/proc/%d/cmdline", zombie);
  int fd = open(path, O_RDONLY);
  check(gives(0, read(fd, text, sizeof text)), "its command line is empty");
  snprintf(path, sizeof path, "/proc/%d/exe", zombie);
  check(fails_with(ENOENT, readlink(path, text, sizeof text)), "it has no program");
  waitpid(zombie, &status, 0);
  lseek(stat, 0, SEEK_SET);
  check(EXITED(status, 3) && fails_with(ESRCH, read(stat, text, sizeof text)), "waited for, its open files are ESRCH");
  snprintf(path, sizeof path, "/proc/%d", zombie);
  check(fails_with(ENOENT, open(path, O_RDONLY)), "and its folder is gone");
  close(stat);
  close(fd);
}

group(process_descriptors) {
  pid_t child = fork();
  if (child == 0)
    for (;;) pause();
  int fd = syscall(SYS_pidfd_open, child, 0);
  require(succeeds(fd), "pidfd_open opens a child");
  check(gives(0, syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0)), "pidfd_send_signal signals it");
  siginfo_t info = {0};
  check(gives(0, waitid(P_PIDFD, fd, &info, WEXITED)) && info.si_pid == child && info.si_code == CLD_KILLED && info.si_status == SIGTERM, "waitid takes it");
  check(fails_with(ESRCH, syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0)), "then it is ESRCH");
  close(fd);
  check(fails_with(ESRCH, syscall(SYS_pidfd_open, 0x3ffffff, 0)), "an unknown process is ESRCH");
  int pidfd = -1;
  struct clone_args args = {.flags = CLONE_PIDFD, .pidfd = (uintptr_t)&pidfd, .exit_signal = SIGCHLD};
  long id = syscall(SYS_clone3, &args, sizeof args);
  if (id == 0) _exit(11);
  check(id > 0 && pidfd >= 0, "clone3 with CLONE_PIDFD gives one");
  struct {
    int fd;
    short events, revents;
  } ready = {pidfd, 1, 0};
  check(gives(1, syscall(SYS_poll, &ready, 1, 2000)) && (ready.revents & 1), "poll says readable when it has ended");
  int status;
  waitpid((pid_t)id, &status, 0);
  check(EXITED(status, 11), "and wait works as ever");
  close(pidfd);
}

group(times_and_limits) {
  struct rusage usage;
  struct tms spent;
  CHILD({
    int64_t start = now_ns();
    while (now_ns() - start < 100 * 1000000L) {
    }
  });
  check(gives(0, getrusage(RUSAGE_CHILDREN, &usage)) && usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec > 20000, "RUSAGE_CHILDREN counts what children used");
  times(&spent);
  check(spent.tms_cutime + spent.tms_cstime > 2, "so does times");
  int status = CHILD({
    struct rlimit limit = {32, 32};
    setrlimit(RLIMIT_NOFILE, &limit);
    int inner = CHILD({
      struct rlimit seen;
      getrlimit(RLIMIT_NOFILE, &seen);
      _exit(seen.rlim_cur == 32 ? 0 : 1);
    });
    _exit(EXITED(inner, 0) ? 0 : 1);
  });
  check(EXITED(status, 0), "limits are inherited");
}

group(sharing) {
  int pipes[2], back[2];
  pipe(pipes);
  pipe(back);
  pid_t child = fork();
  if (child == 0) {
    close(pipes[1]);
    close(back[0]);
    char byte;
    long sum = 0;
    while (read(pipes[0], &byte, 1) == 1) sum += byte;
    write(back[1], &sum, sizeof sum);
    _exit(0);
  }
  close(pipes[0]);
  close(back[1]);
  for (int i = 0; i < 100; i++) write(pipes[1], &(char){1}, 1);
  close(pipes[1]);
  long sum = 0;
  check(gives(8, read(back[0], &sum, 8)) && sum == 100, "pipes join processes, and end when all writers closed");
  waitpid(child, NULL, 0);
  close(back[0]);
  enter_scratch();
  int fd = open("lock", O_RDWR | O_CREAT, 0600);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10};
  fcntl(fd, F_SETLK, &lock);
  int status = CHILD({
    struct flock other = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 1};
    bool ok = fcntl(fd, F_SETLK, &other) == -1 && errno == EAGAIN;
    ok = ok && fcntl(fd, F_GETLK, &other) == 0 && other.l_type == F_WRLCK && other.l_pid == getppid();
    _exit(ok ? 0 : 1);
  });
  check(EXITED(status, 0), "POSIX locks keep other processes out and tell whose they are");
  close(fd);
}

static int child_main(int argc, char **argv) {
  const char *what = argv[2];
  if (strcmp(what, "exit") == 0) return atoi(argv[3]);
  if (strcmp(what, "print") == 0) return write(1, argv[3], strlen(argv[3])) < 0;
  if (strcmp(what, "length") == 0) return strlen(argv[3]) != 100000;
  if (strcmp(what, "arguments") == 0) {
    const char *one = getenv("ONE"), *two = getenv("TWO");
    return !(argc == 6 && strcmp(argv[3], "a b") == 0 && argv[4][0] == 0 && strcmp(argv[5], "c") == 0 && one && strcmp(one, "1") == 0 && two && strcmp(two, "two words") == 0 &&
             getenv("PATH") == NULL);
  }
  if (strcmp(what, "descriptors") == 0) return !(fcntl(atoi(argv[3]), F_GETFD) >= 0 && fcntl(atoi(argv[4]), F_GETFD) == -1);
  if (strcmp(what, "handlers") == 0) {
    struct sigaction one, two;
    sigaction(SIGUSR1, NULL, &one);
    sigaction(SIGUSR2, NULL, &two);
    return !(one.sa_handler == SIG_DFL && two.sa_handler == SIG_IGN);
  }
  if (strcmp(what, "threads") == 0) {
    char *text = read_all("/proc/self/status");
    char *at = text ? strstr(text, "Threads:") : NULL;
    return !(at && atoi(at + 8) == 1 && syscall(SYS_gettid) == getpid());
  }
  if (strstr(what, "script")) return argc == 4 && strcmp(argv[3], "extra") == 0 ? 55 : 56;
  return 99;
}

int main(int argc, char **argv) {
  ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
  program[n > 0 ? n : 0] = 0;
  if (argc > 2 && strcmp(argv[1], "--child") == 0) return child_main(argc, argv);
  return check_main(argc - 1, argv + 1);
}
