/* build: static -O2
 * The frame buffer device, measured by a program of its own: whole-screen fills and copies through a mapping, by write(2), and
 * the calls that a picture takes.
 *
 *   graphics
 *
 * Each is run for 300 ms or more, five times over; the line says the median in MB/s, or ns an operation:
 *   bench NAME MEDIAN UNIT BEST
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 5, ROUND_NS = 300000000 };

static struct fb_var_screeninfo screen;
static struct fb_fix_screeninfo fixed;
static int fb;
static uint8_t *pixels, *memory;
static size_t bytes;
static int turn;

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

static void fill(void) { memset(pixels, turn++, bytes); }
static void fill_memory(void) { memset(memory, turn++, bytes); }
static void blit(void) { memcpy(pixels, memory, bytes); }
static void blit_rows(void) {
  for (unsigned y = 0; y < 256; y++) memcpy(pixels + (100 + y) * fixed.line_length + 400, memory + y * 1024, 1024);
}
static void read_back(void) { memcpy(memory, pixels, bytes / 16); }
static void by_write(void) {
  if (pwrite(fb, memory, bytes, 0) < 0) exit(1);
}
static void pan(void) {
  struct fb_var_screeninfo where = screen;
  where.yoffset = 0;
  if (ioctl(fb, FBIOPAN_DISPLAY, &where) < 0) exit(1);
}
static void information(void) {
  struct fb_var_screeninfo where;
  if (ioctl(fb, FBIOGET_VSCREENINFO, &where) < 0) exit(1);
}

static int order(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return left < right ? -1 : left > right;
}

/* The median and the best time of one operation, in ns. */
static double measure(void (*run)(void), double *best) {
  double times[ROUNDS];
  run();
  for (int round = 0; round < ROUNDS; round++) {
    int64_t began = now_ns(), elapsed;
    long count = 0;
    do {
      run();
      count++;
      elapsed = now_ns() - began;
    } while (elapsed < ROUND_NS);
    times[round] = (double)elapsed / count;
  }
  qsort(times, ROUNDS, sizeof *times, order);
  *best = times[0];
  return times[ROUNDS / 2];
}

static void time_of(const char *name, void (*run)(void)) {
  double best, median = measure(run, &best);
  printf("bench %s %.0f ns %.0f\n", name, median, best);
}

int main(void) {
  for (int i = 0; i < 100 && (fb = open("/dev/fb0", O_RDWR)) < 0; i++) usleep(50000);
  if (fb < 0 || ioctl(fb, FBIOGET_VSCREENINFO, &screen) < 0 || ioctl(fb, FBIOGET_FSCREENINFO, &fixed) < 0) {
    perror("/dev/fb0");
    return 1;
  }
  bytes = (size_t)fixed.line_length * screen.yres;
  pixels = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fb, 0);
  memory = malloc(bytes);
  if (pixels == MAP_FAILED || !memory) return 2;
  memset(memory, 1, bytes);
  printf("screen %.16s %ux%u-%u\n", fixed.id, screen.xres, screen.yres, screen.bits_per_pixel);
  time_of("control_fill_memory", fill_memory);
  time_of("fill_screen", fill);
  time_of("blit_screen", blit);
  time_of("blit_256x256", blit_rows);
  time_of("read_back_16th", read_back);
  time_of("write_screen", by_write);
  time_of("information", information);
  struct fb_var_screeninfo where = screen;
  if (ioctl(fb, FBIOPAN_DISPLAY, &where) == 0) time_of("pan", pan); /* efifb cannot */
  return 0;
}
