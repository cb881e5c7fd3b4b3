/* Waiting for several descriptors: poll, ppoll, select, pselect6. */
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <sys/select.h>
#include <sys/socket.h>

static int pipes[2];
static volatile int hits;
static void on_signal(int signal, siginfo_t *info, void *context) { (void)signal, (void)info, (void)context, hits++; }
static void *write_later(void *unused) {
  sleep_ms(30);
  write(pipes[1], "x", 1);
  return unused;
}
static void *signal_later(void *target) {
  sleep_ms(30);
  pthread_kill(*(pthread_t *)target, SIGUSR1);
  return NULL;
}

group(poll) {
  char text[8];
  pipe(pipes);
  struct pollfd ready[3] = {{pipes[0], POLLIN, 77}, {pipes[1], POLLOUT, 77}, {-1, POLLIN, 77}};
  check(gives(1, poll(ready, 3, 0)) && ready[0].revents == 0 && ready[1].revents == POLLOUT && ready[2].revents == 0, "poll counts the ready ones and skips negative numbers");
  int64_t start = now_ns();
  check(gives(0, poll(ready, 1, 30)) && now_ns() - start >= 29 * 1000000L, "it waits for its time");
  check(gives(0, poll(NULL, 0, 10)), "without descriptors it only waits");
  pthread_t thread;
  pthread_create(&thread, NULL, write_later, NULL);
  check(gives(1, poll(ready, 1, -1)) && ready[0].revents == POLLIN, "it wakes when one becomes ready");
  pthread_join(thread, NULL);
  read(pipes[0], text, 8);
  ready[2] = (struct pollfd){99, POLLIN, 0};
  check(gives(1, poll(ready + 2, 1, 1000)) && ready[2].revents == POLLNVAL, "a closed descriptor is POLLNVAL, at once");
  enter_scratch();
  int file = open("f", O_RDWR | O_CREAT, 0600);
  ready[2] = (struct pollfd){file, POLLIN | POLLOUT, 0};
  check(gives(1, poll(ready + 2, 1, 1000)) && ready[2].revents == (POLLIN | POLLOUT), "a file is always ready");
  check(fails_with(EFAULT, poll((void *)8, 1, 0)), "a bad list is EFAULT");
  check(fails_with(EINVAL, poll(ready, 1 << 30, 0)) || check_errno == EFAULT, "a list too long is EINVAL");
  handle(SIGUSR1, on_signal, SA_RESTART);
  pthread_t self = pthread_self();
  pthread_create(&thread, NULL, signal_later, &self);
  check(fails_with(EINTR, poll(ready, 1, 5000)) && hits == 1, "a handler makes it EINTR");
  pthread_join(thread, NULL);
  struct timespec limit = {0, 30000000};
  start = now_ns();
  check(gives(0, ppoll(ready, 1, &limit, NULL)) && now_ns() - start >= 29 * 1000000L, "ppoll takes nanoseconds");
  struct timespec left = {0, 30000000};
  sigset_t none;
  sigemptyset(&none);
  syscall(SYS_ppoll, ready, 1, &left, &none, 8);
  check(left.tv_sec == 0 && left.tv_nsec == 0, "the call itself writes the time left");
  limit.tv_nsec = -1;
  check(fails_with(EINVAL, ppoll(ready, 1, &limit, NULL)), "a bad time is EINVAL");
  close(pipes[0]);
  close(pipes[1]);
}

group(select) {
  char text[8];
  pipe(pipes);
  fd_set in, out, bad;
  FD_ZERO(&in); FD_ZERO(&out); FD_ZERO(&bad);
  FD_SET(pipes[0], &in); FD_SET(pipes[1], &out); FD_SET(pipes[0], &bad);
  int top = (pipes[0] > pipes[1] ? pipes[0] : pipes[1]) + 1;
  struct timeval none = {0, 0}, brief = {0, 30000};
  check(gives(1, select(top, &in, &out, &bad, &none)) && !FD_ISSET(pipes[0], &in) && FD_ISSET(pipes[1], &out) && !FD_ISSET(pipes[0], &bad), "select leaves the ready ones set");
  FD_ZERO(&in); FD_SET(pipes[0], &in);
  int64_t start = now_ns();
  check(gives(0, select(top, &in, NULL, NULL, &brief)) && now_ns() - start >= 29 * 1000000L, "it waits for its time");
  check(brief.tv_sec == 0 && brief.tv_usec == 0, "and writes the time left, as Linux does");
  write(pipes[1], "x", 1);
  FD_ZERO(&in); FD_SET(pipes[0], &in);
  check(gives(1, select(top, &in, NULL, NULL, NULL)) && FD_ISSET(pipes[0], &in), "a readable pipe is set");
  FD_ZERO(&out); FD_SET(pipes[1], &out);
  check(gives(2, select(top, &in, &out, NULL, NULL)), "the sum over all sets is returned");
  read(pipes[0], text, 8);
  pthread_t thread;
  pthread_create(&thread, NULL, write_later, NULL);
  FD_ZERO(&in); FD_SET(pipes[0], &in);
  check(gives(1, select(top, &in, NULL, NULL, NULL)), "it wakes when one becomes ready");
  pthread_join(thread, NULL);
  FD_ZERO(&in); FD_SET(60, &in);
  check(fails_with(EBADF, select(61, &in, NULL, NULL, &none)), "a closed descriptor is EBADF");
  check(fails_with(EINVAL, select(-1, NULL, NULL, NULL, &none)), "a negative count is EINVAL");
  struct timeval negative = {-1, 0};
  check(fails_with(EINVAL, select(0, NULL, NULL, NULL, &negative)), "a negative time is EINVAL");
  struct timespec limit = {0, 20000000};
  start = now_ns();
  FD_ZERO(&in); FD_SET(pipes[0], &in);
  read(pipes[0], text, 8);
  check(gives(0, pselect(top, &in, NULL, NULL, &limit, NULL)) && now_ns() - start >= 19 * 1000000L, "pselect takes nanoseconds");
  handle(SIGUSR1, on_signal, SA_RESTART);
  sigset_t blocked, open_set;
  sigemptyset(&blocked), sigemptyset(&open_set);
  sigaddset(&blocked, SIGUSR1);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  hits = 0;
  raise(SIGUSR1);
  limit.tv_sec = 2;
  FD_ZERO(&in); FD_SET(pipes[0], &in);
  check(fails_with(EINTR, pselect(top, &in, NULL, NULL, &limit, &open_set)) && hits == 1, "pselect's mask lets a pending signal in");
  sigprocmask(SIG_UNBLOCK, &blocked, NULL);
  close(pipes[0]);
  close(pipes[1]);
}
