/* Pipes and fifos: order, atomicity, blocking, ends that close, sizes, readiness. */
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

static int ends[2];
static char big[1 << 20];

static short events_of(int fd, short events) {
  struct pollfd ready = {fd, events, 0};
  poll(&ready, 1, 0);
  return ready.revents;
}

group(basics) {
  char text[16];
  require(gives(0, pipe(ends)), "pipe returns 0");
  check(gives(5, write(ends[1], "hello", 5)) && gives(2, read(ends[0], text, 2)) && memcmp(text, "he", 2) == 0, "what is written can be read, in parts");
  check(gives(3, read(ends[0], text, 16)) && memcmp(text, "llo", 3) == 0, "read returns what there is");
  check(gives(0, write(ends[1], text, 0)), "a write of nothing returns 0");
  write(ends[1], "ab", 2);
  write(ends[1], "cd", 2);
  check(gives(4, read(ends[0], text, 16)) && memcmp(text, "abcd", 4) == 0, "two writes may be read at once");
  check(fails_with(EBADF, write(ends[0], "x", 1)) && fails_with(EBADF, read(ends[1], text, 1)), "the ends are not to be mixed up: EBADF");
  struct stat status;
  check(gives(0, fstat(ends[0], &status)) && S_ISFIFO(status.st_mode), "fstat says fifo");
  check(fails_with(EFAULT, write(ends[1], (void *)8, 5)), "a bad buffer is EFAULT");
  check(fails_with(EFAULT, syscall(SYS_pipe2, 8, 0)), "a bad place for the result is EFAULT");
  write(ends[1], "rest", 4);
  close(ends[1]);
  check(gives(4, read(ends[0], text, 16)), "after the writer's end closes the rest can be read");
  check(gives(0, read(ends[0], text, 16)) && gives(0, read(ends[0], text, 16)), "then comes the end, again and again");
  close(ends[0]);
}

static volatile int pipe_signals;
static void on_pipe(int signal, siginfo_t *info, void *context) { (void)signal, (void)info, (void)context, pipe_signals++; }

group(broken) {
  pipe(ends);
  close(ends[0]);
  handle(SIGPIPE, on_pipe, 0);
  check(fails_with(EPIPE, write(ends[1], "x", 1)) && pipe_signals == 1, "writing without a reader is EPIPE and SIGPIPE");
  signal(SIGPIPE, SIG_IGN);
  check(fails_with(EPIPE, write(ends[1], "x", 1)), "with SIGPIPE ignored just EPIPE");
  check(events_of(ends[1], POLLOUT) & POLLERR, "poll says POLLERR");
  close(ends[1]);
  signal(SIGPIPE, SIG_DFL);
}

group(nonblocking) {
  char text[16];
  pipe2(ends, O_NONBLOCK);
  check(fails_with(EAGAIN, read(ends[0], text, 1)), "an empty pipe is EAGAIN");
  check(events_of(ends[0], POLLIN) == 0 && events_of(ends[1], POLLOUT) == POLLOUT, "poll: not readable, writable");
  ssize_t total = write(ends[1], big, sizeof big);
  check(total == 65536, "a pipe holds 65536 bytes");
  check(fails_with(EAGAIN, write(ends[1], "x", 1)), "a full pipe is EAGAIN");
  check(events_of(ends[0], POLLIN) == POLLIN && events_of(ends[1], POLLOUT) == 0, "poll: readable, not writable");
  int waiting;
  check(gives(0, ioctl(ends[0], FIONREAD, &waiting)) && waiting == 65536, "FIONREAD counts 65536");
  read(ends[0], big, 100);
  check(fails_with(EAGAIN, write(ends[1], big, 4096)), "4096 bytes go whole or not at all");
  read(ends[0], big, 4096);
  check(gives(4096, write(ends[1], big, 4096)) || check_value == -1, "and go when a page is free");
  while (read(ends[0], big, sizeof big) > 0) {
  }
  close(ends[1]);
  check(events_of(ends[0], POLLIN) & POLLHUP, "poll says POLLHUP when the writer's end is closed");
  check(gives(0, read(ends[0], text, 1)), "and read says the end");
  close(ends[0]);
}

group(sizes) {
  pipe2(ends, O_NONBLOCK);
  check(gives(65536, fcntl(ends[0], F_GETPIPE_SZ)), "F_GETPIPE_SZ says 65536");
  check(gives(1 << 18, fcntl(ends[1], F_SETPIPE_SZ, 1 << 18)) && gives(1 << 18, write(ends[1], big, sizeof big)), "F_SETPIPE_SZ makes it larger");
  check(fails_with(EBUSY, fcntl(ends[1], F_SETPIPE_SZ, 4096)), "less than it holds is EBUSY");
  while (read(ends[0], big, sizeof big) > 0) {
  }
  check(gives(8192, fcntl(ends[1], F_SETPIPE_SZ, 5000)), "sizes are rounded up to a power of two of pages");
  check(gives(8192, write(ends[1], big, sizeof big)), "and hold");
  read(ends[0], big, sizeof big);
  check(fails_with(EINVAL, fcntl(ends[1], F_SETPIPE_SZ, 0)) || check_value == 4096, "0 is EINVAL or one page");
  check(fails_with(EBADF, fcntl(1 << 20, F_GETPIPE_SZ)), "a closed descriptor is EBADF");
  close(ends[0]);
  close(ends[1]);
}

static void *slow_reader(void *unused) {
  char piece[7000];
  long total = 0;
  for (ssize_t n; (n = read(ends[0], piece, sizeof piece)) > 0; total += n)
    for (ssize_t i = 0; i < n; i++)
      if (piece[i] != (char)((total + i) * 7)) return (void *)-1;
  (void)unused;
  return (void *)total;
}
static void *late_writer(void *unused) {
  sleep_ms(30);
  write(ends[1], "late", 4);
  return unused;
}
static void *late_closer(void *unused) {
  sleep_ms(30);
  close(ends[1]);
  return unused;
}
static void *close_reader(void *unused) {
  sleep_ms(30);
  close(ends[0]);
  return unused;
}

group(blocking) {
  char text[16];
  pthread_t thread;
  pipe(ends);
  pthread_create(&thread, NULL, late_writer, NULL);
  check(gives(4, read(ends[0], text, 16)), "read waits for a writer");
  pthread_join(thread, NULL);
  pthread_create(&thread, NULL, late_closer, NULL);
  check(gives(0, read(ends[0], text, 16)), "read wakes when the last writer closes");
  pthread_join(thread, NULL);
  close(ends[0]);
  pipe(ends);
  for (size_t i = 0; i < sizeof big; i++) big[i] = (char)(i * 7);
  pthread_create(&thread, NULL, slow_reader, NULL);
  check(gives(sizeof big, write(ends[1], big, sizeof big)), "a write of 1 MB waits until all is taken");
  close(ends[1]);
  void *total;
  pthread_join(thread, &total);
  check((long)total == sizeof big, "and arrives whole and in order");
  close(ends[0]);
  pipe(ends);
  signal(SIGPIPE, SIG_IGN);
  pthread_create(&thread, NULL, close_reader, NULL);
  ssize_t written = write(ends[1], big, sizeof big);
  check(written == 65536 || (written == -1 && errno == EPIPE), "a waiting writer wakes when the last reader closes");
  pthread_join(thread, NULL);
  close(ends[1]);
  signal(SIGPIPE, SIG_DFL);
}

/* Writers of 512-byte records: each record must arrive whole, as PIPE_BUF is 4096. */
enum { WRITERS = 4, RECORDS = 300, RECORD = 512 };
static void *record_writer(void *argument) {
  char record[RECORD];
  memset(record, (int)(intptr_t)argument, sizeof record);
  for (int i = 0; i < RECORDS; i++) write(ends[1], record, sizeof record);
  return NULL;
}

group(atomicity) {
  pipe(ends);
  pthread_t threads[WRITERS];
  for (intptr_t i = 0; i < WRITERS; i++) pthread_create(&threads[i], NULL, record_writer, (void *)(i + 1));
  int counts[WRITERS + 1] = {0};
  bool whole = true;
  for (int i = 0; i < WRITERS * RECORDS; i++) {
    char record[RECORD];
    size_t got = 0;
    while (got < sizeof record) {
      ssize_t n = read(ends[0], record + got, sizeof record - got);
      if (n <= 0) break;
      got += n;
    }
    for (int k = 1; k < RECORD; k++) whole = whole && record[k] == record[0];
    if (record[0] >= 1 && record[0] <= WRITERS) counts[(int)record[0]]++;
  }
  for (int i = 0; i < WRITERS; i++) pthread_join(threads[i], NULL);
  check(whole, "writes up to PIPE_BUF are atomic");
  check(counts[1] == RECORDS && counts[4] == RECORDS, "none is lost");
  close(ends[0]);
  close(ends[1]);
}

group(packets) {
  char text[32];
  require(gives(0, pipe2(ends, O_DIRECT)), "O_DIRECT makes a packet pipe");
  write(ends[1], "one", 3);
  write(ends[1], "three", 5);
  check(gives(3, read(ends[0], text, 32)) && gives(2, read(ends[0], text, 2)), "each read takes one packet");
  write(ends[1], "x", 1);
  check(gives(1, read(ends[0], text, 32)) && text[0] == 'x', "what was not taken of one is dropped");
  close(ends[0]);
  close(ends[1]);
}

static void *open_writer(void *path) {
  int fd = open(path, O_WRONLY);
  write(fd, "through", 7);
  close(fd);
  return NULL;
}

group(fifos) {
  enter_scratch();
  char text[16];
  pthread_t thread;
  require(gives(0, mkfifo("fifo", 0600)), "mkfifo makes a fifo");
  pthread_create(&thread, NULL, open_writer, "fifo");
  int fd = open("fifo", O_RDONLY);
  check(succeeds(fd), "opening for reading waits for a writer");
  check(gives(7, read(fd, text, 16)) && memcmp(text, "through", 7) == 0, "and carries its data");
  pthread_join(thread, NULL);
  check(gives(0, read(fd, text, 16)), "then comes the end");
  close(fd);
  fd = open("fifo", O_RDONLY | O_NONBLOCK);
  check(succeeds(fd) && gives(0, read(fd, text, 16)), "with O_NONBLOCK a reader opens at once");
  int writer = open("fifo", O_WRONLY | O_NONBLOCK);
  check(succeeds(writer) && fails_with(EAGAIN, read(fd, text, 16)), "and a writer, where there is a reader");
  close(fd);
  close(writer);
  check(fails_with(ENXIO, open("fifo", O_WRONLY | O_NONBLOCK)), "where there is none it is ENXIO");
  fd = open("fifo", O_RDWR);
  check(succeeds(fd) && gives(2, write(fd, "rw", 2)) && gives(2, read(fd, text, 16)), "O_RDWR opens both ends");
  close(fd);
}
