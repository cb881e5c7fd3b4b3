/* Internet sockets over the loopback: TCP, UDP, IPv4 and IPv6, options, readiness, interface requests, netlink. */
#include "check.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/errqueue.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

static char big[1 << 20];

static short events_of(int fd, short events, int ms) {
  struct pollfd ready = {fd, events, 0};
  poll(&ready, 1, ms);
  return ready.revents;
}
static struct sockaddr_in local4(int port) {
  return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}
static int port_of(int fd) {
  struct sockaddr_in6 address;
  socklen_t length = sizeof address;
  getsockname(fd, (void *)&address, &length);
  return ntohs(address.sin6_port);
}
static int listen4(int *port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = local4(0);
  if (bind(fd, (void *)&address, sizeof address) < 0 || listen(fd, 16) < 0) return -1;
  *port = port_of(fd);
  return fd;
}
static int connect4(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = local4(port);
  if (connect(fd, (void *)&address, sizeof address) < 0) return -1;
  return fd;
}
static bool tcp_pair(int pair[2]) {
  int port, listener = listen4(&port);
  pair[0] = connect4(port);
  pair[1] = accept(listener, NULL, NULL);
  close(listener);
  return pair[0] >= 0 && pair[1] >= 0;
}
static int int_option(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  return getsockopt(fd, level, name, &value, &length) < 0 ? -errno : value;
}
static int set_option(int fd, int level, int name, int value) { return setsockopt(fd, level, name, &value, sizeof value); }

group(creation) {
  check(fails_with(EAFNOSUPPORT, socket(99, SOCK_STREAM, 0)), "an unknown family is EAFNOSUPPORT");
  check(fails_with(EINVAL, socket(AF_INET, 77, 0)), "an impossible type is EINVAL");
  check(fails_with(ESOCKTNOSUPPORT, socket(AF_INET, SOCK_RDM, 0)), "a type that the family lacks is ESOCKTNOSUPPORT");
  check(fails_with(EPROTONOSUPPORT, socket(AF_INET, SOCK_STREAM, IPPROTO_UDP)), "a protocol of another type is EPROTONOSUPPORT");
  int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  check(succeeds(fd) && (fcntl(fd, F_GETFL) & O_NONBLOCK) && (fcntl(fd, F_GETFD) & FD_CLOEXEC), "SOCK_NONBLOCK and SOCK_CLOEXEC count");
  check(int_option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM && int_option(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET6 && int_option(fd, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP,
        "SO_TYPE, SO_DOMAIN and SO_PROTOCOL tell what it is");
  struct stat status;
  check(gives(0, fstat(fd, &status)) && S_ISSOCK(status.st_mode), "fstat says it is a socket");
  char name[64] = "", link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  check(readlink(link, name, 63) > 8 && strncmp(name, "socket:[", 8) == 0, "/proc/self/fd shows socket:[N]");
  check(events_of(fd, POLLIN | POLLOUT, 0) == (POLLOUT | POLLHUP), "poll: POLLOUT and POLLHUP");
  char byte;
  check(fails_with(ENOTCONN, recv(fd, &byte, 1, 0)), "receiving unconnected is ENOTCONN");
  check(fails_with(EPIPE, send(fd, &byte, 1, MSG_NOSIGNAL)), "sending unconnected is EPIPE");
  check(fails_with(EINVAL, accept(fd, NULL, NULL)), "accept without listen is EINVAL");
  check(fails_with(ENOTCONN, shutdown(fd, SHUT_RDWR)), "shutdown unconnected is ENOTCONN");
  struct sockaddr_in6 peer;
  socklen_t length = sizeof peer;
  check(fails_with(ENOTCONN, getpeername(fd, (void *)&peer, &length)), "so is getpeername");
  close(fd);
}

group(binding) {
  int port, listener = listen4(&port);
  require(succeeds(listener) && port > 0, "binding to port 0 chooses one");
  int other = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = local4(port);
  check(fails_with(EADDRINUSE, bind(other, (void *)&address, sizeof address)), "a port in use is EADDRINUSE");
  address.sin_addr.s_addr = htonl(0xc0000201);
  check(fails_with(EADDRNOTAVAIL, bind(other, (void *)&address, sizeof address)), "an address that is not ours is EADDRNOTAVAIL");
  address.sin_family = AF_INET6;
  check(fails_with(EAFNOSUPPORT, bind(other, (void *)&address, sizeof address)), "an address of another family is EAFNOSUPPORT");
  check(fails_with(EINVAL, bind(other, (void *)&address, 4)), "one too short is EINVAL");
  address = local4(0);
  check(gives(0, bind(other, (void *)&address, sizeof address)) && fails_with(EINVAL, bind(other, (void *)&address, sizeof address)), "binding twice is EINVAL");
  close(other);
  int one = socket(AF_INET, SOCK_STREAM, 0), two = socket(AF_INET, SOCK_STREAM, 0);
  set_option(one, SOL_SOCKET, SO_REUSEPORT, 1);
  set_option(two, SOL_SOCKET, SO_REUSEPORT, 1);
  address = local4(0);
  bind(one, (void *)&address, sizeof address);
  address = local4(port_of(one));
  check(gives(0, bind(two, (void *)&address, sizeof address)) && gives(0, listen(one, 1)) && gives(0, listen(two, 1)), "SO_REUSEPORT shares a port among listeners");
  close(one);
  close(two);
  one = socket(AF_INET6, SOCK_STREAM, 0);
  two = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in6 any = {.sin6_family = AF_INET6};
  bind(one, (void *)&any, sizeof any);
  struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons(port_of(one))};
  check(fails_with(EADDRINUSE, bind(two, (void *)&any4, sizeof any4)), ":: takes the port of 0.0.0.0, too");
  close(one);
  one = socket(AF_INET6, SOCK_STREAM, 0);
  set_option(one, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  bind(one, (void *)&any, sizeof any);
  any4.sin_port = htons(port_of(one));
  check(gives(0, bind(two, (void *)&any4, sizeof any4)), "with IPV6_V6ONLY it does not");
  close(one);
  close(two);
  close(listener);
}

static void *talk(void *port) {
  int fd = connect4(*(int *)port);
  char text[16];
  sleep_ms(20);
  write(fd, "ping", 4);
  read(fd, text, 4);
  shutdown(fd, SHUT_WR);
  read(fd, text, 1);
  close(fd);
  return NULL;
}

group(stream) {
  int port, listener = listen4(&port);
  pthread_t thread;
  pthread_create(&thread, NULL, talk, &port);
  struct sockaddr_in peer = {0};
  socklen_t length = sizeof peer;
  int fd = accept4(listener, (void *)&peer, &length, SOCK_CLOEXEC);
  require(succeeds(fd), "accept waits for a connection");
  check(length == sizeof peer && peer.sin_family == AF_INET && peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK) && peer.sin_port != 0, "and tells who connected");
  char text[32];
  check(gives(4, read(fd, text, 32)) && memcmp(text, "ping", 4) == 0, "a read waits for data");
  check(gives(4, write(fd, "pong", 4)) && gives(0, read(fd, text, 32)), "after the peer's shutdown comes the end");
  close(fd);
  pthread_join(thread, NULL);
  close(listener);

  int pair[2];
  require(tcp_pair(pair), "a pair can be connected");
  write(pair[0], "peek", 4);
  check(events_of(pair[1], POLLIN, 1000) == POLLIN, "poll: readable");
  int waiting;
  check(gives(0, ioctl(pair[1], FIONREAD, &waiting)) && waiting == 4, "FIONREAD counts");
  check(gives(2, recv(pair[1], text, 2, MSG_PEEK)) && gives(4, recv(pair[1], text, 32, 0)), "MSG_PEEK leaves the data");
  check(fails_with(EAGAIN, recv(pair[1], text, 1, MSG_DONTWAIT)), "MSG_DONTWAIT with nothing there is EAGAIN");
  write(pair[0], "throw away", 10);
  events_of(pair[1], POLLIN, 1000);
  check(gives(5, recv(pair[1], NULL, 5, MSG_TRUNC)) && gives(5, recv(pair[1], text, 32, 0)) && text[0] == ' ', "MSG_TRUNC throws away");
  struct iovec parts[2] = {{"ab", 2}, {"cde", 3}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  check(gives(5, sendmsg(pair[0], &message, 0)) && gives(5, recv(pair[1], text, 5, MSG_WAITALL)) && memcmp(text, "abcde", 5) == 0, "sendmsg gathers, MSG_WAITALL waits for all");
  struct timeval limit = {0, 30000};
  setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  int64_t start = now_ns();
  check(fails_with(EAGAIN, read(pair[0], text, 1)) && now_ns() - start >= 25000000, "SO_RCVTIMEO limits a read");
  struct timeval got;
  length = sizeof got;
  check(gives(0, getsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &got, &length)) && got.tv_usec >= 20000 && got.tv_usec <= 40000, "and is told");
  struct sockaddr_in own, other;
  length = sizeof own;
  getsockname(pair[0], (void *)&own, &length);
  getpeername(pair[1], (void *)&other, &length);
  check(own.sin_port == other.sin_port && own.sin_addr.s_addr == other.sin_addr.s_addr, "one's own name is the other's peer name");
  check(fails_with(EISCONN, connect(pair[0], (void *)&own, sizeof own)), "connecting twice is EISCONN");
  close(pair[0]);
  close(pair[1]);
  check(fails_with(ECONNREFUSED, (long)connect4(port)), "a port where nobody listens is ECONNREFUSED");
}

static int bulk_pair[2];
static void *pump(void *unused) {
  for (size_t sent = 0; sent < sizeof big;) {
    ssize_t n = write(bulk_pair[0], big + sent, sizeof big - sent);
    if (n <= 0) break;
    sent += n;
  }
  shutdown(bulk_pair[0], SHUT_WR);
  return unused;
}

group(bulk) {
  require(tcp_pair(bulk_pair), "a pair can be connected");
  for (size_t i = 0; i < sizeof big; i++) big[i] = (char)(i * 13 + (i >> 8));
  pthread_t thread;
  pthread_create(&thread, NULL, pump, NULL);
  char piece[5000];
  size_t total = 0;
  bool same = true;
  for (ssize_t n; (n = read(bulk_pair[1], piece, sizeof piece)) > 0; total += n) same = same && memcmp(piece, big + total, n) == 0;
  pthread_join(thread, NULL);
  check(total == sizeof big && same, "1 MB arrives whole and in order");
  close(bulk_pair[0]);
  close(bulk_pair[1]);

  require(tcp_pair(bulk_pair), "another pair");
  fcntl(bulk_pair[0], F_SETFL, O_NONBLOCK);
  fcntl(bulk_pair[1], F_SETFL, O_NONBLOCK);
  ssize_t sent = 0, n;
  for (int quiet = 0; quiet < 3;) {
    n = write(bulk_pair[0], big, 65536);
    if (n > 0) sent += n, quiet = 0;
    else sleep_ms(5), quiet++;
  }
  check(errno == EAGAIN && sent > 65536 && sent < 64 << 20, "a peer that does not read makes EAGAIN at last");
  check(events_of(bulk_pair[0], POLLOUT, 0) == 0, "poll: not writable");
  int queued = -1;
  check(gives(0, ioctl(bulk_pair[0], TIOCOUTQ, &queued)) && queued > 0, "SIOCOUTQ counts what is not acknowledged");
  ssize_t drained = 0;
  while (drained < sent && events_of(bulk_pair[1], POLLIN, 3000) == POLLIN)
    while ((n = read(bulk_pair[1], big, sizeof big)) > 0) drained += n;
  check(drained == sent, "all of it can be read");
  check(events_of(bulk_pair[0], POLLOUT, 1000) == POLLOUT, "and it is writable again");
  close(bulk_pair[0]);
  close(bulk_pair[1]);

  enter_scratch();
  memset(big, 'f', sizeof big);
  put_file("data", big, 300000);
  int file = open("data", O_RDONLY);
  require(tcp_pair(bulk_pair), "a third pair");
  size_t copied = 0;
  total = 0;
  fcntl(bulk_pair[1], F_SETFL, O_NONBLOCK);
  while (copied < 300000 && (n = sendfile(bulk_pair[0], file, NULL, 50000)) > 0) {
    copied += n;
    while ((n = read(bulk_pair[1], big, sizeof big)) > 0) total += n;
  }
  shutdown(bulk_pair[0], SHUT_WR);
  while (events_of(bulk_pair[1], POLLIN, 3000) && (n = read(bulk_pair[1], big, sizeof big)) > 0) total += n;
  check(copied == 300000 && total == 300000, "sendfile sends a file");
  close(file);
  close(bulk_pair[0]);
  close(bulk_pair[1]);
}

group(nonblocking) {
  int port, listener = listen4(&port);
  fcntl(listener, F_SETFL, O_NONBLOCK);
  check(fails_with(EAGAIN, accept(listener, NULL, NULL)), "accept without a client is EAGAIN");
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = local4(port);
  check(fails_with(EINPROGRESS, connect(fd, (void *)&address, sizeof address)) || check_value == 0, "a connect that does not wait is EINPROGRESS");
  check(events_of(fd, POLLOUT, 1000) == POLLOUT && int_option(fd, SOL_SOCKET, SO_ERROR) == 0, "it is writable when it is done, and SO_ERROR is 0");
  check(events_of(listener, POLLIN, 1000) == POLLIN, "the listener is readable");
  int accepted = accept(listener, NULL, NULL);
  check(succeeds(accepted) && !(fcntl(accepted, F_GETFL) & O_NONBLOCK), "accept gives a blocking socket");
  close(fd);
  close(accepted);
  close(listener);
  fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  connect(fd, (void *)&address, sizeof address);
  short events = events_of(fd, POLLOUT, 1000);
  check((events & (POLLERR | POLLHUP)) == (POLLERR | POLLHUP), "a refused one is POLLERR and POLLHUP");
  check(int_option(fd, SOL_SOCKET, SO_ERROR) == ECONNREFUSED && int_option(fd, SOL_SOCKET, SO_ERROR) == 0, "SO_ERROR says why, once");
  close(fd);
}

group(ending) {
  int pair[2];
  char text[8];
  signal(SIGPIPE, SIG_IGN);
  require(tcp_pair(pair), "a pair can be connected");
  shutdown(pair[0], SHUT_WR);
  check(events_of(pair[1], POLLIN | POLLRDHUP | POLLOUT, 1000) == (POLLIN | POLLRDHUP | POLLOUT), "poll: POLLRDHUP after the peer's SHUT_WR");
  check(fails_with(EPIPE, write(pair[0], "x", 1)), "writing after SHUT_WR is EPIPE");
  check(gives(2, write(pair[1], "ok", 2)) && gives(2, read(pair[0], text, 8)), "the other way still works");
  shutdown(pair[1], SHUT_WR);
  check(gives(0, read(pair[0], text, 8)) && gives(0, read(pair[1], text, 8)), "both ends read the end");
  check(events_of(pair[0], POLLIN, 1000) & POLLHUP, "poll: POLLHUP when both are shut");
  close(pair[0]);
  close(pair[1]);
  require(tcp_pair(pair), "a pair");
  write(pair[0], "unread", 6);
  events_of(pair[1], POLLIN, 1000);
  close(pair[1]);
  short events = events_of(pair[0], POLLIN, 1000);
  check((events & (POLLERR | POLLHUP)) == (POLLERR | POLLHUP) && fails_with(ECONNRESET, read(pair[0], text, 8)), "closing with data unread resets the peer");
  check(gives(0, read(pair[0], text, 8)), "which is told once");
  close(pair[0]);
  require(tcp_pair(pair), "a pair");
  struct linger hard = {1, 0};
  setsockopt(pair[1], SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close(pair[1]);
  events_of(pair[0], POLLIN, 1000);
  check(fails_with(ECONNRESET, read(pair[0], text, 8)), "SO_LINGER with 0 seconds resets");
  close(pair[0]);
  require(tcp_pair(pair), "a pair");
  close(pair[1]);
  sleep_ms(10);
  write(pair[0], "x", 1);
  sleep_ms(10);
  check(gives(0, read(pair[0], text, 8)), "a reset behind the peer's end does not hide the end");
  check(fails_with(EPIPE, write(pair[0], "x", 1)) || check_errno == ECONNRESET, "writing to a closed peer fails the second time");
  close(pair[0]);
}

group(edges) {
  int pair[2];
  char text[64];
  require(tcp_pair(pair), "a pair can be connected");
  fcntl(pair[1], F_SETFL, O_NONBLOCK);
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.fd = pair[1]}, got[4];
  epoll_ctl(epoll, EPOLL_CTL_ADD, pair[1], &event);
  check(gives(1, epoll_wait(epoll, got, 4, 1000)) && got[0].events == EPOLLOUT, "edge-triggered: writable at first");
  check(gives(0, epoll_wait(epoll, got, 4, 20)), "then quiet");
  write(pair[0], "1", 1);
  check(gives(1, epoll_wait(epoll, got, 4, 1000)) && (got[0].events & EPOLLIN), "data is an edge");
  check(gives(0, epoll_wait(epoll, got, 4, 20)), "once");
  write(pair[0], "2", 1);
  check(gives(1, epoll_wait(epoll, got, 4, 1000)) && (got[0].events & EPOLLIN), "more data is another, though the first was not read");
  check(gives(2, read(pair[1], text, 64)), "both are there");
  close(pair[0]);
  check(gives(1, epoll_wait(epoll, got, 4, 1000)) && (got[0].events & (EPOLLIN | EPOLLRDHUP)) == (EPOLLIN | EPOLLRDHUP), "the end is an edge");
  close(pair[1]);
  close(epoll);
}

group(options) {
  int pair[2];
  require(tcp_pair(pair), "a pair can be connected");
  int fd = pair[0];
  check(int_option(fd, IPPROTO_TCP, TCP_NODELAY) == 0 && set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) == 0 && int_option(fd, IPPROTO_TCP, TCP_NODELAY) == 1, "TCP_NODELAY");
  check(set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1) == 0 && int_option(fd, SOL_SOCKET, SO_KEEPALIVE) == 1, "SO_KEEPALIVE");
  check(set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 50) == 0 && int_option(fd, IPPROTO_TCP, TCP_KEEPIDLE) == 50, "TCP_KEEPIDLE");
  check(set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 7) == 0 && set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3) == 0 && int_option(fd, IPPROTO_TCP, TCP_KEEPCNT) == 3, "TCP_KEEPINTVL and TCP_KEEPCNT");
  check(fails_with(EINVAL, set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 0)), "0 probes are EINVAL");
  check(set_option(fd, SOL_SOCKET, SO_RCVBUF, 10000) == 0 && int_option(fd, SOL_SOCKET, SO_RCVBUF) == 20000, "SO_RCVBUF is doubled");
  check(set_option(fd, SOL_SOCKET, SO_SNDBUF, 10000) == 0 && int_option(fd, SOL_SOCKET, SO_SNDBUF) == 20000, "SO_SNDBUF too");
  check(int_option(fd, IPPROTO_TCP, TCP_MAXSEG) >= 536, "TCP_MAXSEG tells the segment size");
  check(set_option(fd, IPPROTO_IP, IP_TOS, 0x10) == 0 && int_option(fd, IPPROTO_IP, IP_TOS) == 0x10, "IP_TOS");
  check(set_option(fd, IPPROTO_IP, IP_TTL, 5) == 0 && int_option(fd, IPPROTO_IP, IP_TTL) == 5 && fails_with(EINVAL, set_option(fd, IPPROTO_IP, IP_TTL, 0)), "IP_TTL");
  check(int_option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 0, "SO_ACCEPTCONN");
  char name[16] = "";
  socklen_t length = sizeof name;
  check(gives(0, getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &length)) && name[0] != 0, "TCP_CONGESTION");
  struct tcp_info info;
  length = sizeof info;
  check(gives(0, getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length)) && info.tcpi_state == TCP_ESTABLISHED && info.tcpi_snd_mss > 0, "TCP_INFO");
  check(fails_with(ENOPROTOOPT, set_option(fd, IPPROTO_TCP, 999, 1)) && fails_with(ENOPROTOOPT, set_option(fd, SOL_SOCKET, 999, 1)), "unknown options are ENOPROTOOPT");
  check(fails_with(EINVAL, setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &length, 2)), "a value too short is EINVAL");
  struct linger soft = {1, 3}, told;
  length = sizeof told;
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &soft, sizeof soft);
  check(gives(0, getsockopt(fd, SOL_SOCKET, SO_LINGER, &told, &length)) && told.l_onoff == 1 && told.l_linger == 3, "SO_LINGER");
  check(set_option(fd, IPPROTO_TCP, TCP_CORK, 1) == 0 && gives(1, write(fd, "a", 1)) && events_of(pair[1], POLLIN, 30) == 0, "TCP_CORK holds back");
  check(set_option(fd, IPPROTO_TCP, TCP_CORK, 0) == 0 && events_of(pair[1], POLLIN, 1000) == POLLIN, "until it is off");
  close(pair[0]);
  close(pair[1]);
}

group(urgent) {
  int pair[2];
  char text[16];
  require(tcp_pair(pair), "a pair can be connected");
  send(pair[0], "ab", 2, 0);
  check(gives(1, send(pair[0], "!", 1, MSG_OOB)), "a byte can be urgent");
  send(pair[0], "cd", 2, 0);
  check(events_of(pair[1], POLLPRI, 1000) & POLLPRI, "poll: POLLPRI");
  sleep_ms(10);
  check(gives(2, recv(pair[1], text, 16, 0)) && memcmp(text, "ab", 2) == 0, "reading stops at the mark");
  int mark = 0;
  check(gives(0, ioctl(pair[1], SIOCATMARK, &mark)) && mark == 1, "SIOCATMARK knows");
  check(gives(1, recv(pair[1], text, 16, MSG_OOB)) && text[0] == '!', "MSG_OOB reads it");
  check(gives(2, recv(pair[1], text, 16, 0)) && memcmp(text, "cd", 2) == 0, "the stream goes on without it");
  close(pair[0]);
  close(pair[1]);
}

group(datagrams) {
  int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in to = local4(0), from = {0};
  char text[64];
  socklen_t length = sizeof from;
  require(gives(0, bind(a, (void *)&to, sizeof to)), "a datagram socket can be bound");
  to = local4(port_of(a));
  check(fails_with(EDESTADDRREQ, send(b, "x", 1, 0)), "sending without a destination is EDESTADDRREQ");
  check(gives(5, sendto(b, "hello", 5, 0, (void *)&to, sizeof to)), "sendto sends");
  check(gives(5, recvfrom(a, text, 64, 0, (void *)&from, &length)) && from.sin_port == htons(port_of(b)) && length == sizeof from, "recvfrom tells who sent");
  sendto(b, "one", 3, 0, (void *)&to, sizeof to);
  sendto(b, "three", 5, 0, (void *)&to, sizeof to);
  int waiting;
  check(gives(0, ioctl(a, FIONREAD, &waiting)) && waiting == 3, "FIONREAD is the next one's length");
  check(gives(3, recv(a, text, 64, 0)) && gives(5, recv(a, text, 2, MSG_TRUNC)), "each receive takes one; MSG_TRUNC tells the whole length");
  check(gives(0, sendto(b, "", 0, 0, (void *)&to, sizeof to)) && gives(0, recv(a, text, 64, 0)), "empty datagrams are datagrams");
  check(fails_with(EMSGSIZE, sendto(b, big, 65508, 0, (void *)&to, sizeof to)), "one too large is EMSGSIZE");
  memset(big, 'z', 65507);
  check(gives(65507, sendto(b, big, 65507, 0, (void *)&to, sizeof to)) && gives(65507, recv(a, big, sizeof big, 0)) && big[65506] == 'z', "the largest passes");
  check(gives(0, connect(b, (void *)&to, sizeof to)) && gives(1, send(b, "c", 1, 0)) && gives(1, recv(a, text, 64, 0)), "a connected one needs no address");
  int c = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in back = local4(port_of(b));
  sendto(c, "stranger", 8, 0, (void *)&back, sizeof back);
  check(fails_with(EAGAIN, recv(b, text, 64, MSG_DONTWAIT)), "and hears only its peer");
  struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  check(gives(0, connect(b, &nobody, sizeof nobody)), "AF_UNSPEC disconnects");
  struct sockaddr_in6 both = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = htons(9)};
  int d = socket(AF_INET6, SOCK_DGRAM, 0);
  check(gives(0, connect(d, (void *)&both, sizeof both)) && gives(0, connect(d, &nobody, sizeof nobody)) && gives(0, connect(d, (void *)&to, sizeof to)), "an IPv6 one connects to another family");
  length = sizeof both;
  check(gives(0, getsockname(d, (void *)&both, &length)) && IN6_IS_ADDR_V4MAPPED(&both.sin6_addr), "and has an address of that family then");
  check(gives(0, connect(d, &nobody, sizeof nobody)) && gives(0, getsockname(d, (void *)&both, &length)) && IN6_IS_ADDR_UNSPECIFIED(&both.sin6_addr) && both.sin6_port == 0, "none without a peer");
  close(d);
  int on = 1;
  setsockopt(a, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  setsockopt(a, IPPROTO_IP, IP_RECVTTL, &on, sizeof on);
  setsockopt(b, IPPROTO_IP, IP_TTL, &(int){9}, sizeof(int));
  sendto(b, "info", 4, 0, (void *)&to, sizeof to);
  char control[256];
  struct iovec part = {text, 64};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  check(gives(4, recvmsg(a, &message, 0)), "a message comes");
  int ttl = 0;
  struct in_pktinfo info = {0};
  for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_type == IP_TTL) memcpy(&ttl, CMSG_DATA(head), sizeof ttl);
    if (head->cmsg_type == IP_PKTINFO) memcpy(&info, CMSG_DATA(head), sizeof info);
  }
  check(ttl == 9 && info.ipi_addr.s_addr == htonl(INADDR_LOOPBACK) && info.ipi_ifindex == 1, "with IP_TTL and IP_PKTINFO");
  close(a);
  to.sin_port = htons(1);
  connect(b, (void *)&to, sizeof to);
  send(b, "x", 1, 0);
  check(events_of(b, POLLIN, 1000) & POLLERR, "a port where nobody is makes POLLERR");
  check(fails_with(ECONNREFUSED, recv(b, text, 64, 0)), "and ECONNREFUSED");
  struct sockaddr_in everyone = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = INADDR_BROADCAST};
  check(fails_with(EACCES, sendto(c, "x", 1, 0, (void *)&everyone, sizeof everyone)) || check_errno == ENETUNREACH, "broadcasting needs SO_BROADCAST");
  close(b);
  close(c);
}

group(both_families) {
  int listener = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 any = {.sin6_family = AF_INET6}, from;
  require(gives(0, bind(listener, (void *)&any, sizeof any)) && gives(0, listen(listener, 5)), "a socket listens on ::");
  int port = port_of(listener);
  int four = connect4(port);
  socklen_t length = sizeof from;
  int fd = accept(listener, (void *)&from, &length);
  check(succeeds(fd) && from.sin6_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&from.sin6_addr), "IPv4 comes in as ::ffff:127.0.0.1");
  close(four);
  close(fd);
  int six = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 loop = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  check(gives(0, connect(six, (void *)&loop, sizeof loop)), "::1 connects");
  length = sizeof from;
  fd = accept(listener, (void *)&from, &length);
  check(memcmp(&from.sin6_addr, &loop.sin6_addr, 16) == 0 && length == sizeof from, "and comes in as itself");
  char text[8];
  check(gives(3, write(six, "six", 3)) && gives(3, read(fd, text, 8)), "data passes");
  close(six);
  close(fd);
  six = socket(AF_INET6, SOCK_STREAM, 0);
  inet_pton(AF_INET6, "::ffff:127.0.0.1", &loop.sin6_addr);
  check(gives(0, connect(six, (void *)&loop, sizeof loop)), "an IPv6 socket connects to a mapped address");
  close(six);
  close(listener);
  int a = socket(AF_INET6, SOCK_DGRAM, 0);
  any.sin6_addr = in6addr_any;
  bind(a, (void *)&any, sizeof any);
  int b = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in to = local4(port_of(a));
  sendto(b, "x", 1, 0, (void *)&to, sizeof to);
  length = sizeof from;
  check(gives(1, recvfrom(a, text, 8, 0, (void *)&from, &length)) && IN6_IS_ADDR_V4MAPPED(&from.sin6_addr), "datagrams too");
  close(a);
  close(b);
}

group(interfaces) {
  check(if_nametoindex("lo") == 1, "lo is interface 1");
  char name[IF_NAMESIZE] = "";
  check(if_indextoname(1, name) && strcmp(name, "lo") == 0, "and 1 is lo");
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq request = {0};
  strcpy(request.ifr_name, "lo");
  check(gives(0, ioctl(fd, SIOCGIFFLAGS, &request)) && (request.ifr_flags & (IFF_UP | IFF_LOOPBACK)) == (IFF_UP | IFF_LOOPBACK), "SIOCGIFFLAGS");
  check(gives(0, ioctl(fd, SIOCGIFADDR, &request)) && ((struct sockaddr_in *)&request.ifr_addr)->sin_addr.s_addr == htonl(INADDR_LOOPBACK), "SIOCGIFADDR");
  check(gives(0, ioctl(fd, SIOCGIFNETMASK, &request)) && ((struct sockaddr_in *)&request.ifr_addr)->sin_addr.s_addr == htonl(0xff000000), "SIOCGIFNETMASK");
  check(gives(0, ioctl(fd, SIOCGIFMTU, &request)) && request.ifr_mtu >= 16384, "SIOCGIFMTU");
  check(gives(0, ioctl(fd, SIOCGIFHWADDR, &request)) && request.ifr_hwaddr.sa_family == 772, "SIOCGIFHWADDR");
  strcpy(request.ifr_name, "nothing0");
  check(fails_with(ENODEV, ioctl(fd, SIOCGIFFLAGS, &request)), "an unknown name is ENODEV");
  struct ifreq list[8];
  struct ifconf conf = {.ifc_len = sizeof list, .ifc_req = list};
  check(gives(0, ioctl(fd, SIOCGIFCONF, &conf)) && conf.ifc_len >= (int)sizeof(struct ifreq), "SIOCGIFCONF lists");
  close(fd);
  struct ifaddrs *all = NULL;
  require(gives(0, getifaddrs(&all)), "getifaddrs lists");
  bool four = false, six = false, link = false;
  for (struct ifaddrs *at = all; at; at = at->ifa_next) {
    if (!at->ifa_addr || strcmp(at->ifa_name, "lo")) continue;
    if (at->ifa_addr->sa_family == AF_INET) four = ((struct sockaddr_in *)at->ifa_addr)->sin_addr.s_addr == htonl(INADDR_LOOPBACK);
    if (at->ifa_addr->sa_family == AF_INET6) six = true;
    if (at->ifa_addr->sa_family == AF_PACKET) link = true;
  }
  check(four && link, "with lo's address and link");
  note("IPv6 on lo: %d", six);
  freeifaddrs(all);
  fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  struct {
    struct nlmsghdr head;
    struct rtgenmsg body;
  } ask = {{sizeof ask, RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, 7, 0}, {AF_UNSPEC}};
  check(gives(sizeof ask, send(fd, &ask, sizeof ask, 0)), "routes can be asked for");
  static char answer[65536];
  bool done = false;
  for (int i = 0; i < 20 && !done; i++) {
    ssize_t n = recv(fd, answer, sizeof answer, 0);
    for (struct nlmsghdr *at = (void *)answer; NLMSG_OK(at, n); at = NLMSG_NEXT(at, n)) done = done || (at->nlmsg_type == NLMSG_DONE && at->nlmsg_seq == 7);
  }
  check(done, "and the answer ends with NLMSG_DONE");
  close(fd);
}

/* Read the error queue: the errno, with the extended error, its offender and the destination filled in. */
static int read_error(int fd, struct sock_extended_err *error, struct sockaddr_in *offender, struct sockaddr_in *destination, char *bytes, size_t *count) {
  union {
    char room[256];
    struct cmsghdr align;
  } control;
  struct iovec io = {bytes, 64};
  struct msghdr message = {.msg_name = destination, .msg_namelen = sizeof *destination, .msg_iov = &io, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
  ssize_t n = recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
  if (n < 0) return -errno;
  *count = n;
  if (!(message.msg_flags & MSG_ERRQUEUE)) return -1;
  for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level != SOL_IP || at->cmsg_type != IP_RECVERR) continue;
    memcpy(error, CMSG_DATA(at), sizeof *error);
    memcpy(offender, SO_EE_OFFENDER((struct sock_extended_err *)CMSG_DATA(at)), sizeof *offender);
    return error->ee_errno;
  }
  return -2;
}

group(error_queue) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), closed = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in nobody = local4(0), offender = {0}, destination = {0};
  bind(closed, (void *)&nobody, sizeof nobody);
  nobody = local4(port_of(closed));
  close(closed);
  struct sock_extended_err error = {0};
  char bytes[64];
  size_t count = 0;
  check(fails_with(EAGAIN, recv(fd, bytes, sizeof bytes, MSG_ERRQUEUE)), "an empty error queue is EAGAIN, also without MSG_DONTWAIT");
  check(gives(4, sendto(fd, "lost", 4, 0, (void *)&nobody, sizeof nobody)), "an unconnected socket sends to a port nobody has");
  check(gives(0, events_of(fd, POLLIN, 50) & POLLERR), "and hears nothing of it");
  check(gives(0, set_option(fd, SOL_IP, IP_RECVERR, 1)), "IP_RECVERR");
  check(gives(1, int_option(fd, SOL_IP, IP_RECVERR)), "can be read back");
  check(gives(4, sendto(fd, "lost", 4, 0, (void *)&nobody, sizeof nobody)), "with it, the same");
  check(gives(POLLERR, events_of(fd, POLLIN, 1000) & POLLERR), "wakes with POLLERR");
  check(gives(ECONNREFUSED, read_error(fd, &error, &offender, &destination, bytes, &count)), "the queue says ECONNREFUSED");
  check(error.ee_origin == SO_EE_ORIGIN_ICMP && error.ee_type == 3 && error.ee_code == 3, "by ICMP port unreachable");
  check(count == 4 && !memcmp(bytes, "lost", 4), "with the datagram");
  check(destination.sin_port == nobody.sin_port && destination.sin_addr.s_addr == nobody.sin_addr.s_addr, "and where it was for");
  check(offender.sin_family == AF_INET && offender.sin_addr.s_addr == htonl(INADDR_LOOPBACK), "and who complained");
  check(gives(0, events_of(fd, POLLIN, 0) & POLLERR), "read, it is gone");
  check(gives(0, int_option(fd, SOL_SOCKET, SO_ERROR)), "SO_ERROR too");
  check(gives(0, set_option(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)), "IP_PMTUDISC_DO");
  check(gives(0, connect(fd, (void *)&nobody, sizeof nobody)), "connected to it");
  int mtu = int_option(fd, SOL_IP, IP_MTU);
  check(mtu >= 1500 && mtu <= 65536, "IP_MTU tells what passes");
  set_option(fd, SOL_SOCKET, SO_SNDBUF, 1 << 20);
  if (mtu < 65535) {
    check(fails_with(EMSGSIZE, send(fd, big, mtu - 27, 0)), "a larger datagram is EMSGSIZE");
    check(gives(EMSGSIZE, read_error(fd, &error, &offender, &destination, bytes, &count)), "and in the queue");
    check(error.ee_origin == SO_EE_ORIGIN_LOCAL && (int)error.ee_info == mtu, "as said by this machine, with what passes");
  }
  close(fd);
  int pair[2];
  if (!check(tcp_pair(pair), "a TCP connection")) return;
  check(fails_with(EAGAIN, recv(pair[0], bytes, sizeof bytes, MSG_ERRQUEUE)), "has an error queue that is empty");
  close(pair[0]), close(pair[1]);
}

group(waiting_options) {
  int port, listener = listen4(&port);
  check(gives(0, set_option(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5)), "TCP_DEFER_ACCEPT of 5 seconds");
  check(gives(7, int_option(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT)), "is 7: SYN-ACKs after 1, 2 and 4");
  fcntl(listener, F_SETFL, O_NONBLOCK);
  int fd = connect4(port);
  check(gives(0, events_of(listener, POLLIN, 50)), "a silent connection is not there to accept");
  check(gives(5, send(fd, "hello", 5, 0)), "it speaks");
  check(gives(POLLIN, events_of(listener, POLLIN, 1000)), "and is there");
  int accepted = accept(listener, NULL, NULL);
  char bytes[8];
  check(gives(5, recv(accepted, bytes, sizeof bytes, MSG_DONTWAIT)), "with what it said");
  close(fd), close(accepted), close(listener);
  int pair[2];
  if (!check(tcp_pair(pair), "a TCP connection")) return;
  check(gives(0, set_option(pair[0], IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16384)), "TCP_NOTSENT_LOWAT");
  check(gives(16384, int_option(pair[0], IPPROTO_TCP, TCP_NOTSENT_LOWAT)), "can be read back");
  set_option(pair[0], SOL_SOCKET, SO_SNDBUF, 4 << 20);
  fcntl(pair[0], F_SETFL, O_NONBLOCK);
  ssize_t total = 0, n;
  while ((n = send(pair[0], big, 4096, 0)) > 0) total += n;
  uint32_t info[58] = {0};
  socklen_t length = sizeof info;
  getsockopt(pair[0], IPPROTO_TCP, TCP_INFO, info, &length);
  /* tcpi_notsent_bytes, which libc's struct tcp_info ends before. */
  uint32_t unsent = info[36];
  note("%zd bytes written, %u not sent", total, unsent);
  check(unsent >= 8192 && unsent < 131072, "holds a writer back once that much is unsent");
  check(gives(0, events_of(pair[0], POLLOUT, 0)), "who is not woken");
  ssize_t got = 0;
  while (got < total && (n = recv(pair[1], big, sizeof big, 0)) > 0) got += n;
  check(gives(total, got), "the peer reads all");
  check(gives(POLLOUT, events_of(pair[0], POLLOUT, 1000)), "and the writer wakes");
  close(pair[0]), close(pair[1]);

  /* With TCP_FASTOPEN data may come with the handshake; without a cookie it comes after it. */
  listener = listen4(&port);
  check(gives(0, set_option(listener, IPPROTO_TCP, TCP_FASTOPEN, 5)), "TCP_FASTOPEN");
  fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to = local4(port);
  check(gives(5, sendto(fd, "early", 5, MSG_FASTOPEN, (void *)&to, sizeof to)), "MSG_FASTOPEN connects and sends");
  accepted = accept(listener, NULL, NULL);
  check(gives(5, recv(accepted, bytes, sizeof bytes, 0)), "and the peer gets it");
  close(fd), close(accepted);
  fd = socket(AF_INET, SOCK_STREAM, 0);
  check(gives(0, set_option(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, 8192)), "TCP_WINDOW_CLAMP");
  check(gives(8192, int_option(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP)), "can be read back");
  check(gives(0, connect(fd, (void *)&to, sizeof to)), "a peer connects with it");
  accepted = accept(listener, NULL, NULL);
  check(gives(4, send(accepted, "data", 4, 0)) && gives(4, recv(fd, bytes, sizeof bytes, 0)), "and data comes");
  close(fd), close(accepted), close(listener);
}

group(ping) {
  int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  if (fd < 0) {
    note("raw sockets are not permitted here");
    return;
  }
  struct icmphdr request = {.type = ICMP_ECHO, .un.echo = {.id = htons(77), .sequence = htons(1)}};
  uint32_t sum = request.type + request.un.echo.id + request.un.echo.sequence;
  request.checksum = ~((sum & 0xffff) + (sum >> 16));
  struct sockaddr_in to = local4(0);
  check(gives(8, sendto(fd, &request, sizeof request, 0, (void *)&to, sizeof to)), "an echo request is sent");
  unsigned char packet[128];
  bool replied = false;
  for (int i = 0; i < 4 && !replied && events_of(fd, POLLIN, 1000) == POLLIN; i++) {
    ssize_t n = recv(fd, packet, sizeof packet, 0);
    replied = n >= 28 && packet[20] == ICMP_ECHOREPLY && packet[24] == 0 && packet[25] == 77;
  }
  check(replied, "and comes back, with its IP header");
  close(fd);
}
