/*
 * build: static -O2
 * Bulk data, datagrams and idle connections between two machines. The same program is both ends:
 *
 *   flows serve                         7100 takes TCP bytes, 7101 gives them; 7102 counts datagrams, 7103 sends them
 *   flows take HOST FLOWS SECONDS       receive from 7101 over FLOWS connections: prints "bytes N seconds S"
 *   flows give HOST FLOWS SECONDS       send to 7100; counted is what the other side took
 *   flows datagrams-to HOST SECONDS     send 64-byte datagrams to 7102: prints "sent N arrived M seconds S"
 *   flows datagrams-from HOST SECONDS   have 7103 send them
 *   flows idle HOST PORT COUNT          open COUNT HTTP connections, one request on each, print "open", hold until end of input
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TAKE = 7100, GIVE = 7101, COUNT = 7102, SEND = 7103, BLOCK = 1 << 16, DATAGRAM = 64, FLOWS = 64 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static void fail(const char *what) {
  fprintf(stderr, "flows: %s: %s\n", what, strerror(errno));
  exit(1);
}

static struct sockaddr_in address_of(const char *host, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) fail(host);
  return address;
}

static int open_socket(int type, int port) {
  int fd = socket(AF_INET, type, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (void *)&address, sizeof address) < 0) fail("bind");
  if (type == SOCK_STREAM && listen(fd, 64) < 0) fail("listen");
  return fd;
}

static int connect_to(const char *host, int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = address_of(host, port);
  if (connect(fd, (void *)&address, sizeof address) < 0) fail("connect");
  return fd;
}

/* Server. One thread and epoll: what is measured is the kernel. */

static void answer_count(int fd, uint64_t *count) {
  static char bytes[2048];
  struct sockaddr_in from;
  for (;;) {
    socklen_t size = sizeof from;
    ssize_t n = recvfrom(fd, bytes, sizeof bytes, MSG_DONTWAIT, (void *)&from, &size);
    if (n < 0) return;
    if (n == DATAGRAM) (*count)++;
    /* "?": how many since the last question. */
    if (n == 1) {
      sendto(fd, count, sizeof *count, 0, (void *)&from, size);
      *count = 0;
    }
  }
}

static void send_datagrams(int fd) {
  static char bytes[DATAGRAM];
  struct sockaddr_in from;
  socklen_t size = sizeof from;
  double seconds;
  if (recvfrom(fd, &seconds, sizeof seconds, 0, (void *)&from, &size) != sizeof seconds) return;
  uint64_t count = 0;
  for (double end = now() + seconds; now() < end;)
    for (int i = 0; i < 64; i++) count += sendto(fd, bytes, DATAGRAM, 0, (void *)&from, size) == DATAGRAM;
  usleep(200000);
  for (int i = 0; i < 3; i++) sendto(fd, &count, sizeof count, 0, (void *)&from, size);
}

static void serve(void) {
  static char block[BLOCK];
  int set = epoll_create1(0);
  int listeners[2] = {open_socket(SOCK_STREAM, TAKE), open_socket(SOCK_STREAM, GIVE)};
  int counter = open_socket(SOCK_DGRAM, COUNT), sender = open_socket(SOCK_DGRAM, SEND);
  int room = 4 << 20;
  setsockopt(counter, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  static char kinds[65536];
  uint64_t count = 0;
  int watched[4] = {listeners[0], listeners[1], counter, sender};
  for (int i = 0; i < 4; i++) epoll_ctl(set, EPOLL_CTL_ADD, watched[i], &(struct epoll_event){.events = EPOLLIN, .data.fd = watched[i]});
  printf("serving\n");
  fflush(stdout);
  for (;;) {
    struct epoll_event events[64];
    int n = epoll_wait(set, events, 64, -1);
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      if (fd == counter) answer_count(fd, &count);
      else if (fd == sender) send_datagrams(fd);
      else if (fd == listeners[0] || fd == listeners[1]) {
        int made = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
        if (made < 0) continue;
        kinds[made] = fd == listeners[1];
        epoll_ctl(set, EPOLL_CTL_ADD, made, &(struct epoll_event){.events = kinds[made] ? EPOLLOUT : EPOLLIN, .data.fd = made});
      } else {
        ssize_t moved = kinds[fd] ? send(fd, block, BLOCK, MSG_NOSIGNAL) : recv(fd, block, BLOCK, 0);
        if (moved == 0 || (moved < 0 && errno != EAGAIN)) close(fd);
      }
    }
  }
}

/* Clients. */

static volatile int is_over;
static uint64_t totals[FLOWS];
static int descriptors[FLOWS], is_giving;

static void *run_flow(void *argument) {
  int index = (int)(intptr_t)argument;
  char *block = calloc(1, BLOCK);
  while (!is_over) {
    ssize_t n = is_giving ? send(descriptors[index], block, BLOCK, MSG_NOSIGNAL) : recv(descriptors[index], block, BLOCK, 0);
    if (n <= 0) break;
    totals[index] += n;
  }
  return NULL;
}

static uint64_t unacknowledged(int flows) {
  uint64_t sum = 0;
  for (int i = 0; i < flows; i++) {
    int waiting = 0;
    if (is_giving && ioctl(descriptors[i], TIOCOUTQ, &waiting) == 0) sum += waiting;
  }
  return sum;
}

static uint64_t sum_of(int flows) {
  uint64_t sum = 0;
  for (int i = 0; i < flows; i++) sum += totals[i];
  return sum - unacknowledged(flows);
}

static void bulk(const char *host, int flows, double seconds, int giving) {
  pthread_t threads[FLOWS];
  is_giving = giving;
  if (flows > FLOWS) flows = FLOWS;
  for (int i = 0; i < flows; i++) descriptors[i] = connect_to(host, giving ? TAKE : GIVE);
  for (int i = 0; i < flows; i++) pthread_create(&threads[i], NULL, run_flow, (void *)(intptr_t)i);
  /* The first second belongs to slow start. */
  sleep(1);
  double start = now();
  uint64_t before = sum_of(flows);
  usleep(seconds * 1e6);
  uint64_t after = sum_of(flows);
  printf("bytes %llu seconds %f\n", (unsigned long long)(after - before), now() - start);
  fflush(stdout);
  _exit(0);
}

static uint64_t ask_count(int fd) {
  uint64_t count = 0;
  for (int tries = 0; tries < 10; tries++) {
    send(fd, "?", 1, 0);
    struct pollfd ready = {fd, POLLIN, 0};
    if (poll(&ready, 1, 1000) == 1 && recv(fd, &count, sizeof count, 0) == sizeof count) return count;
  }
  fail("no count");
  return 0;
}

static int datagram_socket(const char *host, int port) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 4 << 20;
  struct sockaddr_in address = address_of(host, port);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  if (connect(fd, (void *)&address, sizeof address) < 0) fail("connect");
  return fd;
}

static void datagrams_to(const char *host, double seconds) {
  static char bytes[DATAGRAM];
  int fd = datagram_socket(host, COUNT);
  ask_count(fd);
  uint64_t sent = 0;
  double start = now();
  while (now() < start + seconds)
    for (int i = 0; i < 32; i++) sent += send(fd, bytes, DATAGRAM, 0) == DATAGRAM;
  double elapsed = now() - start;
  usleep(300000);
  printf("sent %llu arrived %llu seconds %f\n", (unsigned long long)sent, (unsigned long long)ask_count(fd), elapsed);
}

static void datagrams_from(const char *host, double seconds) {
  static char bytes[2048];
  int fd = datagram_socket(host, SEND);
  send(fd, &seconds, sizeof seconds, 0);
  uint64_t arrived = 0, sent = 0;
  for (;;) {
    struct pollfd ready = {fd, POLLIN, 0};
    if (poll(&ready, 1, 5000) != 1) fail("no datagrams");
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    if (n == DATAGRAM) arrived++;
    if (n == sizeof sent) break;
  }
  memcpy(&sent, bytes, sizeof sent);
  printf("sent %llu arrived %llu seconds %f\n", (unsigned long long)sent, (unsigned long long)arrived, seconds);
}

static void idle(const char *host, int port, int count) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  static const char request[] = "GET /hello HTTP/1.1\r\nhost: guest\r\n\r\n";
  static char bytes[4096];
  for (int i = 0; i < count; i++) {
    int fd = connect_to(host, port);
    if (send(fd, request, sizeof request - 1, 0) < 0 || recv(fd, bytes, sizeof bytes, 0) <= 0) fail("request");
  }
  printf("open\n");
  fflush(stdout);
  while (read(0, bytes, sizeof bytes) > 0);
}

int main(int count, char **words) {
  signal(SIGPIPE, SIG_IGN);
  const char *task = count > 1 ? words[1] : "serve";
  if (strcmp(task, "serve") == 0) serve();
  else if (strcmp(task, "take") == 0 && count == 5) bulk(words[2], atoi(words[3]), atof(words[4]), 0);
  else if (strcmp(task, "give") == 0 && count == 5) bulk(words[2], atoi(words[3]), atof(words[4]), 1);
  else if (strcmp(task, "datagrams-to") == 0 && count == 4) datagrams_to(words[2], atof(words[3]));
  else if (strcmp(task, "datagrams-from") == 0 && count == 4) datagrams_from(words[2], atof(words[3]));
  else if (strcmp(task, "idle") == 0 && count == 5) idle(words[2], atoi(words[3]), atoi(words[4]));
  else {
    fprintf(stderr, "flows: serve | take HOST FLOWS SECONDS | give … | datagrams-to HOST SECONDS | datagrams-from … | idle HOST PORT COUNT\n");
    return 2;
  }
  return 0;
}
