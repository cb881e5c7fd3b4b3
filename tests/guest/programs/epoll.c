/* epoll: level, edge, oneshot, exclusive, nesting, closed descriptors, errors; and threads waiting on one. */
#include "check.h"
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

static int ep;

static int add(int fd, uint32_t events, uint64_t data) {
  struct epoll_event event = {.events = events, .data.u64 = data};
  return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
}
static int modify(int fd, uint32_t events, uint64_t data) {
  struct epoll_event event = {.events = events, .data.u64 = data};
  return epoll_ctl(ep, EPOLL_CTL_MOD, fd, &event);
}

static struct epoll_event seen[16];
static int wait_ms(int ms) { return epoll_wait(ep, seen, 16, ms); }

group(errors) {
  struct epoll_event event = {.events = EPOLLIN};
  int pipes[2];
  pipe(pipes);
  check(fails_with(EINVAL, epoll_create(0)) && fails_with(EINVAL, epoll_create1(77)), "epoll_create refuses size 0 and unknown flags: EINVAL");
  require(succeeds(ep = epoll_create1(EPOLL_CLOEXEC)), "epoll_create1 makes an epoll");
  check(gives(FD_CLOEXEC, fcntl(ep, F_GETFD)), "with FD_CLOEXEC where asked for");
  check(gives(0, epoll_ctl(ep, EPOLL_CTL_ADD, pipes[0], &event)), "a pipe can be added");
  check(fails_with(EEXIST, epoll_ctl(ep, EPOLL_CTL_ADD, pipes[0], &event)), "twice is EEXIST");
  check(fails_with(ENOENT, epoll_ctl(ep, EPOLL_CTL_MOD, pipes[1], &event)) && fails_with(ENOENT, epoll_ctl(ep, EPOLL_CTL_DEL, pipes[1], NULL)),
        "changing or removing what is not there is ENOENT");
  check(gives(0, epoll_ctl(ep, EPOLL_CTL_DEL, pipes[0], NULL)), "removing needs no event");
  check(fails_with(EINVAL, epoll_ctl(ep, 9, pipes[0], &event)), "an unknown operation is EINVAL");
  check(fails_with(EINVAL, epoll_ctl(ep, EPOLL_CTL_ADD, ep, &event)), "an epoll in itself is EINVAL");
  check(fails_with(EBADF, epoll_ctl(ep, EPOLL_CTL_ADD, 99, &event)) && fails_with(EBADF, epoll_ctl(99, EPOLL_CTL_ADD, pipes[0], &event)),
        "closed descriptors are EBADF");
  check(fails_with(EINVAL, epoll_ctl(pipes[0], EPOLL_CTL_ADD, pipes[1], &event)), "what is no epoll is EINVAL");
  check(fails_with(EFAULT, syscall(SYS_epoll_ctl, ep, EPOLL_CTL_ADD, pipes[0], 8)), "a bad event is EFAULT");
  enter_scratch();
  int file = open("f", O_RDWR | O_CREAT, 0600), directory = open(".", O_RDONLY);
  check(fails_with(EPERM, epoll_ctl(ep, EPOLL_CTL_ADD, file, &event)), "a regular file is EPERM");
  check(fails_with(EPERM, epoll_ctl(ep, EPOLL_CTL_ADD, directory, &event)), "a directory too");
  check(fails_with(EINVAL, epoll_wait(ep, seen, 0, 0)) && fails_with(EINVAL, epoll_wait(ep, seen, -1, 0)), "room for no event is EINVAL");
  check(fails_with(EINVAL, epoll_wait(pipes[0], seen, 1, 0)) && fails_with(EBADF, epoll_wait(99, seen, 1, 0)), "waiting on something else is EINVAL or EBADF");
  add(pipes[1], EPOLLOUT, 1);
  check(fails_with(EFAULT, syscall(SYS_epoll_wait, ep, 8, 1, 0)), "a bad place for events is EFAULT");
  close(ep);
}

group(level) {
  int pipes[2];
  pipe2(pipes, O_NONBLOCK);
  ep = epoll_create1(0);
  check(sizeof(struct epoll_event) == 12, "an event is 12 bytes");
  add(pipes[0], EPOLLIN, 0x1122334455667788);
  check(gives(0, wait_ms(0)), "nothing is ready at first");
  int64_t start = now_ns();
  check(gives(0, wait_ms(30)) && now_ns() - start >= 29 * 1000000L && now_ns() - start < 500 * 1000000L, "a wait with a timeout takes that long");
  write(pipes[1], "ab", 2);
  check(gives(1, wait_ms(-1)) && seen[0].events == EPOLLIN && seen[0].data.u64 == 0x1122334455667788, "an event carries its data");
  check(gives(1, wait_ms(0)), "level: it is reported as long as it lasts");
  char text[8];
  read(pipes[0], text, 1);
  check(gives(1, wait_ms(0)), "while anything is left");
  read(pipes[0], text, 8);
  check(gives(0, wait_ms(0)), "and no longer");
  add(pipes[1], EPOLLOUT, 2);
  check(gives(1, wait_ms(0)) && seen[0].events == EPOLLOUT && seen[0].data.u64 == 2, "a writable pipe is EPOLLOUT");
  modify(pipes[1], 0, 2);
  check(gives(0, wait_ms(0)), "EPOLL_CTL_MOD to no events silences it");
  close(pipes[0]);
  check(gives(1, wait_ms(0)) && seen[0].events == EPOLLERR && seen[0].data.u64 == 2, "but EPOLLERR always comes");
  close(pipes[1]);
  check(gives(0, wait_ms(0)), "closed descriptors are gone");
  close(ep);
}

group(edge) {
  int pipes[2];
  char text[8];
  pipe2(pipes, O_NONBLOCK);
  ep = epoll_create1(0);
  write(pipes[1], "a", 1);
  add(pipes[0], EPOLLIN | EPOLLET, 1);
  check(gives(1, wait_ms(0)), "edge: what is ready when added is reported");
  check(gives(0, wait_ms(0)), "once");
  write(pipes[1], "b", 1);
  check(gives(1, wait_ms(0)), "more data is a new edge, though the old was not read");
  check(gives(0, wait_ms(0)), "reported once");
  read(pipes[0], text, 1);
  check(gives(0, wait_ms(0)), "reading a part is no edge");
  modify(pipes[0], EPOLLIN | EPOLLET, 2);
  check(gives(1, wait_ms(0)) && seen[0].data.u64 == 2, "EPOLL_CTL_MOD reports what is ready anew");
  read(pipes[0], text, 8);
  write(pipes[1], "c", 1);
  check(gives(1, wait_ms(0)), "after emptying, new data is an edge");
  close(pipes[1]);
  check(gives(1, wait_ms(0)) && (seen[0].events & EPOLLHUP), "the writer's closing is an edge with EPOLLHUP");
  close(pipes[0]);
  pipe2(pipes, O_NONBLOCK);
  add(pipes[1], EPOLLOUT | EPOLLET, 3);
  check(gives(1, wait_ms(0)) && gives(0, wait_ms(0)), "EPOLLOUT is reported once");
  static char big[65536];
  write(pipes[1], big, sizeof big);
  check(gives(0, wait_ms(0)), "a full pipe is not writable");
  read(pipes[0], big, sizeof big);
  check(gives(1, wait_ms(0)) && (seen[0].events & EPOLLOUT), "room again is an edge");
  close(pipes[0]);
  close(pipes[1]);

  int event = eventfd(0, EFD_NONBLOCK);
  add(event, EPOLLIN | EPOLLET, 4);
  bool ok = true;
  for (int i = 0; i < 5; i++) ok = ok && eventfd_write(event, 1) == 0 && wait_ms(0) == 1;
  check(ok, "each write to an eventfd is an edge, as libuv and Go rely on");
  check(gives(0, wait_ms(0)), "without a write none");
  close(event);
  close(ep);
}

group(oneshot) {
  int pipes[2];
  pipe2(pipes, O_NONBLOCK);
  ep = epoll_create1(0);
  add(pipes[0], EPOLLIN | EPOLLONESHOT, 1);
  write(pipes[1], "a", 1);
  check(gives(1, wait_ms(0)) && gives(0, wait_ms(0)), "oneshot: one report");
  write(pipes[1], "b", 1);
  check(gives(0, wait_ms(0)), "more data gives none");
  modify(pipes[0], EPOLLIN | EPOLLONESHOT, 2);
  check(gives(1, wait_ms(0)) && seen[0].data.u64 == 2, "until armed again");
  close(ep);
}

group(closing) {
  int pipes[2];
  pipe2(pipes, O_NONBLOCK);
  ep = epoll_create1(0);
  write(pipes[1], "a", 1);
  int copy = dup(pipes[0]);
  add(pipes[0], EPOLLIN, 1);
  close(pipes[0]);
  check(gives(1, wait_ms(0)), "a copy of the descriptor keeps the entry alive");
  check(fails_with(EBADF, epoll_ctl(ep, EPOLL_CTL_DEL, pipes[0], NULL)), "though it cannot be named any more: EBADF");
  close(copy);
  check(gives(0, wait_ms(0)), "closing the last removes it");
  int again[2];
  pipe2(again, O_NONBLOCK);
  check(gives(0, add(again[0], EPOLLIN, 5)), "its number can be added anew");
  write(again[1], "b", 1);
  check(gives(1, wait_ms(0)) && seen[0].data.u64 == 5, "and reports the new file");
  int second = dup(again[0]);
  check(gives(0, add(second, EPOLLIN, 6)) && gives(2, wait_ms(0)), "two numbers of one file are two entries");
  close(ep);
}

group(sockets) {
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
  ep = epoll_create1(0);
  add(pair[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP, 1);
  check(gives(1, wait_ms(0)) && seen[0].events == EPOLLOUT, "an idle socket is writable");
  write(pair[1], "x", 1);
  check(gives(1, wait_ms(0)) && seen[0].events == (EPOLLIN | EPOLLOUT), "with data readable too, in one event");
  shutdown(pair[1], SHUT_WR);
  check(gives(1, wait_ms(0)) && (seen[0].events & EPOLLRDHUP) && !(seen[0].events & EPOLLHUP), "the peer's SHUT_WR is EPOLLRDHUP");
  close(pair[1]);
  check(gives(1, wait_ms(0)) && (seen[0].events & EPOLLHUP), "its closing EPOLLHUP");
  close(pair[0]);
  close(ep);
}

group(nesting) {
  int inner = epoll_create1(0), pipes[2];
  pipe2(pipes, O_NONBLOCK);
  ep = inner;
  add(pipes[0], EPOLLIN, 1);
  ep = epoll_create1(0);
  check(gives(0, add(inner, EPOLLIN, 7)), "an epoll can be in another");
  check(gives(0, wait_ms(0)), "it is not ready while nothing in it is");
  write(pipes[1], "x", 1);
  check(gives(1, wait_ms(100)) && seen[0].data.u64 == 7, "and ready when something is");
  int outer = ep;
  ep = inner;
  check(fails_with(ELOOP, add(outer, EPOLLIN, 8)), "a circle is ELOOP");
  close(inner);
  close(outer);
}

group(fairness) {
  ep = epoll_create1(0);
  int events[40], got[40] = {0};
  for (int i = 0; i < 40; i++) {
    events[i] = eventfd(1, 0);
    add(events[i], EPOLLIN, i);
  }
  for (int round = 0; round < 3; round++) {
    int n = epoll_wait(ep, seen, 16, 0);
    for (int i = 0; i < n; i++) got[seen[i].data.u64]++;
  }
  int reached = 0;
  for (int i = 0; i < 40; i++) reached += got[i] > 0;
  check(reached == 40, "40 ready descriptors all get their turn through a window of 16");
  for (int i = 0; i < 40; i++) close(events[i]);
  close(ep);
}

static int waiters_woken;
static void *wait_once(void *unused) {
  struct epoll_event event;
  if (epoll_wait(ep, &event, 1, 300) == 1) __atomic_add_fetch(&waiters_woken, 1, __ATOMIC_SEQ_CST);
  return unused;
}
static void *write_later(void *fd) {
  sleep_ms(30);
  eventfd_write(*(int *)fd, 1);
  return NULL;
}

static void *add_later(void *fd) {
  sleep_ms(10);
  add(*(int *)fd, EPOLLIN, 9);
  return NULL;
}

group(threads) {
  ep = epoll_create1(0);
  int event = eventfd(0, EFD_NONBLOCK);
  pthread_t thread, waiters[4];
  check(gives(0, add(event, EPOLLIN, 1)), "an eventfd can be added");
  pthread_create(&thread, NULL, write_later, &event);
  int64_t start = now_ns();
  check(gives(1, wait_ms(5000)) && now_ns() - start < 2000 * 1000000L, "another thread's write ends a wait");
  pthread_join(thread, NULL);
  eventfd_t value;
  eventfd_read(event, &value);

  epoll_ctl(ep, EPOLL_CTL_DEL, event, NULL);
  add(event, EPOLLIN | EPOLLET, 1);
  for (int i = 0; i < 4; i++) pthread_create(&waiters[i], NULL, wait_once, NULL);
  sleep_ms(50);
  eventfd_write(event, 1);
  for (int i = 0; i < 4; i++) pthread_join(waiters[i], NULL);
  check(waiters_woken == 1, "an edge wakes one of four threads that wait on one epoll");
  eventfd_read(event, &value);
  epoll_ctl(ep, EPOLL_CTL_DEL, event, NULL);

  pthread_create(&thread, NULL, write_later, &event);
  pthread_t adder;
  pthread_create(&adder, NULL, add_later, &event);
  check(gives(1, wait_ms(2000)) && seen[0].data.u64 == 9, "a descriptor added while a thread waits counts");
  pthread_join(adder, NULL);
  pthread_join(thread, NULL);
  close(event);
  close(ep);

  /* EPOLLEXCLUSIVE: two epolls on one eventfd. */
  event = eventfd(0, EFD_NONBLOCK);
  ep = epoll_create1(0);
  check(gives(0, add(event, EPOLLIN | EPOLLEXCLUSIVE, 1)), "EPOLLEXCLUSIVE can be added");
  check(fails_with(EINVAL, modify(event, EPOLLIN, 1)), "but not modified: EINVAL");
  check(fails_with(EINVAL, add(eventfd(0, 0), EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT, 1)), "nor with EPOLLONESHOT: EINVAL");
  eventfd_write(event, 1);
  check(gives(1, wait_ms(100)), "it reports");
  close(ep);
}

static volatile int interrupted;
static void on_signal(int signal, siginfo_t *info, void *context) { (void)signal, (void)info, (void)context, interrupted++; }
static void *signal_later(void *target) {
  sleep_ms(30);
  pthread_kill(*(pthread_t *)target, SIGUSR1);
  return NULL;
}

group(signals) {
  ep = epoll_create1(0);
  handle(SIGUSR1, on_signal, SA_RESTART);
  pthread_t self = pthread_self(), thread;
  pthread_create(&thread, NULL, signal_later, &self);
  check(fails_with(EINTR, wait_ms(5000)) && interrupted == 1, "a handler interrupts epoll_wait, even with SA_RESTART: EINTR");
  pthread_join(thread, NULL);
  sigset_t blocked, none;
  sigemptyset(&none);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &blocked, NULL);
  pthread_kill(self, SIGUSR1);
  check(gives(0, wait_ms(10)) && interrupted == 1, "a blocked signal does not");
  check(fails_with(EINTR, epoll_pwait(ep, seen, 16, 1000, &none)) && interrupted == 2, "epoll_pwait's mask lets it in");
  pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
  struct timespec brief = {0, 20 * 1000000};
  int64_t start = now_ns();
  long result = syscall(SYS_epoll_pwait2, ep, seen, 16, &brief, NULL, 8);
  check((result == 0 && now_ns() - start >= 19 * 1000000L) || (result == -1 && errno == ENOSYS), "epoll_pwait2 takes nanoseconds");
  close(ep);
}
