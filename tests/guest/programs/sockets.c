/* AF_UNIX sockets: pairs, streams, datagrams, sequenced packets, names, descriptors and credentials passed along. */
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static int pair[2];
static char big[1 << 20];

static short events_of(int fd, short events) {
  struct pollfd ready = {fd, events, 0};
  poll(&ready, 1, 0);
  return ready.revents;
}

static void *write_later(void *fd) {
  sleep_ms(30);
  write(*(int *)fd, "late", 4);
  return NULL;
}

group(stream_pair) {
  char text[32];
  require(gives(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair)), "socketpair makes a pair");
  check(gives(5, write(pair[0], "hello", 5)) && gives(5, read(pair[1], text, 32)), "bytes go one way");
  check(gives(5, send(pair[1], "world", 5, 0)) && gives(2, recv(pair[0], text, 2, 0)) && gives(3, recv(pair[0], text, 32, 0)), "and the other, in parts");
  check(fails_with(EAGAIN, recv(pair[0], text, 1, MSG_DONTWAIT)), "MSG_DONTWAIT with nothing there is EAGAIN");
  write(pair[0], "peek", 4);
  check(gives(2, recv(pair[1], text, 2, MSG_PEEK)) && gives(4, recv(pair[1], text, 32, 0)), "MSG_PEEK leaves the data");
  write(pair[0], "ab", 2);
  pthread_t thread;
  pthread_create(&thread, NULL, write_later, &pair[0]);
  check(gives(6, recv(pair[1], text, 6, MSG_WAITALL)), "MSG_WAITALL waits for all");
  pthread_join(thread, NULL);
  int waiting;
  write(pair[0], "123", 3);
  check(gives(0, ioctl(pair[1], FIONREAD, &waiting)) && waiting == 3, "FIONREAD counts");
  read(pair[1], text, 32);
  int value;
  socklen_t length = sizeof value;
  check(gives(0, getsockopt(pair[0], SOL_SOCKET, SO_TYPE, &value, &length)) && value == SOCK_STREAM, "SO_TYPE tells the type");
  check(gives(0, getsockopt(pair[0], SOL_SOCKET, SO_DOMAIN, &value, &length)) && value == AF_UNIX, "SO_DOMAIN the family");
  check(gives(0, getsockopt(pair[0], SOL_SOCKET, SO_ERROR, &value, &length)) && value == 0, "SO_ERROR is 0");
  check(gives(0, getsockopt(pair[0], SOL_SOCKET, SO_ACCEPTCONN, &value, &length)) && value == 0, "SO_ACCEPTCONN is 0");
  struct ucred who;
  length = sizeof who;
  check(gives(0, getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &who, &length)) && who.pid == getpid() && who.uid == getuid(), "SO_PEERCRED tells the peer");
  struct sockaddr_un name = {.sun_family = 99};
  length = sizeof name;
  check(gives(0, getsockname(pair[0], (void *)&name, &length)) && name.sun_family == AF_UNIX && length == 2, "a pair has no name");
  check(fails_with(ENOTSOCK, send(1, "x", 1, 0)) || isatty(1) || check_value == 1, "send to what is no socket is ENOTSOCK");
  check(fails_with(EBADF, send(99, "x", 1, 0)), "to a closed descriptor EBADF");
  check(fails_with(ESPIPE, lseek(pair[0], 0, SEEK_SET)), "sockets cannot be sought");

  check(events_of(pair[0], POLLIN | POLLOUT | POLLRDHUP) == POLLOUT, "poll: writable");
  shutdown(pair[1], SHUT_WR);
  check(gives(0, read(pair[0], text, 1)), "after the peer's SHUT_WR comes the end");
  check(events_of(pair[0], POLLIN | POLLOUT | POLLRDHUP) == (POLLIN | POLLOUT | POLLRDHUP), "poll: POLLRDHUP and readable");
  check(gives(3, write(pair[0], "yes", 3)) && gives(3, read(pair[1], text, 32)), "the other way still works");
  signal(SIGPIPE, SIG_IGN);
  check(fails_with(EPIPE, write(pair[1], "x", 1)), "writing after SHUT_WR is EPIPE");
  write(pair[0], "rest", 4);
  close(pair[0]);
  check(gives(4, read(pair[1], text, 32)) && gives(0, read(pair[1], text, 32)), "what was sent before a close can be read");
  check(fails_with(EPIPE, send(pair[1], "x", 1, MSG_NOSIGNAL)), "sending to a closed peer is EPIPE");
  check(events_of(pair[1], POLLIN) & POLLHUP, "poll: POLLHUP");
  close(pair[1]);
  check(fails_with(EAFNOSUPPORT, socketpair(99, SOCK_STREAM, 0, pair)) && fails_with(EOPNOTSUPP, socketpair(AF_INET, SOCK_STREAM, 0, pair)), "other families have no pairs");
  check(fails_with(EINVAL, socketpair(AF_UNIX, 77, 0, pair)) || check_errno == ESOCKTNOSUPPORT, "an unknown type is refused");
  check(fails_with(EPROTONOSUPPORT, socketpair(AF_UNIX, SOCK_STREAM, 77, pair)), "an unknown protocol is EPROTONOSUPPORT");
  check(gives(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair)) && gives(FD_CLOEXEC, fcntl(pair[0], F_GETFD)) &&
            (fcntl(pair[1], F_GETFL) & O_NONBLOCK),
        "SOCK_NONBLOCK and SOCK_CLOEXEC count");
  ssize_t total = 0, n;
  while ((n = write(pair[0], big, 4096)) > 0) total += n;
  check(errno == EAGAIN && total >= 65536 && total < 8 << 20, "a peer that does not read makes EAGAIN at last");
  check(events_of(pair[0], POLLOUT) == 0, "poll: not writable");
  ssize_t drained = 0;
  while ((n = read(pair[1], big, sizeof big)) > 0) drained += n;
  check(drained == total && events_of(pair[0], POLLOUT) == POLLOUT, "all of it can be read, and it is writable again");
  struct timeval limit = {0, 30000};
  close(pair[0]);
  close(pair[1]);
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  check(gives(0, setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit)) && fails_with(EAGAIN, read(pair[0], text, 1)), "SO_RCVTIMEO limits a read");
  close(pair[0]);
  close(pair[1]);
}

static void *pump(void *unused) {
  for (size_t sent = 0; sent < sizeof big;) {
    ssize_t n = write(pair[0], big + sent, sizeof big - sent);
    if (n <= 0) break;
    sent += n;
  }
  shutdown(pair[0], SHUT_WR);
  return unused;
}

group(stream_bulk) {
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  for (size_t i = 0; i < sizeof big; i++) big[i] = (char)(i * 13 + (i >> 8));
  pthread_t thread;
  pthread_create(&thread, NULL, pump, NULL);
  char piece[5000];
  size_t total = 0;
  bool same = true;
  for (ssize_t n; (n = read(pair[1], piece, sizeof piece)) > 0; total += n) same = same && memcmp(piece, big + total, n) == 0;
  pthread_join(thread, NULL);
  check(total == sizeof big && same, "1 MB arrives whole and in order");
  close(pair[0]);
  close(pair[1]);
}

group(datagram_pair) {
  char text[32];
  require(gives(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, pair)), "datagram pairs can be made");
  write(pair[0], "one", 3);
  write(pair[0], "three", 5);
  check(gives(3, read(pair[1], text, 32)) && gives(5, read(pair[1], text, 32)), "each read takes one datagram");
  write(pair[0], "truncated", 9);
  struct iovec part = {text, 4};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  check(gives(4, recvmsg(pair[1], &message, 0)) && (message.msg_flags & MSG_TRUNC), "one too long is cut and says MSG_TRUNC");
  write(pair[0], "truncated", 9);
  check(gives(9, recv(pair[1], text, 4, MSG_TRUNC)), "with MSG_TRUNC its whole length is returned");
  check(gives(0, send(pair[0], "", 0, 0)) && gives(0, recv(pair[1], text, 32, 0)), "empty datagrams are datagrams");
  check(fails_with(EMSGSIZE, send(pair[0], big, sizeof big, 0)), "one too large is EMSGSIZE");
  close(pair[0]);
  check(fails_with(ECONNREFUSED, send(pair[1], "x", 1, MSG_NOSIGNAL)), "to a closed peer it is ECONNREFUSED");
  close(pair[1]);
}

group(packet_pair) {
  char text[32];
  require(gives(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair)), "sequenced-packet pairs can be made");
  write(pair[0], "one", 3);
  write(pair[0], "three", 5);
  struct iovec part = {text, 32};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  check(gives(3, recvmsg(pair[1], &message, 0)) && gives(5, read(pair[1], text, 32)), "packets keep their bounds");
  close(pair[0]);
  check(gives(0, read(pair[1], text, 32)), "and there is an end");
  close(pair[1]);
}

static ssize_t send_with(int socket, const char *text, int *fds, int count) {
  char control[CMSG_SPACE(16 * sizeof(int))] = {0};
  struct iovec part = {(void *)text, strlen(text)};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(count * sizeof(int))};
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  *head = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(count * sizeof(int))};
  memcpy(CMSG_DATA(head), fds, count * sizeof(int));
  return sendmsg(socket, &message, 0);
}
static ssize_t receive_with(int socket, char *text, size_t size, int *fds, int *count, int flags) {
  char control[CMSG_SPACE(16 * sizeof(int))];
  struct iovec part = {text, size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t n = recvmsg(socket, &message, flags);
  *count = 0;
  for (struct cmsghdr *head = n < 0 ? NULL : CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head))
    if (head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS) {
      *count = (int)((head->cmsg_len - CMSG_LEN(0)) / sizeof(int));
      memcpy(fds, CMSG_DATA(head), *count * sizeof(int));
    }
  return n;
}

group(rights) {
  enter_scratch();
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  int pipes[2], got[16], count;
  char text[32];
  pipe(pipes);
  check(gives(2, send_with(pair[0], "fd", &pipes[1], 1)), "a descriptor can be sent");
  close(pipes[1]);
  check(gives(2, receive_with(pair[1], text, 32, got, &count, MSG_CMSG_CLOEXEC)) && count == 1 && got[0] >= 0, "and received");
  check(gives(FD_CLOEXEC, fcntl(got[0], F_GETFD)), "MSG_CMSG_CLOEXEC sets FD_CLOEXEC");
  write(got[0], "via", 3);
  check(gives(3, read(pipes[0], text, 32)), "it is the same pipe, kept open on its way");
  close(got[0]);
  check(gives(0, read(pipes[0], text, 32)), "and closed with its last descriptor");
  int many[3] = {open("f", O_RDWR | O_CREAT, 0600), dup(1), dup(pair[0])};
  write(many[0], "file", 4);
  write(pair[0], "plain", 5);
  send_with(pair[0], "three", many, 3);
  write(pair[0], "after", 5);
  ssize_t first = receive_with(pair[1], text, 32, got, &count, 0);
  bool separate = (first == 5 && count == 0) || (first == 10 && count == 3);
  if (first == 5) {
    first = receive_with(pair[1], text, 32, got, &count, 0);
    separate = separate && first >= 5 && count == 3;
  }
  check(separate && count == 3, "three go at once, with their place in the stream");
  check(gives(4, pread(got[0], text, 32, 0)), "files can be passed");
  for (int i = 0; i < 3; i++) close(got[i]), close(many[i]);
  int bad = 99;
  check(fails_with(EBADF, send_with(pair[0], "x", &bad, 1)), "a closed descriptor is EBADF");
  pipe(pipes);
  send_with(pair[0], "lost", &pipes[1], 1);
  close(pipes[1]);
  close(pair[0]);
  close(pair[1]);
  check(gives(0, read(pipes[0], text, 32)), "descriptors in flight are closed with the socket");
  close(pipes[0]);
}

static struct sockaddr_un address_of(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path, path);
  return address;
}
static void *connect_and_talk(void *path) {
  struct sockaddr_un address = address_of(path);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sleep_ms(20);
  if (connect(fd, (void *)&address, sizeof address) < 0) return (void *)(intptr_t)errno;
  write(fd, "client", 6);
  char text[16];
  read(fd, text, 16);
  close(fd);
  return NULL;
}

group(names) {
  enter_scratch();
  struct sockaddr_un address = address_of("socket");
  char text[32];
  int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
  check(fails_with(ENOENT, connect(client, (void *)&address, sizeof address)), "connecting to a missing name is ENOENT");
  require(gives(0, bind(listener, (void *)&address, sizeof address)), "bind makes a name");
  struct stat status;
  check(gives(0, stat("socket", &status)) && S_ISSOCK(status.st_mode), "which is a socket");
  check(fails_with(ECONNREFUSED, connect(client, (void *)&address, sizeof address)), "before listen it is ECONNREFUSED");
  int second = socket(AF_UNIX, SOCK_STREAM, 0);
  check(fails_with(EADDRINUSE, bind(second, (void *)&address, sizeof address)), "a name in use is EADDRINUSE");
  check(gives(0, listen(listener, 5)), "listen returns 0");
  pthread_t thread;
  pthread_create(&thread, NULL, connect_and_talk, "socket");
  struct sockaddr_un from;
  socklen_t length = sizeof from;
  int connection = accept4(listener, (void *)&from, &length, SOCK_CLOEXEC);
  check(succeeds(connection) && length == 2, "accept4 waits for a client");
  check(gives(6, read(connection, text, 32)) && gives(2, write(connection, "ok", 2)), "they talk");
  void *result;
  pthread_join(thread, &result);
  check(result == NULL, "and the client is content");
  length = sizeof from;
  check(gives(0, getsockname(connection, (void *)&from, &length)) && strcmp(from.sun_path, "socket") == 0, "getsockname gives the name");
  check(gives(0, connect(client, (void *)&address, sizeof address)) && gives(3, write(client, "now", 3)), "a connection is made before it is accepted");
  length = sizeof from;
  check(gives(0, getpeername(client, (void *)&from, &length)) && strcmp(from.sun_path, "socket") == 0, "getpeername gives the listener's name");
  check(events_of(listener, POLLIN) == POLLIN, "poll: the listener is readable");
  int later = accept(listener, NULL, NULL);
  check(gives(3, read(later, text, 32)), "and read when it is");
  fcntl(listener, F_SETFL, O_NONBLOCK);
  check(fails_with(EAGAIN, accept(listener, NULL, NULL)), "accept without a client is EAGAIN");
  check(fails_with(EINVAL, accept(client, NULL, NULL)), "accept on what does not listen is EINVAL");
  check(fails_with(EISCONN, connect(client, (void *)&address, sizeof address)), "connecting twice is EISCONN");
  check(fails_with(ENOTCONN, send(second, "x", 1, MSG_NOSIGNAL)), "sending unconnected is ENOTCONN");
  close(connection);
  close(client);
  close(later);
  close(listener);
  check(fails_with(ECONNREFUSED, connect(second, (void *)&address, sizeof address)), "a name left behind is ECONNREFUSED");
  close(second);

  /* An abstract name: a NUL byte, then any bytes. */
  struct sockaddr_un hidden = {.sun_family = AF_UNIX};
  memcpy(hidden.sun_path, "\0eggos-check", 12);
  socklen_t hidden_length = offsetof(struct sockaddr_un, sun_path) + 12;
  listener = socket(AF_UNIX, SOCK_STREAM, 0);
  client = socket(AF_UNIX, SOCK_STREAM, 0);
  check(gives(0, bind(listener, (void *)&hidden, hidden_length)) && gives(0, listen(listener, 1)) && gives(0, connect(client, (void *)&hidden, hidden_length)),
        "abstract names work");
  close(client);
  close(listener);
  client = socket(AF_UNIX, SOCK_STREAM, 0);
  check(fails_with(ECONNREFUSED, connect(client, (void *)&hidden, hidden_length)), "and vanish with the socket");
  close(client);

  struct sockaddr_un left = address_of("left"), right = address_of("right");
  int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0);
  bind(a, (void *)&left, sizeof left);
  bind(b, (void *)&right, sizeof right);
  check(gives(2, sendto(a, "to", 2, 0, (void *)&right, sizeof right)), "sendto sends to a name");
  length = sizeof from;
  check(gives(2, recvfrom(b, text, 32, 0, (void *)&from, &length)) && strcmp(from.sun_path, "left") == 0, "recvfrom tells who sent");
  check(fails_with(ENOTCONN, send(a, "x", 1, 0)) || check_errno == EDESTADDRREQ, "send without a destination is refused");
  check(fails_with(EPROTOTYPE, connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&right, sizeof right)), "connecting a stream to a datagram socket is EPROTOTYPE");
  check(gives(0, connect(a, (void *)&right, sizeof right)) && gives(1, send(a, "x", 1, 0)), "after connect it is not");
  struct mmsghdr messages[2] = {0};
  struct iovec parts[2] = {{"m1", 2}, {"m22", 3}};
  for (int i = 0; i < 2; i++) messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
  recv(b, text, 32, 0);
  check(gives(2, sendmmsg(a, messages, 2, 0)) && messages[1].msg_len == 3, "sendmmsg sends several");
  char in[2][16];
  for (int i = 0; i < 2; i++) parts[i] = (struct iovec){in[i], 16};
  check(gives(2, recvmmsg(b, messages, 2, MSG_DONTWAIT, NULL)) && messages[0].msg_len == 2 && messages[1].msg_len == 3, "recvmmsg receives several");
  close(a);
  close(b);
}

group(credentials) {
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  int on = 1;
  char text[16], control[256];
  setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  write(pair[0], "who", 3);
  struct iovec part = {text, 16};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  require(gives(3, recvmsg(pair[1], &message, 0)), "a message is received");
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  struct ucred who = {0};
  if (head && head->cmsg_type == SCM_CREDENTIALS) memcpy(&who, CMSG_DATA(head), sizeof who);
  check(who.pid == getpid() && who.uid == getuid(), "SO_PASSCRED adds the sender's credentials");
  close(pair[0]);
  close(pair[1]);
}
