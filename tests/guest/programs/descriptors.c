/* The descriptor table: dup, fcntl, close_range, limits, locks, ioctl, links in /proc/self/fd. */
#include "check.h"
#include <dirent.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

static bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

group(duplicates) {
  enter_scratch();
  int fd = open("f", O_RDWR | O_CREAT, 0600);
  write(fd, "0123456789", 10);
  int copy = dup(fd);
  check(succeeds(copy) && copy != fd, "dup gives another descriptor");
  lseek(copy, 4, SEEK_SET);
  check(gives(4, lseek(fd, 0, SEEK_CUR)), "with the same offset");
  fcntl(fd, F_SETFL, O_APPEND);
  check((fcntl(copy, F_GETFL) & O_APPEND) != 0, "and the same flags");
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  check(gives(0, fcntl(copy, F_GETFD)), "but its own FD_CLOEXEC");
  check(gives(50, dup2(fd, 50)) && gives(0, fcntl(50, F_GETFD)), "dup2 takes the number given, without FD_CLOEXEC");
  check(gives(50, dup2(50, 50)), "dup2 onto itself does nothing");
  check(gives(51, dup3(fd, 51, O_CLOEXEC)) && gives(FD_CLOEXEC, fcntl(51, F_GETFD)), "dup3 sets O_CLOEXEC");
  check(fails_with(EINVAL, dup3(fd, fd, 0)), "dup3 onto itself is EINVAL");
  check(fails_with(EINVAL, dup3(fd, 51, 77)), "dup3 with unknown flags is EINVAL");
  check(fails_with(EBADF, dup(99)) && fails_with(EBADF, dup2(99, 50)) && fails_with(EBADF, dup2(99, 99)), "a closed descriptor is EBADF");
  check(is_open(50), "and dup2 of it closes nothing");
  check(fails_with(EBADF, dup2(fd, -1)) && fails_with(EBADF, dup2(fd, 1 << 30)), "a number out of range is EBADF");
  int other = open("g", O_RDWR | O_CREAT, 0600);
  check(gives(50, dup2(other, 50)), "dup2 replaces what was there");
  check(gives(200, fcntl(fd, F_DUPFD, 200)) && gives(201, fcntl(fd, F_DUPFD, 200)), "F_DUPFD takes the lowest from a number on");
  check(gives(202, fcntl(fd, F_DUPFD_CLOEXEC, 200)) && gives(FD_CLOEXEC, fcntl(202, F_GETFD)), "F_DUPFD_CLOEXEC too");
  check(fails_with(EINVAL, fcntl(fd, F_DUPFD, -1)) && fails_with(EINVAL, fcntl(fd, F_DUPFD, 1 << 30)), "F_DUPFD out of range is EINVAL");
  close(fd);
  check(gives(10, pread(copy, (char[16]){0}, 16, 0)), "a file stays open as long as one descriptor is");
  int lowest = open("f", O_RDONLY);
  check(lowest == fd, "open takes the lowest free number");
  check(gives(0, close(lowest)) && fails_with(EBADF, close(lowest)), "closing twice is EBADF");
  for (int i = 50; i < 52; i++) close(i);
  for (int i = 200; i < 203; i++) close(i);
}

group(ranges) {
  for (int i = 100; i < 110; i++) dup2(1, i);
  check(gives(0, close_range(102, 104, 0)) && is_open(101) && !is_open(102) && !is_open(104) && is_open(105), "close_range closes a range");
  check(gives(0, close_range(105, 106, CLOSE_RANGE_CLOEXEC)) && gives(FD_CLOEXEC, fcntl(105, F_GETFD)), "CLOSE_RANGE_CLOEXEC only marks");
  check(gives(0, close_range(100, ~0U, 0)) && !is_open(109) && !is_open(100), "to the end of all");
  check(fails_with(EINVAL, close_range(10, 5, 0)), "a range backwards is EINVAL");
  check(fails_with(EINVAL, close_range(100, 101, 64)), "unknown flags are EINVAL");
}

group(flags) {
  int pipes[2];
  check(gives(0, pipe2(pipes, O_CLOEXEC | O_NONBLOCK)) && gives(FD_CLOEXEC, fcntl(pipes[0], F_GETFD)), "pipe2 sets O_CLOEXEC");
  check((fcntl(pipes[0], F_GETFL) & (O_NONBLOCK | O_ACCMODE)) == (O_NONBLOCK | O_RDONLY), "and O_NONBLOCK, the read end is for reading");
  check((fcntl(pipes[1], F_GETFL) & O_ACCMODE) == O_WRONLY, "the write end for writing");
  check(gives(0, fcntl(pipes[0], F_SETFL, O_RDWR)) && (fcntl(pipes[0], F_GETFL) & (O_NONBLOCK | O_ACCMODE)) == O_RDONLY, "F_SETFL clears O_NONBLOCK and leaves the mode");
  check(fails_with(EINVAL, pipe2(pipes, 0x1)), "pipe2 with unknown flags is EINVAL");
  check(fails_with(EINVAL, fcntl(pipes[0], 9999, 0)), "an unknown command is EINVAL");
  check(fails_with(EBADF, fcntl(99, F_GETFL)), "a closed descriptor is EBADF");
  int on = 1, waiting = -1;
  write(pipes[1], "abc", 3);
  check(gives(0, ioctl(pipes[0], FIONREAD, &waiting)) && waiting == 3, "FIONREAD counts what waits");
  check(gives(0, ioctl(pipes[0], FIONBIO, &on)) && (fcntl(pipes[0], F_GETFL) & O_NONBLOCK), "FIONBIO sets O_NONBLOCK");
  check(gives(0, ioctl(pipes[0], FIOCLEX)) && gives(FD_CLOEXEC, fcntl(pipes[0], F_GETFD)) && gives(0, ioctl(pipes[0], FIONCLEX)) && gives(0, fcntl(pipes[0], F_GETFD)),
        "FIOCLEX and FIONCLEX set and clear FD_CLOEXEC");
  check(fails_with(ENOTTY, ioctl(pipes[0], TIOCGWINSZ, &(struct winsize){0})), "a pipe is no terminal: ENOTTY");
  check(fails_with(EBADF, ioctl(99, FIONREAD, &waiting)), "ioctl of a closed descriptor is EBADF");
  enter_scratch();
  int fd = open("f", O_RDWR | O_CREAT, 0600);
  check(fails_with(ENOTTY, ioctl(fd, TCGETS, (char[64]){0})), "a file is no terminal");
  write(fd, "12345", 5);
  lseek(fd, 2, SEEK_SET);
  check(gives(0, ioctl(fd, FIONREAD, &waiting)) && waiting == 3, "FIONREAD of a file counts what is left");
  check(gives(0, fcntl(fd, F_SETOWN, getpid())) && gives(getpid(), fcntl(fd, F_GETOWN)), "F_SETOWN and F_GETOWN keep an owner");
  close(fd);
}

group(many) {
  struct rlimit limit, saved;
  getrlimit(RLIMIT_NOFILE, &saved);
  check(saved.rlim_cur >= 1024, "at least 1024 descriptors are allowed");
  limit = saved;
  limit.rlim_cur = 64;
  check(gives(0, setrlimit(RLIMIT_NOFILE, &limit)), "the limit can be lowered");
  int first = dup(1), last = first, next;
  while ((next = dup(1)) >= 0) last = next;
  check(errno == EMFILE && last == 63, "beyond it EMFILE");
  int pipes[2];
  check(fails_with(EMFILE, pipe(pipes)), "for pipe too");
  close_range(first, last, 0);
  setrlimit(RLIMIT_NOFILE, &saved);
  bool ok = true;
  for (int i = 0; i < 1000; i++) ok = ok && dup(1) == first + i;
  check(ok, "1000 descriptors can be open");
  close_range(first, first + 999, 0);
  check(!is_open(first) && !is_open(first + 999), "and closed");
}

group(links) {
  enter_scratch();
  char link[64], target[512], expected[512];
  int fd = open("name", O_RDWR | O_CREAT, 0600), pipes[2];
  getcwd(expected, sizeof expected - 8);
  strcat(expected, "/name");
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, target, sizeof target - 1);
  target[n > 0 ? n : 0] = 0;
  check(strcmp(target, expected) == 0, "/proc/self/fd links to the file's path");
  pipe(pipes);
  snprintf(link, sizeof link, "/proc/self/fd/%d", pipes[0]);
  n = readlink(link, target, sizeof target - 1);
  target[n > 0 ? n : 0] = 0;
  check(strncmp(target, "pipe:[", 6) == 0, "or to pipe:[…]");
  snprintf(link, sizeof link, "/dev/fd/%d", pipes[1]);
  int again = open(link, O_WRONLY);
  char text[4];
  check(succeeds(again) && gives(2, write(again, "hi", 2)) && gives(2, read(pipes[0], text, 4)), "/dev/fd opens a pipe again");
  DIR *dir = opendir("/proc/self/fd");
  int found = 0, entries = 0;
  for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
    int number = atoi(entry->d_name);
    entries++;
    found += entry->d_name[0] != '.' && (number == fd || number == pipes[0] || number == again);
  }
  if (dir) closedir(dir);
  check(found == 3 && entries >= 6, "/proc/self/fd lists the open descriptors");
  check(fails_with(ENOENT, readlink("/proc/self/fd/999", target, 10)), "one that is not open is ENOENT");
}

static struct flock range(short type, off_t start, off_t length) {
  return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

static volatile bool got_lock;
static void *wait_for_flock(void *path) {
  int fd = open(path, O_RDWR);
  flock(fd, LOCK_EX);
  got_lock = true;
  flock(fd, LOCK_UN);
  close(fd);
  return NULL;
}

group(locks) {
  enter_scratch();
  int a = open("l", O_RDWR | O_CREAT, 0600), b = open("l", O_RDWR);
  check(gives(0, flock(a, LOCK_SH)) && gives(0, flock(b, LOCK_SH)), "flock: two may share");
  check(fails_with(EWOULDBLOCK, flock(a, LOCK_EX | LOCK_NB)), "an exclusive one must wait: EWOULDBLOCK");
  check(gives(0, flock(b, LOCK_UN)) && gives(0, flock(a, LOCK_EX | LOCK_NB)), "until the other unlocks");
  check(fails_with(EWOULDBLOCK, flock(b, LOCK_SH | LOCK_NB)), "and keeps others out");
  pthread_t thread;
  pthread_create(&thread, NULL, wait_for_flock, "l");
  sleep_ms(30);
  check(!got_lock, "flock without LOCK_NB waits");
  int copy = dup(a);
  close(a);
  sleep_ms(10);
  check(!got_lock, "a lock lives as long as the open file does");
  close(copy);
  pthread_join(thread, NULL);
  check(got_lock, "and wakes who waits when it goes");
  check(fails_with(EINVAL, flock(b, 0)), "no operation is EINVAL");
  check(fails_with(EBADF, flock(99, LOCK_SH)), "a closed descriptor is EBADF");
  close(b);

  a = open("l", O_RDWR), b = open("l", O_RDWR);
  struct flock lock = range(F_WRLCK, 0, 10);
  check(gives(0, fcntl(a, F_SETLK, &lock)), "F_SETLK locks a range");
  lock = range(F_WRLCK, 5, 10);
  check(gives(0, fcntl(b, F_SETLK, &lock)), "a process does not keep itself out");
  lock = range(F_WRLCK, 0, 0);
  check(gives(0, fcntl(b, F_GETLK, &lock)) && lock.l_type == F_UNLCK, "nor does F_GETLK tell it of its own");
  lock.l_type = 77;
  check(fails_with(EINVAL, fcntl(a, F_SETLK, &lock)), "an unknown type is EINVAL");
  int read_only = open("l", O_RDONLY);
  lock = range(F_WRLCK, 0, 1);
  check(fails_with(EBADF, fcntl(read_only, F_SETLK, &lock)), "a write lock needs a descriptor open for writing: EBADF");

  struct flock mine = range(F_WRLCK, 100, 10);
  check(gives(0, fcntl(a, F_OFD_SETLK, &mine)), "F_OFD_SETLK locks a range");
  struct flock other = range(F_WRLCK, 105, 1);
  check(fails_with(EAGAIN, fcntl(b, F_OFD_SETLK, &other)), "another open file is kept out: EAGAIN");
  check(gives(0, fcntl(b, F_OFD_GETLK, &other)) && other.l_type == F_WRLCK && other.l_start == 100 && other.l_len == 10 && other.l_pid == -1,
        "F_OFD_GETLK tells which lock is in the way");
  mine = range(F_UNLCK, 103, 4);
  check(gives(0, fcntl(a, F_OFD_SETLK, &mine)), "the middle of a lock can be unlocked");
  other = range(F_WRLCK, 103, 4);
  check(gives(0, fcntl(b, F_OFD_SETLK, &other)), "and locked by another");
  other = range(F_WRLCK, 102, 1);
  check(fails_with(EAGAIN, fcntl(b, F_OFD_SETLK, &other)), "its ends are still locked");
  mine.l_pid = 5;
  check(fails_with(EINVAL, fcntl(a, F_OFD_SETLK, &mine)), "an OFD lock with a pid is EINVAL");
  close(a);
  other = range(F_WRLCK, 0, 0);
  check(gives(0, fcntl(b, F_OFD_SETLK, &other)), "closing the file frees its locks");
}

group(terminal_or_not) {
  /* Whatever stdin is, isatty and the ioctl behind it must agree with fstat. */
  for (int fd = 0; fd < 3; fd++) {
    struct stat status;
    if (fstat(fd, &status) < 0) continue;
    char settings[64];
    bool terminal = ioctl(fd, TCGETS, settings) == 0;
    if (!S_ISCHR(status.st_mode)) check(!terminal && errno == ENOTTY, "what is no character device is no terminal");
    if (terminal) {
      struct winsize size;
      check(gives(0, ioctl(fd, TIOCGWINSZ, &size)), "a terminal tells its size");
      check(gives(0, ioctl(fd, TCSETS, settings)), "and takes its settings back");
    }
  }
  check(true, "standard descriptors were looked at");
}
