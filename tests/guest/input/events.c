/*
 * Prints what the machine's input devices are and say, one line each, until the key F12 goes down or the time is over.
 *
 *   device event0 11/1/1/ab41 "AT Translated Set 2 keyboard"
 *   event0 KEY 30 1              the packet's changes, on one line
 *   gone event0
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define MAX 32
static int fds[MAX];
static char line[MAX][512];

static void add(const char *name) {
  int n;
  if (sscanf(name, "event%d", &n) != 1 || n < 0 || n >= MAX || fds[n] >= 0) return;
  char path[64];
  snprintf(path, sizeof path, "/dev/input/event%d", n);
  int fd = open(path, O_RDWR | O_NONBLOCK);
  if (fd < 0) {
    printf("error %s %s\n", path, strerror(errno));
    return;
  }
  struct input_id id = {0};
  char text[128] = "?";
  ioctl(fd, EVIOCGID, &id);
  ioctl(fd, EVIOCGNAME(sizeof text), text);
  fds[n] = fd;
  printf("device event%d %x/%x/%x/%x \"%s\"", n, id.bustype, id.vendor, id.product, id.version, text);
  unsigned char bits[ABS_CNT / 8] = {0};
  if (ioctl(fd, EVIOCGBIT(EV_ABS, sizeof bits), bits) > 0 && bits[0] & 3) {
    struct input_absinfo info;
    if (ioctl(fd, EVIOCGABS(ABS_X), &info) == 0) printf(" x %d..%d", info.minimum, info.maximum);
  }
  printf("\n");
}

static const char *type_name(int type) {
  static char other[16];
  switch (type) {
  case EV_SYN: return "SYN";
  case EV_KEY: return "KEY";
  case EV_REL: return "REL";
  case EV_ABS: return "ABS";
  case EV_LED: return "LED";
  case EV_REP: return "REP";
  }
  snprintf(other, sizeof other, "%d", type);
  return other;
}

int main(int argc, char **argv) {
  int seconds = argc > 1 ? atoi(argv[1]) : 60;
  setvbuf(stdout, NULL, _IOLBF, 0);
  memset(fds, -1, sizeof fds);
  int watch = inotify_init1(IN_NONBLOCK);
  inotify_add_watch(watch, "/dev/input", IN_CREATE);
  DIR *folder = opendir("/dev/input");
  for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) add(entry->d_name);
  printf("listening\n");
  struct timespec begin, now;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (;;) {
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - begin.tv_sec >= seconds) {
      printf("timeout\n");
      return 1;
    }
    struct pollfd polls[MAX + 1];
    polls[MAX] = (struct pollfd){watch, POLLIN, 0};
    for (int i = 0; i < MAX; i++) polls[i] = (struct pollfd){fds[i], POLLIN, 0};
    poll(polls, MAX + 1, 1000);
    if (polls[MAX].revents) {
      char buffer[4096] __attribute__((aligned(8)));
      ssize_t length = read(watch, buffer, sizeof buffer);
      for (ssize_t at = 0; at < length;) {
        struct inotify_event *event = (struct inotify_event *)(buffer + at);
        if (event->len) add(event->name);
        at += sizeof *event + event->len;
      }
    }
    for (int i = 0; i < MAX; i++) {
      if (fds[i] < 0 || !polls[i].revents) continue;
      struct input_event events[64];
      ssize_t length = read(fds[i], events, sizeof events);
      if (length < 0 && errno == ENODEV) {
        printf("gone event%d\n", i);
        close(fds[i]);
        fds[i] = -1;
        continue;
      }
      for (ssize_t at = 0; at < length / (ssize_t)sizeof *events; at++) {
        struct input_event *event = &events[at];
        size_t used = strlen(line[i]);
        if (event->type == EV_SYN && event->code == SYN_REPORT) {
          if (used) printf("event%d%s\n", i, line[i]);
          line[i][0] = 0;
        } else if (event->type != EV_MSC && used < sizeof line[i] - 40) {
          snprintf(line[i] + used, sizeof line[i] - used, " %s %d %d", type_name(event->type), event->code,
                   event->value);
        }
        if (event->type == EV_KEY && event->code == KEY_F12 && event->value == 1) {
          printf("end\n");
          return 0;
        }
      }
    }
  }
}
