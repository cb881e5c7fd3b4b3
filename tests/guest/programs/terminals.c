/* Pseudo-terminals and what a terminal does between its two sides: man 7 pty, man 3 termios, man 2 ioctl_tty. */
#include "check.h"
#include <dirent.h>
#include <poll.h>
#include <pty.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static int master, slave;

/* A pair in raw mode, or as it comes. */
static bool open_pair(bool raw) {
  struct winsize size = {24, 80, 0, 0};
  if (openpty(&master, &slave, NULL, NULL, &size) < 0) return false;
  if (raw) {
    struct termios settings;
    tcgetattr(slave, &settings);
    cfmakeraw(&settings);
    tcsetattr(slave, TCSANOW, &settings);
  }
  return true;
}

static void close_pair(void) {
  close(slave);
  close(master);
}

static void type(const char *text) { write(master, text, strlen(text)); }

/* What there is to read within a short time, as a string. */
static const char *read_text(int fd) {
  static char text[4096];
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  ssize_t length = 0;
  if (poll(&wait, 1, 1000) == 1) length = read(fd, text, sizeof text - 1);
  text[length > 0 ? length : 0] = 0;
  return text;
}

static bool is(const char *text, const char *expected) {
  if (strcmp(text, expected) == 0) return true;
  note("got \"%s\", not \"%s\"", text, expected);
  return false;
}

static bool is_quiet(int fd) {
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  return poll(&wait, 1, 30) == 0;
}

static short events_of(int fd, short events) {
  struct pollfd wait = {.fd = fd, .events = events};
  poll(&wait, 1, 1000);
  return wait.revents;
}

static void change(int fd, tcflag_t set, tcflag_t clear, char which) {
  struct termios settings;
  tcgetattr(fd, &settings);
  tcflag_t *flags = which == 'i' ? &settings.c_iflag : which == 'o' ? &settings.c_oflag : &settings.c_lflag;
  *flags = (*flags & ~clear) | set;
  tcsetattr(fd, TCSANOW, &settings);
}

group(pairs) {
  int fd = posix_openpt(O_RDWR | O_NOCTTY);
  require(fd >= 0, "posix_openpt opens a master");
  check(isatty(fd), "a master is a terminal");
  char *name = ptsname(fd);
  require(name != NULL && strncmp(name, "/dev/pts/", 9) == 0, "ptsname names a slave in /dev/pts");
  unsigned number = 0;
  check(gives(0, ioctl(fd, TIOCGPTN, &number)) && number == (unsigned)atoi(name + 9), "TIOCGPTN gives the number in the name");
  int locked = 0;
  check(gives(0, ioctl(fd, TIOCGPTLCK, &locked)) && locked == 1, "a new slave is locked");
  check(fails_with(EIO, open(name, O_RDWR | O_NOCTTY)), "a locked slave cannot be opened");
  check(gives(0, grantpt(fd)), "grantpt succeeds");
  check(gives(0, unlockpt(fd)), "unlockpt succeeds");
  check(gives(0, ioctl(fd, TIOCGPTLCK, &locked)) && locked == 0, "unlockpt clears the lock");
  int peer = open(name, O_RDWR | O_NOCTTY);
  require(peer >= 0, "an unlocked slave opens by its name");
  check(isatty(peer), "a slave is a terminal");
  char found[64] = "";
  check(gives(0, ttyname_r(peer, found, sizeof found)) && strcmp(found, name) == 0, "ttyname finds the slave's name");
  struct stat status;
  check(gives(0, fstat(peer, &status)) && S_ISCHR(status.st_mode) && major(status.st_rdev) == 136 &&
            minor(status.st_rdev) == number,
        "a slave is character device 136:N");
  check(status.st_uid == getuid(), "a slave belongs to who opened the master");
  check(gives(0, fstat(fd, &status)) && status.st_rdev == makedev(5, 2), "a master is character device 5:2");
  struct statfs system;
  check(gives(0, statfs("/dev/pts", &system)) && system.f_type == 0x1cd1, "/dev/pts is a devpts");
  int other = ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  check(other >= 0 && isatty(other) && ttyname_r(other, found, sizeof found) == 0 && strcmp(found, name) == 0,
        "TIOCGPTPEER opens the same slave");
  check(fcntl(other, F_GETFD) == FD_CLOEXEC, "TIOCGPTPEER heeds O_CLOEXEC");
  check(fails_with(ENOTTY, ioctl(peer, TIOCGPTN, &number)), "a slave has no TIOCGPTN");
  write(peer, "x", 1);
  char byte = 0;
  check(gives(1, read(fd, &byte, 1)) && byte == 'x', "the master reads what a slave writes");
  close(other);
  close(peer);
  close(fd);
  check(fails_with(ENOENT, access(name, F_OK)), "a slave's name goes with its master");
}

group(names) {
  bool seen = false, has_ptmx = false;
  require(open_pair(false), "openpty gives a pair");
  char *name = ptsname(master) + 9;
  DIR *directory = opendir("/dev/pts");
  require(directory != NULL, "/dev/pts can be listed");
  for (struct dirent *entry; (entry = readdir(directory));) {
    if (strcmp(entry->d_name, name) == 0) seen = entry->d_type == DT_CHR;
    if (strcmp(entry->d_name, "ptmx") == 0) has_ptmx = true;
  }
  closedir(directory);
  check(seen, "a slave is listed as a character device");
  check(has_ptmx, "ptmx is listed");
  check(gives(0, fchmod(slave, 0600)), "a slave's permissions can be changed");
  struct stat status;
  check(gives(0, fstat(slave, &status)) && (status.st_mode & 07777) == 0600, "and stay");
  close_pair();

  char *text = read_all("/proc/sys/kernel/pty/max");
  int limit = text ? atoi(text) : 0;
  check(limit > 0, "/proc/sys/kernel/pty/max is there");
  text = read_all("/proc/sys/kernel/pty/nr");
  int before = text ? atoi(text) : -1;
  int fds[100], count = 0;
  while (count < 100 && (fds[count] = posix_openpt(O_RDWR | O_NOCTTY)) >= 0) count++;
  check(count == 100, "a hundred pairs can be open");
  text = read_all("/proc/sys/kernel/pty/nr");
  check(text && atoi(text) == before + count, "/proc/sys/kernel/pty/nr counts them");
  while (count > 0) close(fds[--count]);
  text = read_all("/proc/sys/kernel/pty/nr");
  check(text && atoi(text) == before, "closed pairs do not count");
}

group(canonical) {
  require(open_pair(false), "openpty gives a pair");
  struct termios settings;
  check(gives(0, tcgetattr(slave, &settings)) && (settings.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG) &&
            settings.c_cc[VINTR] == 3 && settings.c_cc[VEOF] == 4,
        "a new slave has the usual settings");
  check((settings.c_iflag & (ICRNL | IXON)) == (ICRNL | IXON) && (settings.c_oflag & (OPOST | ONLCR)) == (OPOST | ONLCR),
        "and maps newlines both ways");
  type("hello\r");
  check(is(read_text(slave), "hello\n"), "a line typed is a line read");
  check(is(read_text(master), "hello\r\n"), "and is echoed");
  type("abc\177\177x\n");
  check(is(read_text(slave), "ax\n"), "erase takes characters off");
  check(is(read_text(master), "abc\b \b\b \bx\r\n"), "and off the screen");
  type("one two\027\025three\n");
  check(is(read_text(slave), "three\n"), "word erase and kill take more");
  read_text(master);
  type("part");
  check(is_quiet(slave), "an unfinished line is not read");
  int count = -1;
  check(gives(0, ioctl(slave, FIONREAD, &count)) && count == 0, "nor counted by FIONREAD");
  type("\004");
  check(is(read_text(slave), "part"), "end of file ends the line without a newline");
  type("\004");
  char byte;
  check(gives(0, read(slave, &byte, 1)), "end of file at a line's start is a read of nothing");
  read_text(master);
  write(slave, "a\nb\tc", 5);
  check(is(read_text(master), "a\r\nb\tc"), "output gets its carriage returns");
  change(slave, XTABS, 0, 'o');
  write(slave, "\na\tb", 4);
  check(is(read_text(master), "\r\na       b"), "XTABS makes spaces of tabs");
  change(slave, 0, ECHO, 'l');
  type("secret\n");
  check(is(read_text(slave), "secret\n") && is_quiet(master), "without ECHO nothing shows");
  change(slave, ECHO, 0, 'l');
  static char line[5000];
  memset(line, 'y', sizeof line);
  write(master, line, sizeof line);
  type("\n");
  ssize_t length = read(slave, line, sizeof line);
  check(length == 4096 && line[4095] == '\n', "a line keeps 4095 bytes and its end");
  close_pair();
}

group(raw) {
  require(open_pair(true), "openpty gives a pair");
  type("a\r\003\177");
  check(is(read_text(slave), "a\r\003\177"), "raw mode passes every byte on");
  check(is_quiet(master), "and shows nothing");
  struct termios settings;
  tcgetattr(slave, &settings);
  settings.c_cc[VMIN] = 0;
  settings.c_cc[VTIME] = 0;
  tcsetattr(slave, TCSANOW, &settings);
  char text[16];
  check(gives(0, read(slave, text, 16)), "MIN 0, TIME 0: a read without input gives nothing at once");
  settings.c_cc[VTIME] = 2;
  tcsetattr(slave, TCSANOW, &settings);
  int64_t start = now_ns();
  check(gives(0, read(slave, text, 16)), "MIN 0, TIME 2: a read without input gives nothing");
  int64_t took = (now_ns() - start) / 1000000;
  check(took >= 150 && took < 2000, "after two tenths of a second");
  settings.c_cc[VMIN] = 3;
  settings.c_cc[VTIME] = 0;
  tcsetattr(slave, TCSANOW, &settings);
  type("ab");
  struct pollfd wait = {.fd = slave, .events = POLLIN};
  check(gives(0, poll(&wait, 1, 50)), "MIN 3: two bytes do not make it readable");
  type("c");
  check(gives(1, poll(&wait, 1, 1000)), "the third does");
  check(gives(3, read(slave, text, 16)), "and the read gives three");
  settings.c_cc[VTIME] = 1;
  tcsetattr(slave, TCSANOW, &settings);
  type("de");
  check(gives(2, read(slave, text, 16)), "MIN 3, TIME 1: a pause between bytes ends the read");
  fcntl(slave, F_SETFL, O_NONBLOCK);
  check(fails_with(EAGAIN, read(slave, text, 16)), "a non-blocking read without input fails");
  close_pair();
}

group(settings) {
  require(open_pair(false), "openpty gives a pair");
  struct termios settings, again;
  tcgetattr(slave, &settings);
  cfsetspeed(&settings, B9600);
  settings.c_cc[VINTR] = 'x';
  check(gives(0, tcsetattr(master, TCSANOW, &settings)), "a master sets the slave's settings");
  check(gives(0, tcgetattr(slave, &again)) && again.c_cc[VINTR] == 'x' && cfgetospeed(&again) == B9600,
        "and the slave has them");
  /* struct termio of asm-generic/termios.h, which the C library's termios.h does not have. */
  struct {
    unsigned short input, output, control, local;
    unsigned char line, characters[8];
  } old;
  check(gives(0, ioctl(slave, TCGETA, &old)) && old.local == (settings.c_lflag & 0xffff) && old.characters[0] == 'x',
        "TCGETA gives the lower halves of the flags");
  old.local &= ~ECHO;
  old.characters[0] = 3;
  check(gives(0, ioctl(slave, TCSETA, &old)) && gives(0, tcgetattr(slave, &again)) && !(again.c_lflag & ECHO) &&
            again.c_cc[VINTR] == 3 && again.c_cc[VSTART] == settings.c_cc[VSTART],
        "TCSETA sets them and leaves the rest");
  settings.c_lflag |= ECHO;
  type("gone\n");
  sleep_ms(20);
  check(gives(0, tcsetattr(slave, TCSAFLUSH, &settings)) && is_quiet(slave), "TCSAFLUSH forgets what was typed");
  type("gone\n");
  sleep_ms(20);
  check(gives(0, tcflush(slave, TCIFLUSH)) && is_quiet(slave), "TCIFLUSH too");
  check(fails_with(EINVAL, ioctl(slave, TCFLSH, 3)), "TCFLSH knows three queues");
  check(fails_with(EINVAL, ioctl(slave, TCXONC, 4)), "TCXONC knows four actions");
  check(gives(0, tcdrain(slave)), "tcdrain waits for nothing");
  check(gives(0, tcsendbreak(slave, 0)), "a break goes to nobody");
  int line = -1;
  check(gives(0, ioctl(slave, TIOCGETD, &line)) && line == 0, "the line discipline is N_TTY");
  read_text(master);
  tcflush(master, TCIFLUSH);
  check(gives(0, ioctl(slave, TIOCSTI, "z")), "TIOCSTI types a byte");
  check(is(read_text(master), "z"), "which is echoed");
  struct winsize size = {50, 132, 7, 8}, got = {0};
  check(gives(0, ioctl(master, TIOCSWINSZ, &size)) && gives(0, ioctl(slave, TIOCGWINSZ, &got)) && got.ws_row == 50 &&
            got.ws_col == 132 && got.ws_xpixel == 7 && got.ws_ypixel == 8,
        "the window's size is one for both sides");
  int exclusive = -1;
  check(gives(0, ioctl(slave, TIOCEXCL)) && gives(0, ioctl(slave, TIOCGEXCL, &exclusive)) && exclusive == 1,
        "TIOCEXCL can be read back");
  check(gives(0, ioctl(slave, TIOCNXCL)) && gives(0, ioctl(slave, TIOCGEXCL, &exclusive)) && exclusive == 0,
        "TIOCNXCL ends it");
  check(fails_with(EFAULT, ioctl(slave, TCGETS, 8)), "a bad address is EFAULT");
  check(fails_with(ENOTTY, ioctl(slave, 0x54ff, 0)), "an unknown request is ENOTTY");
  close_pair();
}

group(ends) {
  char text[64];
  require(open_pair(true), "openpty gives a pair");
  write(slave, "last", 4);
  close(slave);
  check(is(read_text(master), "last"), "what a slave wrote before it closed is read");
  check(fails_with(EIO, read(master, text, sizeof text)), "then the master reads EIO");
  check(events_of(master, POLLIN) == POLLHUP, "and polls as hung up");
  slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  require(slave >= 0, "the slave can be opened again");
  check((events_of(master, POLLIN | POLLOUT) & (POLLIN | POLLHUP)) == 0, "and the master is no longer hung up");
  type("in");
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(epoll, EPOLL_CTL_ADD, slave, &event);
  close(master);
  check(gives(1, epoll_wait(epoll, &event, 1, 1000)) && (event.events & EPOLLHUP), "closing the master hangs the slave up");
  check(gives(0, read(slave, text, sizeof text)), "a hung-up slave reads as at its end");
  check(fails_with(EIO, write(slave, "x", 1)), "and cannot be written");
  check(fails_with(EIO, tcgetattr(slave, (struct termios *)text)), "nor asked");
  close(epoll);
  close(slave);
}

group(packets) {
  require(open_pair(false), "openpty gives a pair");
  int on = 1, mode = 0;
  check(gives(0, ioctl(master, TIOCPKT, &on)), "packet mode can be switched on");
  check(gives(0, ioctl(master, TIOCGPKT, &mode)) && mode == 1, "TIOCGPKT says so");
  write(slave, "ab", 2);
  char text[64] = "";
  check(gives(3, read(master, text, sizeof text)) && text[0] == TIOCPKT_DATA && text[1] == 'a',
        "data comes behind a byte of zero");
  tcflush(slave, TCIFLUSH);
  check((events_of(master, POLLIN | POLLPRI) & POLLPRI) != 0, "a flush polls as urgent");
  check(gives(1, read(master, text, sizeof text)) && (text[0] & TIOCPKT_FLUSHREAD), "and reads as TIOCPKT_FLUSHREAD");
  tcflow(slave, TCOOFF);
  check(gives(1, read(master, text, sizeof text)) && text[0] == TIOCPKT_STOP, "stopping reads as TIOCPKT_STOP");
  tcflow(slave, TCOON);
  check(gives(1, read(master, text, sizeof text)) && text[0] == TIOCPKT_START, "starting as TIOCPKT_START");
  change(slave, 0, IXON, 'i');
  check(gives(1, read(master, text, sizeof text)) && text[0] == TIOCPKT_NOSTOP, "leaving IXON as TIOCPKT_NOSTOP");
  change(slave, IXON, 0, 'i');
  check(gives(1, read(master, text, sizeof text)) && text[0] == TIOCPKT_DOSTOP, "and back as TIOCPKT_DOSTOP");
  close_pair();
}

group(flow) {
  require(open_pair(true), "openpty gives a pair");
  static char block[1 << 16];
  memset(block, 'o', sizeof block);
  fcntl(slave, F_SETFL, O_NONBLOCK);
  fcntl(master, F_SETFL, O_NONBLOCK);
  long written = 0, n;
  while ((n = write(slave, block, sizeof block)) > 0 && written < 10000000) written += n;
  check(n < 0 && errno == EAGAIN && written > 0, "a slave that nobody reads takes a bounded amount");
  long got = 0;
  while (got < written && (n = read(master, block, sizeof block)) > 0) got += n;
  struct pollfd wait = {.fd = master, .events = POLLIN};
  while (got < written && poll(&wait, 1, 1000) == 1 && (n = read(master, block, sizeof block)) > 0) got += n;
  check(got == written, "and all of it comes out");
  long typed = 0;
  while ((n = write(master, block, 1000)) > 0 && typed < 10000000) typed += n;
  check(n < 0 && errno == EAGAIN && typed > 0, "a master whose slave does not read can type a bounded amount");
  got = 0;
  wait.fd = slave;
  while (got < typed && poll(&wait, 1, 1000) == 1 && (n = read(slave, block, sizeof block)) > 0) got += n;
  check(got == typed, "and all of it is read");
  fcntl(master, F_SETFL, 0);
  fcntl(slave, F_SETFL, 0);
  pid_t writer = fork();
  if (writer == 0) {
    static char data[100000];
    for (size_t i = 0; i < sizeof data; i++) data[i] = 'a' + i % 26;
    write(master, data, sizeof data);
    _exit(0);
  }
  long total = 0;
  bool right = true;
  while (total < 100000 && (n = read(slave, block, 777)) > 0) {
    for (long i = 0; i < n; i++) right = right && block[i] == (char)('a' + (total + i) % 26);
    total += n;
  }
  check(total == 100000 && right, "100 kB pasted arrive whole and in order");
  waitpid(writer, NULL, 0);
  change(slave, IXON, 0, 'i');
  type("\023");
  sleep_ms(20);
  fcntl(slave, F_SETFL, O_NONBLOCK);
  check(fails_with(EAGAIN, write(slave, "x", 1)), "after ^S writes wait");
  type("\021");
  sleep_ms(20);
  check(gives(1, write(slave, "x", 1)) && is(read_text(master), "x"), "until ^Q");
  close_pair();
}

static volatile sig_atomic_t last_signal;
static void note_signal(int signal, siginfo_t *info, void *context) {
  (void)info, (void)context;
  last_signal = signal;
}

/* Runs `body` as the leader of a new session whose terminal is the slave; its exit status. */
static int in_session(int (*body)(void)) {
  pid_t child = fork();
  if (child == 0) {
    close(master);
    setsid();
    if (ioctl(slave, TIOCSCTTY, 0) < 0) _exit(100);
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int wait_for_signal(void) {
  write(slave, "ready", 5);
  for (int i = 0; i < 200 && last_signal == 0; i++) sleep_ms(10);
  return last_signal;
}

static int session_facts(void) {
  int group = 0;
  if (tcgetpgrp(slave) != getpid()) return 1;
  if (tcgetsid(slave) != getpid()) return 2;
  int fd = open("/dev/tty", O_RDWR);
  if (fd < 0) return 3;
  if (write(fd, "via", 3) != 3) return 4;
  if (ioctl(slave, TIOCSCTTY, 0) != 0) return 5;
  group = 0x7ffffff;
  if (ioctl(slave, TIOCSPGRP, &group) != -1 || errno != ESRCH) return 6;
  char name[64];
  if (ttyname_r(slave, name, sizeof name) != 0) return 7;
  signal(SIGHUP, SIG_IGN);
  if (ioctl(fd, TIOCNOTTY) != 0) return 8;
  if (open("/dev/tty", O_RDWR) != -1 || errno != ENXIO) return 9;
  if (ioctl(slave, TIOCGPGRP, &group) != -1 || errno != ENOTTY) return 10;
  /* Opening a terminal makes it a leader's that has none. */
  fd = open(name, O_RDWR);
  if (fd < 0 || tcgetsid(fd) != getpid()) return 11;
  return 0;
}

static int background(void) {
  pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    char byte;
    read(slave, &byte, 1);
    _exit(0);
  }
  setpgid(child, child);
  int status = 0;
  waitpid(child, &status, WUNTRACED);
  if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTTIN) return 1;
  tcsetpgrp(slave, child);
  kill(-child, SIGCONT);
  write(slave, "ready", 5);
  waitpid(child, &status, 0);
  if (!WIFEXITED(status)) return 2;
  signal(SIGTTOU, SIG_IGN);
  tcsetpgrp(slave, getpid());
  signal(SIGTTOU, SIG_DFL);
  change(slave, TOSTOP, 0, 'l');
  child = fork();
  if (child == 0) {
    setpgid(0, 0);
    write(slave, "no", 2);
    _exit(0);
  }
  setpgid(child, child);
  waitpid(child, &status, WUNTRACED);
  if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTTOU) return 3;
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return 0;
}

static void press(const char *keys) {
  if (fork() == 0) {
    read_text(master);
    type(keys);
    _exit(0);
  }
}

group(sessions) {
  require(open_pair(false), "openpty gives a pair");
  int status = in_session(session_facts);
  note("session_facts: %d", status);
  check(status == 0, "a session takes a terminal, gives it up and takes it again");
  close_pair();
  require(open_pair(false), "openpty gives a pair");
  static const struct {
    const char *key;
    int signal;
    const char *sentence;
  } keys[] = {{"\003", SIGINT, "^C is SIGINT to the foreground group"},
              {"\034", SIGQUIT, "^\\ is SIGQUIT"},
              {"\032", SIGTSTP, "^Z is SIGTSTP"}};
  for (int i = 0; i < 3; i++) {
    last_signal = 0;
    handle(keys[i].signal, note_signal, 0);
    press(keys[i].key);
    check(in_session(wait_for_signal) == keys[i].signal, keys[i].sentence);
    signal(keys[i].signal, SIG_DFL);
    wait(NULL);
    tcflush(master, TCIFLUSH);
  }
  handle(SIGWINCH, note_signal, 0);
  last_signal = 0;
  if (fork() == 0) {
    read_text(master);
    struct winsize size = {10, 20, 0, 0};
    ioctl(master, TIOCSWINSZ, &size);
    _exit(0);
  }
  check(in_session(wait_for_signal) == SIGWINCH, "a new window size is SIGWINCH to the foreground group");
  wait(NULL);
  signal(SIGWINCH, SIG_DFL);
  handle(SIGTSTP, note_signal, 0);
  last_signal = 0;
  if (fork() == 0) {
    read_text(master);
    ioctl(master, TIOCSIG, SIGTSTP);
    _exit(0);
  }
  int sent = in_session(wait_for_signal);
  check(sent == SIGTSTP, "TIOCSIG sends a signal to the foreground group");
  wait(NULL);
  signal(SIGTSTP, SIG_DFL);
  check(fails_with(EINVAL, ioctl(master, TIOCSIG, SIGUSR1)), "but only one that a key sends");
  if (fork() == 0) {
    sleep_ms(100);
    read_text(master);
    type("x\n");
    _exit(0);
  }
  status = in_session(background);
  note("background: %d", status);
  check(status == 0, "background groups are stopped when they read, and with TOSTOP when they write");
  wait(NULL);
  close_pair();
}

group(hangup) {
  require(open_pair(false), "openpty gives a pair");
  int report[2];
  pipe(report);
  pid_t leader = fork();
  if (leader == 0) {
    close(master);
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    handle(SIGHUP, note_signal, 0);
    write(report[1], "r", 1);
    for (int i = 0; i < 300 && last_signal == 0; i++) sleep_ms(10);
    char byte;
    int results[3] = {last_signal, (int)read(slave, &byte, 1), (int)write(slave, "x", 1)};
    write(report[1], results, sizeof results);
    _exit(0);
  }
  char byte;
  read(report[0], &byte, 1);
  close(slave);
  close(master);
  int results[3] = {0};
  read(report[0], results, sizeof results);
  waitpid(leader, NULL, 0);
  check(results[0] == SIGHUP, "closing the master is SIGHUP to the session's leader");
  check(results[1] == 0 && results[2] == -1, "whose terminal is at its end");
  close(report[0]);
  close(report[1]);

  require(open_pair(false), "openpty gives a pair");
  pipe(report);
  leader = fork();
  if (leader == 0) {
    close(master);
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    pid_t child = fork();
    if (child == 0) {
      handle(SIGHUP, note_signal, 0);
      write(report[1], "r", 1);
      for (int i = 0; i < 300 && last_signal == 0; i++) sleep_ms(10);
      int got = last_signal;
      write(report[1], &got, sizeof got);
      _exit(0);
    }
    sleep_ms(100);
    _exit(0);
  }
  read(report[0], &byte, 1);
  waitpid(leader, NULL, 0);
  int got = 0;
  read(report[0], &got, sizeof got);
  check(got == SIGHUP, "a leader's end is SIGHUP to the foreground group");
  close(report[0]);
  close(report[1]);
  close_pair();
}

group(forkpty) {
  struct winsize size = {30, 90, 0, 0};
  pid_t child = forkpty(&master, NULL, NULL, &size);
  if (child == 0) {
    struct winsize mine;
    ioctl(0, TIOCGWINSZ, &mine);
    printf("%d %d %d %d\n", isatty(0), mine.ws_row, mine.ws_col, tcgetpgrp(0) == getpid());
    fflush(stdout);
    _exit(7);
  }
  check(is(read_text(master), "1 30 90 1\r\n"), "forkpty's child has the terminal for its own");
  int status;
  waitpid(child, &status, 0);
  check(WIFEXITED(status) && WEXITSTATUS(status) == 7, "and ends as it says");
  char byte;
  check(fails_with(EIO, read(master, &byte, 1)), "then the master reads EIO");
  close(master);
}

group(utf8) {
  require(open_pair(false), "openpty gives a pair");
  change(slave, IUTF8, 0, 'i');
  type("a\xc3\xa9\177b\n");
  check(is(read_text(slave), "ab\n"), "with IUTF8 erase takes a whole character");
  read_text(master);
  change(slave, 0, IUTF8, 'i');
  type("a\xc3\xa9\177b\n");
  check(is(read_text(slave), "a\xc3" "b\n"), "without it one byte");
  read_text(master);
  change(slave, PARMRK, ICRNL, 'i');
  type("\377\n");
  check(is(read_text(slave), "\377\377\n"), "PARMRK doubles a byte of all ones");
  close_pair();
}
