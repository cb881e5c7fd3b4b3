/*
 * A storm on sockets: seeded random calls on a few dozen sockets of every family, with names, descriptors passed along,
 * half-open connections and everything closed at any time. Nothing may hang or fall over, and nothing may be left behind.
 */
#include "check.h"
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { SLOTS = 40, STEPS = 30000 };

static uint64_t state = 88172645463325252ull;
static uint32_t chance(uint32_t below) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return (uint32_t)(state >> 33) % below;
}

static int slots[SLOTS];
static char buffer[70000];

static socklen_t some_address(struct sockaddr_storage *to) {
  memset(to, 0, sizeof *to);
  switch (chance(5)) {
    case 0: {
      struct sockaddr_in *in = (void *)to;
      *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(20000 + chance(6)), .sin_addr.s_addr = htonl(chance(4) ? INADDR_LOOPBACK : INADDR_ANY)};
      return sizeof *in;
    }
    case 1: {
      struct sockaddr_in6 *in = (void *)to;
      *in = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(20000 + chance(6)), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
      return sizeof *in;
    }
    case 2: {
      struct sockaddr_un *un = (void *)to;
      un->sun_family = AF_UNIX;
      un->sun_path[1] = 'a' + chance(6);
      return offsetof(struct sockaddr_un, sun_path) + 2;
    }
    case 3: {
      struct sockaddr_un *un = (void *)to;
      un->sun_family = AF_UNIX;
      un->sun_path[0] = 'a' + chance(6);
      return sizeof *un;
    }
    default:
      to->ss_family = chance(20);
      return chance(130);
  }
}

static int new_socket(void) {
  static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}, types[] = {SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW};
  return socket(families[chance(4)], types[chance(5)] | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static void put(int fd) {
  if (fd < 0) return;
  int slot = chance(SLOTS);
  close(slots[slot]);
  slots[slot] = fd;
}

static void send_descriptors(int fd) {
  char control[CMSG_SPACE(4 * sizeof(int))] = {0};
  int count = 1 + chance(4), fds[4];
  for (int i = 0; i < count; i++) fds[i] = slots[chance(SLOTS)];
  struct iovec part = {buffer, chance(100)};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(count * sizeof(int))};
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  *head = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(count * sizeof(int))};
  memcpy(CMSG_DATA(head), fds, count * sizeof(int));
  sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void receive_descriptors(int fd) {
  char control[CMSG_SPACE(8 * sizeof(int))];
  struct iovec part = {buffer, chance(sizeof buffer)};
  struct sockaddr_storage from;
  struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = chance(sizeof control + 1)};
  if (recvmsg(fd, &message, MSG_DONTWAIT | (chance(4) ? 0 : MSG_PEEK)) < 0) return;
  for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    int fds[8], count = (int)((head->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(fds, CMSG_DATA(head), count * sizeof(int));
    for (int i = 0; i < count; i++) put(fds[i]);
  }
}

static void step(int epoll) {
  int fd = slots[chance(SLOTS)], pair[2], value = (int)chance(70000) - 2;
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  switch (chance(22)) {
    case 0: case 1: put(new_socket()); break;
    case 2:
      if (socketpair(AF_UNIX, (chance(2) ? SOCK_STREAM : chance(2) ? SOCK_DGRAM : SOCK_SEQPACKET) | SOCK_NONBLOCK, 0, pair) == 0) put(pair[0]), put(pair[1]);
      break;
    case 3: length = some_address(&address), bind(fd, (void *)&address, length); break;
    case 4: case 5: case 6: length = some_address(&address), connect(fd, (void *)&address, length); break;
    case 7: listen(fd, chance(5)); break;
    case 8: put(accept4(fd, (void *)&address, &length, SOCK_NONBLOCK)); break;
    case 9: case 10: send(fd, buffer, chance(chance(2) ? 100 : sizeof buffer), MSG_NOSIGNAL | MSG_DONTWAIT | (chance(8) ? 0 : chance(2) ? MSG_OOB : MSG_MORE)); break;
    case 11: case 12: recv(fd, buffer, chance(chance(2) ? 100 : sizeof buffer), MSG_DONTWAIT | (chance(4) ? 0 : 1u << chance(9))); break;
    case 13: length = some_address(&address), sendto(fd, buffer, chance(2000), MSG_NOSIGNAL | MSG_DONTWAIT, (void *)&address, length); break;
    case 14: send_descriptors(fd); break;
    case 15: receive_descriptors(fd); break;
    case 16: shutdown(fd, chance(3)); break;
    case 17: setsockopt(fd, (int[]){SOL_SOCKET, IPPROTO_TCP, IPPROTO_IP, IPPROTO_IPV6}[chance(4)], chance(80), &value, chance(5) ? sizeof value : chance(4)); break;
    case 18: length = chance(200), getsockopt(fd, (int[]){SOL_SOCKET, IPPROTO_TCP, IPPROTO_IP, IPPROTO_IPV6}[chance(4)], chance(80), buffer, &length); break;
    case 19: getsockname(fd, (void *)&address, &length), getpeername(fd, (void *)&address, &length), ioctl(fd, FIONREAD, &value); break;
    case 20: {
      struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | (chance(2) ? EPOLLET : 0)}, got[8];
      epoll_ctl(epoll, chance(3) ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, fd, &event);
      epoll_wait(epoll, got, 8, 0);
      break;
    }
    default: put(-1), close(slots[value = chance(SLOTS)]), slots[value] = new_socket();
  }
}

static void clear(void) {
  for (int i = 0; i < SLOTS; i++) close(slots[i]), slots[i] = -1;
  for (char name[2] = "a"; name[0] < 'g'; name[0]++) unlink(name);
}

/* Free memory in KB, from /proc/meminfo. */
static long free_kilobytes(void) {
  char *text = read_all("/proc/meminfo"), *at = text ? strstr(text, "MemFree:") : NULL;
  return at ? atol(at + 8) : 0;
}

group(storm) {
  enter_scratch();
  signal(SIGPIPE, SIG_IGN);
  for (int i = 0; i < SLOTS; i++) slots[i] = -1;
  int64_t start = now_ns();
  int done = 0;
  for (int round = 0; round < 10; round++) {
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < STEPS / 10 && now_ns() - start < 15000000000; i++, done++) step(epoll);
    close(epoll);
    clear();
  }
  check(done > 0, "a storm of calls passes");
  note("%d calls", done);
  int pair[2];
  char text[8];
  check(gives(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) && gives(2, write(pair[0], "ok", 2)) && gives(2, read(pair[1], text, 8)), "afterwards sockets still work");
  close(pair[0]);
  close(pair[1]);
}

/* Sockets sent over themselves and closed: what can be reached by nobody has to go. */
group(cycles) {
  long before = 0;
  for (int round = 0; round < 400; round++) {
    if (round == 100) before = free_kilobytes();
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) break;
    char control[CMSG_SPACE(2 * sizeof(int))] = {0};
    memset(buffer, 'c', sizeof buffer);
    struct iovec part = {buffer, 60000};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    *head = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof pair)};
    memcpy(CMSG_DATA(head), pair, sizeof pair);
    if (sendmsg(pair[0], &message, 0) < 0) break;
    close(pair[0]);
    close(pair[1]);
  }
  /* Linux looks for such garbage when a socket is really closed, in the background. */
  close(socket(AF_UNIX, SOCK_STREAM, 0));
  sleep_ms(300);
  long after = free_kilobytes();
  check(before > 0 && before - after < 8192, "sockets in flight over themselves are freed");
  note("free: %ld KB, then %ld KB", before, after);
}
