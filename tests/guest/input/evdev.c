/*
 * /dev/input/eventN by the book: Linux drivers/input/evdev.c. Needs a PS/2 keyboard and a virtio tablet; presses its own
 * keys by writing events.
 */
#include "../programs/check.h"
#include <dirent.h>
#include <linux/input.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

static int open_named(const char *name, int flags) {
  for (int i = 0; i < 32; i++) {
    char path[64], found[128] = "";
    snprintf(path, sizeof path, "/dev/input/event%d", i);
    int fd = open(path, flags);
    if (fd < 0) continue;
    ioctl(fd, EVIOCGNAME(sizeof found), found);
    if (strcmp(found, name) == 0) return fd;
    close(fd);
  }
  return -1;
}
#define KEYBOARD "AT Translated Set 2 keyboard"
#define TABLET "QEMU Virtio Tablet"

static bool has(const unsigned char *bits, int bit) { return bits[bit / 8] >> (bit % 8) & 1; }

static void put(int fd, int type, int code, int value) {
  struct input_event events[2] = {{.type = type, .code = code, .value = value}, {.type = EV_SYN}};
  write(fd, events, sizeof events);
}

group(description) {
  int fd = open_named(KEYBOARD, O_RDWR | O_NONBLOCK);
  require(fd >= 0, "there is a PS/2 keyboard");
  int version = 0;
  check(gives(0, ioctl(fd, EVIOCGVERSION, &version)) && version == EV_VERSION, "the protocol has Linux's version");
  struct input_id id;
  check(gives(0, ioctl(fd, EVIOCGID, &id)) && id.bustype == BUS_I8042 && id.vendor == 1 && id.product == 1,
        "the ids are those of Linux's atkbd");
  char name[64];
  memset(name, 'x', sizeof name);
  check(gives(5, ioctl(fd, EVIOCGNAME(5), name)) && memcmp(name, "AT Trx", 6) == 0, "a name is cut to the room there is");
  check(gives(sizeof KEYBOARD, ioctl(fd, EVIOCGNAME(sizeof name), name)) && strcmp(name, KEYBOARD) == 0,
        "a whole name comes with its NUL");
  check(succeeds(ioctl(fd, EVIOCGPHYS(sizeof name), name)) && strcmp(name, "isa0060/serio0/input0") == 0,
        "the physical path says where it is");
  check(fails_with(ENOENT, ioctl(fd, EVIOCGUNIQ(sizeof name), name)), "without a serial number there is none");
  unsigned char bits[KEY_CNT / 8];
  memset(bits, 0, sizeof bits);
  check(gives(8, ioctl(fd, EVIOCGBIT(0, sizeof bits), bits)) && has(bits, EV_KEY) && has(bits, EV_LED) && has(bits, EV_REP) &&
            !has(bits, EV_ABS),
        "the types are told as whole words");
  check(gives(96, ioctl(fd, EVIOCGBIT(EV_KEY, sizeof bits), bits)) && has(bits, KEY_A) && has(bits, KEY_UP) &&
            !has(bits, BTN_LEFT),
        "the keys are those of a keyboard");
  check(gives(3, ioctl(fd, EVIOCGBIT(EV_KEY, 3), bits)), "a bitmap is cut to the room there is");
  check(gives(8, ioctl(fd, EVIOCGBIT(EV_LED, sizeof bits), bits)) && has(bits, LED_CAPSL), "it has LEDs");
  check(fails_with(EINVAL, ioctl(fd, EVIOCGBIT(0x1e, sizeof bits), bits)), "a type that is none is refused");
  check(gives(8, ioctl(fd, EVIOCGPROP(sizeof bits), bits)), "properties are told");
  struct input_absinfo info;
  check(fails_with(EINVAL, ioctl(fd, EVIOCGABS(ABS_X), &info)), "a keyboard has no axes");
  check(fails_with(EINVAL, ioctl(fd, TIOCSTI, "x")), "requests of terminals are refused");
  check(fails_with(EFAULT, ioctl(fd, EVIOCGVERSION, 8)), "a bad address is a fault");
  struct stat status;
  check(fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && major(status.st_rdev) == 13 && minor(status.st_rdev) >= 64,
        "the node has Linux's numbers");
  close(fd);
}

group(axes) {
  int fd = open_named(TABLET, O_RDWR);
  require(fd >= 0, "there is a virtio tablet");
  struct input_absinfo info;
  check(gives(0, ioctl(fd, EVIOCGABS(ABS_X), &info)) && info.minimum == 0 && info.maximum == 32767, "an axis has its range");
  info.maximum = 100;
  info.flat = 3;
  check(gives(0, ioctl(fd, EVIOCSABS(ABS_X), &info)), "a range can be set");
  memset(&info, 0, sizeof info);
  ioctl(fd, EVIOCGABS(ABS_X), &info);
  check(info.maximum == 100 && info.flat == 3, "what was set is told");
  info.maximum = 32767;
  info.flat = 0;
  ioctl(fd, EVIOCSABS(ABS_X), &info);
  close(fd);
}

group(reading) {
  int fd = open_named(KEYBOARD, O_RDWR | O_NONBLOCK), other = open_named(KEYBOARD, O_RDWR | O_NONBLOCK);
  struct input_event events[8];
  check(fails_with(EAGAIN, read(fd, events, sizeof events)), "nothing to read is EAGAIN");
  check(fails_with(EINVAL, read(fd, events, 10)), "room for less than an event is EINVAL");
  int epoll = epoll_create1(0);
  struct epoll_event watch = {.events = EPOLLIN}, ready;
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &watch);
  check(gives(0, epoll_wait(epoll, &ready, 1, 0)), "epoll waits");
  put(other, EV_KEY, KEY_F20, 1);
  check(gives(1, epoll_wait(epoll, &ready, 1, 0)) && ready.events == EPOLLIN, "epoll tells of a packet");
  check(gives(24, read(fd, events, 24)) && events[0].type == EV_KEY && events[0].code == KEY_F20 && events[0].value == 1,
        "one event is read where there is room for one");
  check(gives(24, read(fd, events, sizeof events)) && events[0].type == EV_SYN, "then the rest");
  check(gives(48, read(other, events, sizeof events)), "who wrote it reads it too");
  unsigned char keys[KEY_CNT / 8];
  check(gives(96, ioctl(fd, EVIOCGKEY(sizeof keys), keys)) && has(keys, KEY_F20), "the key is down");
  put(other, EV_KEY, KEY_F20, 1);
  check(fails_with(EAGAIN, read(fd, events, sizeof events)), "down again is no news");
  put(other, EV_KEY, KEY_F20, 0);
  read(fd, events, sizeof events);
  struct timespec now;
  unsigned clock = CLOCK_MONOTONIC;
  check(gives(0, ioctl(fd, EVIOCSCLOCKID, &clock)), "another clock can be chosen");
  put(other, EV_KEY, KEY_F20, 1);
  clock_gettime(CLOCK_MONOTONIC, &now);
  check(read(fd, events, sizeof events) == 48 && events[0].time.tv_sec <= now.tv_sec && now.tv_sec - events[0].time.tv_sec < 2,
        "events have that clock's time");
  read(other, events, sizeof events);
  check(read(other, events, sizeof events) == 48 || events[0].time.tv_sec > 1000000000, "others keep wall time");
  clock = CLOCK_THREAD_CPUTIME_ID;
  check(fails_with(EINVAL, ioctl(fd, EVIOCSCLOCKID, &clock)), "a clock of threads is refused");
  put(other, EV_KEY, KEY_F20, 0);
  close(epoll);
  close(fd);
  close(other);
}

group(leds) {
  int fd = open_named(KEYBOARD, O_RDWR | O_NONBLOCK), other = open_named(KEYBOARD, O_RDWR | O_NONBLOCK);
  unsigned char before[8], after[8];
  ioctl(fd, EVIOCGLED(sizeof before), before);
  put(fd, EV_LED, LED_SCROLLL, !has(before, LED_SCROLLL));
  struct input_event events[4];
  check(gives(48, read(other, events, sizeof events)) && events[0].type == EV_LED && events[0].code == LED_SCROLLL,
        "lighting an LED is an event");
  check(gives(8, ioctl(fd, EVIOCGLED(sizeof after), after)) && has(after, LED_SCROLLL) != has(before, LED_SCROLLL),
        "and can be asked");
  close(fd);
  close(other);
}

group(repeat) {
  int fd = open_named(KEYBOARD, O_RDWR);
  unsigned rate[2] = {0, 0};
  check(gives(0, ioctl(fd, EVIOCGREP, rate)) && rate[0] == 250 && rate[1] == 33, "keys repeat as Linux has it");
  unsigned fast[2] = {50, 10};
  check(gives(0, ioctl(fd, EVIOCSREP, fast)), "the rate can be set");
  struct input_event event;
  for (int i = 0; i < 3; i++) read(fd, &event, sizeof event);
  int64_t began = now_ns();
  put(fd, EV_KEY, KEY_F20, 1);
  int repeats = 0;
  while (repeats < 5 && now_ns() - began < 5000000000 && read(fd, &event, sizeof event) == sizeof event)
    if (event.type == EV_KEY && event.value == 2) repeats++;
  int64_t took = now_ns() - began;
  check(repeats == 5 && took >= 85000000, "a held key repeats at that rate, not before");
  put(fd, EV_KEY, KEY_F20, 0);
  ioctl(fd, EVIOCSREP, rate);
  close(fd);
  int tablet = open_named(TABLET, O_RDWR);
  check(fails_with(EINVAL, ioctl(tablet, EVIOCGREP, rate)), "what does not repeat has no rate");
  close(tablet);
}

group(grabbing) {
  int fd = open_named(KEYBOARD, O_RDWR | O_NONBLOCK), other = open_named(KEYBOARD, O_RDWR | O_NONBLOCK);
  struct input_event events[4];
  check(fails_with(EINVAL, ioctl(fd, EVIOCGRAB, 0)), "what was not taken cannot be given back");
  check(gives(0, ioctl(fd, EVIOCGRAB, 1)), "a device can be taken");
  check(fails_with(EBUSY, ioctl(other, EVIOCGRAB, 1)), "once");
  put(fd, EV_KEY, KEY_F21, 1);
  check(gives(48, read(fd, events, sizeof events)), "who has it hears it");
  check(fails_with(EAGAIN, read(other, events, sizeof events)), "others do not");
  put(other, EV_KEY, KEY_F21, 0);
  check(fails_with(EAGAIN, read(fd, events, sizeof events)), "and say nothing");
  close(fd);
  put(other, EV_KEY, KEY_F21, 0);
  check(gives(48, read(other, events, sizeof events)), "closing gives it back");
  close(other);
}

group(masks) {
  int fd = open_named(KEYBOARD, O_RDWR | O_NONBLOCK);
  unsigned char keys[KEY_CNT / 8] = {0};
  keys[KEY_F21 / 8] = 1 << KEY_F21 % 8;
  struct input_mask mask = {.type = EV_KEY, .codes_size = sizeof keys, .codes_ptr = (uintptr_t)keys};
  check(gives(0, ioctl(fd, EVIOCSMASK, &mask)), "a file can say which keys it wants");
  struct input_event events[4];
  put(fd, EV_KEY, KEY_F20, 1);
  put(fd, EV_KEY, KEY_F20, 0);
  check(fails_with(EAGAIN, read(fd, events, sizeof events)), "others do not come, nor does their packet's end");
  put(fd, EV_KEY, KEY_F21, 1);
  check(gives(48, read(fd, events, sizeof events)) && events[0].code == KEY_F21, "that one does");
  put(fd, EV_KEY, KEY_F21, 0);
  unsigned char told[KEY_CNT / 8];
  mask.codes_ptr = (uintptr_t)told;
  check(gives(0, ioctl(fd, EVIOCGMASK, &mask)) && memcmp(told, keys, sizeof keys) == 0, "the mask can be asked");
  close(fd);
}

group(overflow) {
  int fd = open_named(KEYBOARD, O_RDWR | O_NONBLOCK);
  for (int i = 0; i < 1000; i++) put(fd, EV_KEY, KEY_F20, i % 2 == 0);
  struct input_event events[1024];
  ssize_t length = read(fd, events, sizeof events);
  check(length >= 48 && events[0].type == EV_SYN && events[0].code == SYN_DROPPED, "who is too slow is told that events are lost");
  ssize_t count = length / (ssize_t)sizeof *events;
  check(events[count - 2].code == KEY_F20 && events[count - 2].value == 0 && events[count - 1].code == SYN_REPORT,
        "and has the last packet whole");
  close(fd);
}

group(revoking) {
  int fd = open_named(KEYBOARD, O_RDWR | O_NONBLOCK);
  struct input_event event;
  check(fails_with(EINVAL, ioctl(fd, EVIOCREVOKE, 1)), "an argument is refused");
  check(gives(0, ioctl(fd, EVIOCREVOKE, 0)), "access can be given up");
  check(fails_with(ENODEV, read(fd, &event, sizeof event)), "reading fails then");
  check(fails_with(ENODEV, write(fd, &event, sizeof event)), "writing too");
  int version;
  check(fails_with(ENODEV, ioctl(fd, EVIOCGVERSION, &version)), "and requests");
  struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
  check(gives(1, poll(&poll_fd, 1, 0)) && (poll_fd.revents & (POLLHUP | POLLERR)) == (POLLHUP | POLLERR), "poll tells of it");
  close(fd);
}

group(mice) {
  int mice = open("/dev/input/mice", O_RDWR | O_NONBLOCK), fd = open_named("ImExPS/2 Generic Explorer Mouse", O_RDWR);
  require(mice >= 0 && fd >= 0, "there are all mice, and a PS/2 mouse");
  unsigned char bytes[8];
  check(fails_with(EAGAIN, read(mice, bytes, sizeof bytes)), "nothing moved");
  put(fd, EV_REL, REL_X, 200);
  put(fd, EV_REL, REL_Y, 3);
  check(gives(3, read(mice, bytes, sizeof bytes)) && bytes[0] == 0x28 && bytes[1] == 127 && (signed char)bytes[2] == -3,
        "a movement is a packet of three bytes, down is negative");
  check(gives(3, read(mice, bytes, sizeof bytes)) && bytes[0] == 0x08 && bytes[1] == 73, "a long one is two");
  check(fails_with(EAGAIN, read(mice, bytes, sizeof bytes)), "then all is told");
  unsigned char knock[] = {0xf3, 200, 0xf3, 100, 0xf3, 80};
  check(gives(6, write(mice, knock, sizeof knock)) && read(mice, bytes, sizeof bytes) == 1 && bytes[0] == 0xfa,
        "the knock for the wheel is acknowledged");
  check(write(mice, "\xf2", 1) == 1 && gives(2, read(mice, bytes, sizeof bytes)) && bytes[1] == 3, "it has a wheel then");
  put(fd, EV_KEY, BTN_LEFT, 1);
  put(fd, EV_REL, REL_WHEEL, 1);
  check(gives(4, read(mice, bytes, sizeof bytes)) && bytes[0] == 0x09 && (signed char)bytes[3] == -1,
        "the button and the wheel are told");
  put(fd, EV_KEY, BTN_LEFT, 0);
  struct pollfd poll_fd = {.fd = mice, .events = POLLIN};
  check(gives(1, poll(&poll_fd, 1, 0)) && poll_fd.revents == POLLIN, "poll tells of news");
  close(mice);
  close(fd);
}

group(listings) {
  char *text = read_all("/proc/bus/input/devices");
  check(text && strstr(text, "N: Name=\"" KEYBOARD "\"\nP: Phys=isa0060/serio0/input0\n"), "/proc/bus/input/devices has the keyboard");
  check(text && strstr(text, "I: Bus=0011 Vendor=0001 Product=0001 Version=ab41\n"), "with its ids");
  check(text && strstr(text, "B: EV=120013\n"), "with its types as Linux prints them");
  check(text && strstr(text, TABLET), "and the tablet");
  text = read_all("/sys/class/input/event0/device/name");
  check(text && strlen(text) > 2 && text[strlen(text) - 1] == '\n', "/sys/class/input says the name");
  DIR *folder = opendir("/sys/class/input");
  int count = 0;
  for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) count += strncmp(entry->d_name, "event", 5) == 0;
  check(count == 3, "/sys/class/input has a directory for each device");
  check(access("/sys/class/input/event9", F_OK) < 0 && access("/sys/class/input/mouse", F_OK) < 0, "and no other");
  text = read_all("/sys/class/input/event0/dev");
  check(text && strcmp(text, "13:64\n") == 0, "and the device's numbers");
}
