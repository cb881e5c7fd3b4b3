/*
 * build: static -O2
 * The first process of the Linux guest: makes ready what eggos's kernel makes ready, runs one program, reports its end.
 *
 * It reads the kernel's command line as the eggos kernel does (cli/image/boot-config.ts): program=, arg=, env=, cwd=,
 * stdin=, stderr= with %XX for bytes; and of its own root=disk (the root image is on the first virtio disk).
 * Modules in /modules are loaded in the order of /modules/order. Ends like eggos: a line on port 0xe9, then port 0xf4.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <net/route.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { WORDS = 256 };
static char *arguments[WORDS + 1], *environment[WORDS + 1];
static int argument_count, environment_count;
static char *program, *folder = "/app";
static int root_on_disk, errors_apart, with_network;
static char *second_address;

static void leave(const char *kind, int status) {
  char line[64];
  int length = snprintf(line, sizeof line, "%s %d\n", kind, status);
  if (ioperm(0xe9, 1, 1) == 0)
    for (int i = 0; i < length; i++) outb(line[i], 0xe9);
  tcdrain(1);
  tcdrain(2);
  if (ioperm(0xf4, 1, 1) == 0) outb(0, 0xf4);
  reboot(RB_POWER_OFF);
  for (;;) pause();
}

static void complain(const char *what) {
  dprintf(2, "init: %s: %s\n", what, strerror(errno));
}

static char *decode(char *word) {
  char *to = word;
  for (char *from = word; *from; from++) {
    if (*from == '%' && from[1] && from[2]) {
      char digits[3] = {from[1], from[2], 0};
      *to++ = (char)strtol(digits, NULL, 16);
      from += 2;
    } else {
      *to++ = *from;
    }
  }
  *to = 0;
  return word;
}

static void read_command_line(void) {
  static char text[4096];
  int fd = open("/proc/cmdline", O_RDONLY);
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  text[n > 0 ? n : 0] = 0;
  for (char *word = strtok(text, " \n"); word; word = strtok(NULL, " \n")) {
    char *value = strchr(word, '=');
    if (!value) continue;
    *value++ = 0;
    if (strcmp(word, "program") == 0) program = decode(value);
    if (strcmp(word, "cwd") == 0) folder = decode(value);
    if (strcmp(word, "arg") == 0 && argument_count < WORDS) arguments[argument_count++] = decode(value);
    if (strcmp(word, "env") == 0 && environment_count < WORDS) environment[environment_count++] = decode(value);
    if (strcmp(word, "stderr") == 0) errors_apart = strcmp(value, "com2") == 0;
    if (strcmp(word, "rootfs") == 0) root_on_disk = strcmp(value, "disk") == 0;
    if (strcmp(word, "network") == 0 && strcmp(value, "user") == 0) with_network = 1;
    else if (strcmp(word, "network") == 0) second_address = value;
  }
  if (argument_count == 0) arguments[argument_count++] = program;
}

static void load_modules(void) {
  FILE *order = fopen("/modules/order", "r");
  char name[256], path[300];
  while (order && fgets(name, sizeof name, order)) {
    name[strcspn(name, "\n")] = 0;
    snprintf(path, sizeof path, "/modules/%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) < 0) complain(path);
    close(fd);
  }
  if (order) fclose(order);
}

static void open_serial(const char *path, int as) {
  int fd = open(path, O_RDWR | O_NOCTTY);
  struct termios settings;
  if (fd >= 0 && tcgetattr(fd, &settings) == 0) {
    cfmakeraw(&settings);
    cfsetspeed(&settings, B115200);
    tcsetattr(fd, TCSANOW, &settings);
  }
  if (fd >= 0 && fd != as) {
    dup2(fd, as);
    close(fd);
  }
}

/* The image is read-only below, a tmpfs above, as in eggos. */
static void enter_disk(void) {
  mkdir("/below", 0755), mkdir("/above", 0755), mkdir("/root", 0755);
  for (int i = 0; i < 2000 && access("/dev/vda", F_OK) < 0; i++) usleep(1000);
  if (mount("/dev/vda", "/below", "erofs", MS_RDONLY, NULL) < 0) complain("mount /dev/vda");
  mount("tmpfs", "/above", "tmpfs", 0, "mode=755");
  mkdir("/above/upper", 0755), mkdir("/above/work", 0755);
  if (mount("overlay", "/root", "overlay", 0, "lowerdir=/below,upperdir=/above/upper,workdir=/above/work") < 0) complain("mount overlay");
  const char *moved[] = {"/proc", "/sys", "/dev"};
  for (int i = 0; i < 3; i++) {
    char to[64];
    snprintf(to, sizeof to, "/root%s", moved[i]);
    if (mount(moved[i], to, NULL, MS_MOVE, NULL) < 0) complain(to);
  }
  if (chdir("/root") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0) complain("enter the root image");
}

static void start_loopback(void) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq request = {0};
  strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  if (ioctl(fd, SIOCSIFFLAGS, &request) < 0) complain("lo");
  close(fd);
}

/* A /24 for a card. */
static void set_address(int fd, const char *card, const char *text) {
  struct ifreq request = {0};
  struct sockaddr_in *address = (void *)&request.ifr_addr;
  strcpy(request.ifr_name, card);
  address->sin_family = AF_INET;
  inet_pton(AF_INET, text, &address->sin_addr);
  if (ioctl(fd, SIOCSIFADDR, &request) < 0) complain(card);
  inet_pton(AF_INET, "255.255.255.0", &address->sin_addr);
  ioctl(fd, SIOCSIFNETMASK, &request);
  request.ifr_flags = IFF_UP;
  ioctl(fd, SIOCSIFFLAGS, &request);
}

/* QEMU's user network always gives these addresses: asking by DHCP would only cost Linux time. */
static void start_network(void) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (second_address) set_address(fd, "eth1", second_address);
  if (!with_network) {
    close(fd);
    return;
  }
  set_address(fd, "eth0", "10.0.2.15");
  struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
  struct sockaddr_in *gateway = (void *)&route.rt_gateway;
  gateway->sin_family = ((struct sockaddr_in *)&route.rt_dst)->sin_family = ((struct sockaddr_in *)&route.rt_genmask)->sin_family = AF_INET;
  inet_pton(AF_INET, "10.0.2.2", &gateway->sin_addr);
  ioctl(fd, SIOCADDRT, &route);
  close(fd);
}

int main(void) {
  mkdir("/proc", 0555), mkdir("/sys", 0555), mkdir("/dev", 0755), mkdir("/tmp", 01777), mkdir("/run", 0755);
  mount("proc", "/proc", "proc", 0, NULL);
  mount("sysfs", "/sys", "sysfs", 0, NULL);
  mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
  read_command_line();
  /* As eggos has it: servers with many connections are no special case. */
  struct rlimit files = {1 << 20, 1 << 20};
  if (setrlimit(RLIMIT_NOFILE, &files) < 0) complain("RLIMIT_NOFILE");
  load_modules();
  if (root_on_disk) enter_disk();
  start_loopback();
  start_network();
  symlink("/proc/self/fd", "/dev/fd"), symlink("/proc/self/fd/0", "/dev/stdin"), symlink("/proc/self/fd/1", "/dev/stdout"), symlink("/proc/self/fd/2", "/dev/stderr");
  mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777");
  mkdir("/dev/shm", 01777);
  mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777");
  open_serial("/dev/ttyS0", 1);
  if (errors_apart)
    open_serial("/dev/ttyS1", 2);
  else
    dup2(1, 2);
  int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, 0);
  if (nothing > 2) close(nothing);
  if (sethostname("eggos", 5) < 0) complain("sethostname");
  pid_t child = fork();
  if (child == 0) {
    setsid();
    if (chdir(folder) < 0) complain(folder);
    execve(program, arguments, environment);
    complain(program ? program : "no program=");
    _exit(127);
  }
  int status = 0;
  for (pid_t ended; (ended = wait(&status)) != child;)
    if (ended < 0 && errno != EINTR) break;
  if (WIFSIGNALED(status)) leave("signal", WTERMSIG(status));
  leave("exit", WEXITSTATUS(status));
}
