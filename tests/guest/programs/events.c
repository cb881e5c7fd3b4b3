/* Descriptors for events: eventfd, timerfd, signalfd, memfd with seals, inotify. */
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static short events_of(int fd, short events, int ms) {
  struct pollfd ready = {fd, events, 0};
  poll(&ready, 1, ms);
  return ready.revents;
}

static void *add_later(void *fd) {
  sleep_ms(30);
  eventfd_write(*(int *)fd, 5);
  return NULL;
}
static void *take_later(void *fd) {
  eventfd_t value;
  sleep_ms(30);
  eventfd_read(*(int *)fd, &value);
  return NULL;
}

group(eventfd) {
  int fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);
  uint64_t value = 0;
  require(succeeds(fd), "eventfd makes one");
  check(gives(8, read(fd, &value, 8)) && value == 3, "it starts with the value given");
  check(fails_with(EAGAIN, read(fd, &value, 8)), "reading takes all; then EAGAIN");
  eventfd_write(fd, 2);
  eventfd_write(fd, 5);
  check(events_of(fd, POLLIN | POLLOUT, 0) == (POLLIN | POLLOUT), "it is readable and writable");
  check(gives(8, read(fd, &value, 100)) && value == 7, "writes add up");
  check(events_of(fd, POLLIN | POLLOUT, 0) == POLLOUT, "empty, it is only writable");
  check(fails_with(EINVAL, read(fd, &value, 7)) && fails_with(EINVAL, write(fd, &value, 7)), "fewer than 8 bytes are EINVAL");
  value = -1;
  check(fails_with(EINVAL, write(fd, &value, 8)), "writing 2^64-1 is EINVAL");
  value = -2;
  check(gives(8, write(fd, &value, 8)) && events_of(fd, POLLIN | POLLOUT, 0) == POLLIN, "at 2^64-2 it is full");
  value = 1;
  check(fails_with(EAGAIN, write(fd, &value, 8)), "and a write EAGAIN");
  close(fd);
  fd = eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK);
  check(gives(8, read(fd, &value, 8)) && value == 1 && gives(8, read(fd, &value, 8)) && gives(8, read(fd, &value, 8)) && fails_with(EAGAIN, read(fd, &value, 8)),
        "EFD_SEMAPHORE counts down by one");
  close(fd);
  check(fails_with(EINVAL, eventfd(0, 0x7777)), "unknown flags are EINVAL");
  fd = eventfd(0, 0);
  pthread_t thread;
  pthread_create(&thread, NULL, add_later, &fd);
  check(gives(8, read(fd, &value, 8)) && value == 5, "a blocking read waits for a write");
  pthread_join(thread, NULL);
  value = -2;
  write(fd, &value, 8);
  pthread_create(&thread, NULL, take_later, &fd);
  value = 9;
  check(gives(8, write(fd, &value, 8)) && gives(8, read(fd, &value, 8)) && value == 9, "a blocking write waits for room");
  pthread_join(thread, NULL);
  close(fd);
}

group(timerfd) {
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  uint64_t rings = 0;
  require(succeeds(fd), "timerfd_create makes one");
  check(fails_with(EAGAIN, read(fd, &rings, 8)), "unset, it is EAGAIN");
  struct itimerspec spec = {{0, 0}, {0, 30000000}}, old;
  check(gives(0, timerfd_settime(fd, 0, &spec, NULL)) && gives(0, timerfd_gettime(fd, &old)) && old.it_value.tv_nsec > 0 && old.it_value.tv_nsec <= 30000000,
        "timerfd_gettime tells the time left");
  check(events_of(fd, POLLIN, 0) == 0, "before its time it is not readable");
  int64_t start = now_ns();
  check(events_of(fd, POLLIN, 5000) == POLLIN, "then it is");
  int64_t took = now_ns() - start;
  check(took > 20 * 1000000L && took < 500 * 1000000L, "at its time");
  check(gives(8, read(fd, &rings, 8)) && rings == 1 && fails_with(EAGAIN, read(fd, &rings, 8)), "reading counts one ring, once");
  spec = (struct itimerspec){{0, 5000000}, {0, 5000000}};
  timerfd_settime(fd, 0, &spec, NULL);
  sleep_ms(52);
  check(gives(8, read(fd, &rings, 8)) && rings >= 9 && rings <= 60, "an interval counts all rings since the last read");
  spec = (struct itimerspec){{0, 0}, {0, 0}};
  check(gives(0, timerfd_settime(fd, 0, &spec, &old)) && old.it_interval.tv_nsec == 5000000, "setting returns the old setting");
  sleep_ms(20);
  check(fails_with(EAGAIN, read(fd, &rings, 8)), "0 stops it");
  clock_gettime(CLOCK_MONOTONIC, &spec.it_value);
  spec.it_value.tv_sec -= spec.it_value.tv_sec > 0;
  timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL);
  check(events_of(fd, POLLIN, 1000) == POLLIN, "an absolute time in the past rings at once");
  check(fails_with(EINVAL, read(fd, &rings, 4)), "fewer than 8 bytes are EINVAL");
  spec.it_value.tv_nsec = 1000000000;
  check(fails_with(EINVAL, timerfd_settime(fd, 0, &spec, NULL)), "1e9 ns are EINVAL");
  check(fails_with(EINVAL, timerfd_settime(fd, 0x100, &(struct itimerspec){0}, NULL)), "unknown flags are EINVAL");
  check(fails_with(EINVAL, timerfd_create(77, 0)) && fails_with(EINVAL, timerfd_create(CLOCK_MONOTONIC, 1)), "so are an unknown clock and flags");
  check(fails_with(EINVAL, timerfd_settime(0, 0, &(struct itimerspec){0}, NULL)) || check_errno == EBADF, "what is no timerfd is EINVAL");
  close(fd);
  fd = timerfd_create(CLOCK_REALTIME, 0);
  clock_gettime(CLOCK_REALTIME, &spec.it_value);
  spec.it_value.tv_nsec += 20000000;
  if (spec.it_value.tv_nsec >= 1000000000) spec.it_value.tv_sec++, spec.it_value.tv_nsec -= 1000000000;
  timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL);
  check(gives(8, read(fd, &rings, 8)) && rings == 1, "a blocking read of a wall-clock timer waits for it");
  close(fd);
  fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
  check(succeeds(fd), "CLOCK_BOOTTIME is known");
  close(fd);
}

group(signalfd) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGRTMIN + 3);
  sigprocmask(SIG_BLOCK, &set, NULL);
  int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  struct signalfd_siginfo info[4];
  require(succeeds(fd), "signalfd makes one");
  check(sizeof info[0] == 128, "its records are 128 bytes");
  check(fails_with(EAGAIN, read(fd, info, sizeof info)), "with nothing pending it is EAGAIN");
  kill(getpid(), SIGUSR1);
  check(events_of(fd, POLLIN, 0) == POLLIN, "a pending signal makes it readable");
  check(gives(128, read(fd, info, sizeof info)) && info[0].ssi_signo == SIGUSR1 && info[0].ssi_code == SI_USER && (pid_t)info[0].ssi_pid == getpid(),
        "the record tells signal, code and sender");
  check(events_of(fd, POLLIN, 0) == 0, "reading takes the signal");
  sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 11});
  sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 22});
  check(gives(256, read(fd, info, sizeof info)) && info[0].ssi_int == 11 && info[1].ssi_int == 22, "several are read at once, in order");
  check(fails_with(EINVAL, read(fd, info, 100)), "room for none is EINVAL");
  sigset_t other;
  sigemptyset(&other);
  sigaddset(&other, SIGUSR2);
  check(gives(fd, signalfd(fd, &other, 0)), "the set can be changed");
  kill(getpid(), SIGUSR1);
  check(events_of(fd, POLLIN, 0) == 0, "then others do not count");
  struct timespec zero = {0, 0};
  sigtimedwait(&set, NULL, &zero);
  check(fails_with(EINVAL, signalfd(0, &set, 0)) || check_errno == EBADF, "changing what is no signalfd is EINVAL");
  check(fails_with(EINVAL, signalfd(-1, &set, 77)), "unknown flags are EINVAL");
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  close(fd);
}

group(memfd) {
  int fd = memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  char text[8];
  require(succeeds(fd), "memfd_create makes a file");
  check(gives(5, write(fd, "hello", 5)) && gives(5, pread(fd, text, 8, 0)) && memcmp(text, "hello", 5) == 0, "that can be written and read");
  struct stat status;
  check(gives(0, fstat(fd, &status)) && S_ISREG(status.st_mode) && status.st_size == 5 && status.st_nlink == 0, "it is a regular file without a name");
  char target[64] = {0}, link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  readlink(link, target, sizeof target - 1);
  check(strncmp(target, "/memfd:name", 11) == 0, "/proc/self/fd says /memfd:name");
  ftruncate(fd, 8192);
  char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  require(p != MAP_FAILED, "it can be mapped shared");
  p[4096] = 'm';
  check(gives(1, pread(fd, text, 1, 4096)) && text[0] == 'm', "writes to the mapping are in the file");
  check(gives(0, fcntl(fd, F_GET_SEALS)), "no seals at first");
  check(fails_with(EBUSY, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)), "F_SEAL_WRITE with a writable mapping is EBUSY");
  check(gives(0, fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW)), "F_SEAL_SHRINK and F_SEAL_GROW can be added");
  check(fails_with(EPERM, ftruncate(fd, 100)) && fails_with(EPERM, ftruncate(fd, 100000)), "then its size stays: EPERM");
  check(fails_with(EPERM, pwrite(fd, "x", 1, 8192)), "also for writes past the end");
  munmap(p, 8192);
  check(gives(0, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)) && fails_with(EPERM, write(fd, "x", 1)), "F_SEAL_WRITE forbids writing");
  check(fails_with(EPERM, mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)), "and writable shared mappings");
  check(gives(0, fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL)) && fails_with(EPERM, fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK)), "F_SEAL_SEAL ends sealing");
  check(gives(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE, fcntl(fd, F_GET_SEALS)), "F_GET_SEALS tells all");
  close(fd);
  fd = memfd_create("plain", 0);
  check(gives(F_SEAL_SEAL, fcntl(fd, F_GET_SEALS)), "without MFD_ALLOW_SEALING it is sealed against sealing");
  close(fd);
  check(fails_with(EINVAL, memfd_create("x", 0x7000)), "unknown flags are EINVAL");
  char name[300];
  memset(name, 'n', sizeof name);
  name[250] = 0;
  check(fails_with(EINVAL, memfd_create(name, 0)), "a name of 250 bytes is EINVAL");
  check(fails_with(EFAULT, memfd_create((char *)8, 0)), "a bad name is EFAULT");
}

/* ---- inotify ---- */

static char queue[4096] __attribute__((aligned(8)));
static long queue_length;

/* Whether that event comes within half a second; it is taken from the queue, others stay. */
static bool told(int fd, int watch, uint32_t mask, const char *name) {
  if (events_of(fd, POLLIN, 500) == POLLIN) {
    ssize_t n = read(fd, queue + queue_length, sizeof queue - queue_length);
    if (n > 0) queue_length += n;
  }
  for (long at = 0; at < queue_length;) {
    struct inotify_event *event = (void *)(queue + at);
    long size = sizeof *event + event->len;
    bool same = (event->mask & mask) == mask && event->wd == watch && (name == NULL || (event->len > 0 && strcmp(event->name, name) == 0));
    if (same) {
      queue_length -= size;
      memmove(queue + at, queue + at + size, queue_length - at);
      return true;
    }
    at += size;
  }
  return false;
}

group(inotify) {
  enter_scratch();
  mkdir("d", 0755);
  mkdir("e", 0755);
  int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  require(succeeds(fd), "inotify_init1 makes one");
  check(fails_with(EAGAIN, read(fd, queue, sizeof queue)), "with no events it is EAGAIN");
  int d = inotify_add_watch(fd, "d", IN_ALL_EVENTS), e = inotify_add_watch(fd, "e", IN_ALL_EVENTS);
  check(d > 0 && e > 0 && d != e, "directories can be watched");
  check(gives(d, inotify_add_watch(fd, "d", IN_ALL_EVENTS)), "again gives the same watch");
  check(fails_with(ENOENT, inotify_add_watch(fd, "none", IN_CREATE)), "a missing path is ENOENT");
  check(fails_with(EINVAL, inotify_add_watch(fd, "d", 0)), "no events are EINVAL");
  int file = open("d/file", O_RDWR | O_CREAT, 0600);
  check(told(fd, d, IN_CREATE, "file"), "IN_CREATE tells of a new file by name");
  check(told(fd, d, IN_OPEN, "file"), "then IN_OPEN");
  write(file, "x", 1);
  check(told(fd, d, IN_MODIFY, "file"), "IN_MODIFY of a write");
  pread(file, queue + 4000, 1, 0);
  check(told(fd, d, IN_ACCESS, "file"), "IN_ACCESS of a read");
  fchmod(file, 0644);
  check(told(fd, d, IN_ATTRIB, "file"), "IN_ATTRIB of a chmod");
  close(file);
  check(told(fd, d, IN_CLOSE_WRITE, "file"), "IN_CLOSE_WRITE of a close");
  rename("d/file", "e/moved");
  bool from = told(fd, d, IN_MOVED_FROM, "file");
  bool to = told(fd, e, IN_MOVED_TO, "moved");
  check(from && to, "IN_MOVED_FROM and IN_MOVED_TO of a rename");
  mkdir("d/sub", 0755);
  check(told(fd, d, IN_CREATE | IN_ISDIR, "sub"), "IN_ISDIR tells a directory");
  rmdir("d/sub");
  check(told(fd, d, IN_DELETE | IN_ISDIR, "sub"), "IN_DELETE of a removal");
  int watched = inotify_add_watch(fd, "e/moved", IN_MODIFY | IN_DELETE_SELF | IN_ATTRIB);
  put_file("e/moved", "yy", 2);
  check(told(fd, watched, IN_MODIFY, NULL), "a file can be watched itself");
  unlink("e/moved");
  check(told(fd, e, IN_DELETE, "moved"), "its directory tells of its removal");
  check(told(fd, watched, IN_DELETE_SELF, NULL) && told(fd, watched, IN_IGNORED, NULL), "IN_DELETE_SELF and IN_IGNORED end its watch");
  check(gives(0, inotify_rm_watch(fd, d)) && told(fd, d, IN_IGNORED, NULL), "inotify_rm_watch ends a watch with IN_IGNORED");
  check(fails_with(EINVAL, inotify_rm_watch(fd, d)), "twice is EINVAL");
  put_file("d/quiet", "x", 1);
  check(!told(fd, d, IN_CREATE, "quiet"), "after that it is quiet");
  int once = inotify_add_watch(fd, "d", IN_CREATE | IN_ONESHOT);
  put_file("d/one", "x", 1);
  put_file("d/two", "x", 1);
  check(told(fd, once, IN_CREATE, "one") && !told(fd, once, IN_CREATE, "two"), "IN_ONESHOT tells once");
  check(fails_with(ENOTDIR, inotify_add_watch(fd, "d/one", IN_CREATE | IN_ONLYDIR)), "IN_ONLYDIR of a file is ENOTDIR");
  while (read(fd, queue, sizeof queue) > 0) {
  }
  inotify_add_watch(fd, "d", IN_CREATE);
  put_file("d/three", "x", 1);
  check(fails_with(EINVAL, read(fd, queue, 8)), "room for no event is EINVAL");
  close(fd);
}
