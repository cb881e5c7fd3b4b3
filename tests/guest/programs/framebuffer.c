/*
 * /dev/fb0 by the Linux fbdev interface. `framebuffer` checks; `framebuffer pattern [WIDTHxHEIGHT[-BITS]]` paints eight color
 * bars with a white frame around them, says "painted", and ends at the end of its input: for whoever takes a picture.
 */
#define CHECK_OWN_MAIN
#include "check.h"
#include <linux/fb.h>
#include <linux/kd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>

static int fb = -1;
static struct fb_var_screeninfo first;
static struct fb_fix_screeninfo fixed;

static bool has_screen(void) {
  if (fb < 0) fb = open("/dev/fb0", O_RDWR | O_CLOEXEC);
  return fb >= 0 && ioctl(fb, FBIOGET_VSCREENINFO, &first) == 0 && ioctl(fb, FBIOGET_FSCREENINFO, &fixed) == 0;
}

static uint8_t *map_all(void) {
  void *pixels = mmap(NULL, fixed.smem_len, PROT_READ | PROT_WRITE, MAP_SHARED, fb, 0);
  return pixels == MAP_FAILED ? NULL : pixels;
}

group(description) {
  require(has_screen(), "/dev/fb0 opens and describes itself");
  struct stat info;
  check(fstat(fb, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(29, 0), "it is character device 29:0");
  check(first.xres >= 64 && first.yres >= 64, "it has a resolution");
  check(first.xres_virtual == first.xres && first.yres_virtual >= first.yres, "the virtual one is no smaller");
  check(first.bits_per_pixel == 16 || first.bits_per_pixel == 24 || first.bits_per_pixel == 32, "pixels are whole bytes");
  check(fixed.line_length >= first.xres * first.bits_per_pixel / 8, "a line holds its pixels");
  check(fixed.smem_len >= fixed.line_length * first.yres_virtual, "the memory holds all lines");
  check(fixed.type == FB_TYPE_PACKED_PIXELS && fixed.visual == FB_VISUAL_TRUECOLOR, "pixels are packed true colors");
  check(first.red.length >= 5 && first.green.length >= 5 && first.blue.length >= 5, "with at least five bits a color");
  check(strnlen(fixed.id, 16) > 0 && strnlen(fixed.id, 16) < 16, "the id is a string");
  double rate = 1e12 / ((double)first.pixclock * first.xres * first.yres);
  check(rate > 55 && rate < 80, "the pixel clock gives a refresh rate");
  check(fails_with(EFAULT, ioctl(fb, FBIOGET_VSCREENINFO, (void *)8)), "a bad address is EFAULT");
  check(fails_with(ENOTTY, ioctl(fb, 0x46ff, &first)), "an unknown request is ENOTTY");
  check(fails_with(ENOTTY, ioctl(fb, 0x5401, &first)), "it is no terminal");
}

group(bytes) {
  require(has_screen(), "/dev/fb0 opens");
  uint32_t row[4] = {0x11223344, 0x55667788, 0x99aabbcc, 0x0}, back[4] = {0};
  check(gives(16, pwrite(fb, row, 16, fixed.line_length)) && gives(16, pread(fb, back, 16, fixed.line_length)), "bytes can be written and read");
  check(memcmp(row, back, 16) == 0, "and are the same");
  uint8_t *pixels = map_all();
  require(pixels != NULL, "the memory can be mapped");
  check(memcmp(pixels + fixed.line_length, row, 16) == 0, "mapped memory shows them");
  uint8_t flipped = 255 - ((uint8_t *)row)[5];
  pixels[fixed.line_length + 5] = flipped;
  check(gives(16, pread(fb, back, 16, fixed.line_length)) && ((uint8_t *)back)[5] == flipped, "and reading shows what was stored there");
  pixels[fixed.smem_len - 1] = 7;
  check(pixels[fixed.smem_len - 1] == 7, "the last byte is memory too");
  check(gives(fixed.smem_len, lseek(fb, fixed.smem_len, SEEK_SET)), "one can seek to the end");
  check(gives(0, read(fb, back, 4)), "where reading gives nothing");
  check(fails_with(ENOSPC, write(fb, row, 4)), "and writing is ENOSPC");
  check(fails_with(EFBIG, pwrite(fb, row, 4, fixed.smem_len + 4096)), "beyond it is EFBIG");
  check(gives(4, pwrite(fb, row, 16, fixed.smem_len - 4)), "a write that runs over the end stops there");
  check(fails_with(EINVAL, lseek(fb, -1, SEEK_SET)), "before the beginning is EINVAL");
  int other = open("/dev/fb0", O_RDONLY);
  check(fails_with(EBADF, write(other, row, 4)), "a descriptor for reading does not write");
  check(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, other, 0) == MAP_FAILED && errno == EACCES, "nor map for writing");
  close(other);
  struct iovec local = {back, 16}, remote = {pixels, 16};
  check(fails_with(EFAULT, process_vm_readv(getpid(), &local, 1, &remote, 1, 0)), "process_vm_readv does not reach device memory");
  pid_t child = fork();
  if (child == 0) {
    pixels[3] = 0x5a;
    _exit(0);
  }
  siginfo_t end;
  waitid(P_PID, child, &end, WEXITED);
  check(pixels[3] == 0x5a, "a child's stores show");
  check(gives(0, munmap(pixels, fixed.smem_len)), "it can be unmapped");
}

group(panning) {
  require(has_screen(), "/dev/fb0 opens");
  struct fb_var_screeninfo wanted = first;
  wanted.yres_virtual = first.yres * 2;
  if (ioctl(fb, FBIOPUT_VSCREENINFO, &wanted) < 0 || wanted.yres_virtual < first.yres * 2) {
    note("no second page here");
    return;
  }
  has_screen();
  check(first.yres_virtual == first.yres * 2, "a second page can be had");
  check(fixed.smem_len >= fixed.line_length * first.yres_virtual, "with memory behind it");
  check(fixed.ypanstep == 1, "panning goes by lines");
  struct fb_var_screeninfo pan = first;
  pan.yoffset = first.yres;
  check(gives(0, ioctl(fb, FBIOPAN_DISPLAY, &pan)), "the second page can be shown");
  has_screen();
  check(first.yoffset == first.yres, "and is told of");
  pan.yoffset = first.yres + 1;
  check(fails_with(EINVAL, ioctl(fb, FBIOPAN_DISPLAY, &pan)), "beyond it is EINVAL");
  pan.yoffset = 0xffffffff;
  check(fails_with(EINVAL, ioctl(fb, FBIOPAN_DISPLAY, &pan)), "far beyond too");
  pan.yoffset = 0, pan.xoffset = 1;
  check(fails_with(EINVAL, ioctl(fb, FBIOPAN_DISPLAY, &pan)), "sideways is EINVAL");
  pan.xoffset = 0;
  check(gives(0, ioctl(fb, FBIOPAN_DISPLAY, &pan)), "the first page can be shown again");
}

group(modes) {
  require(has_screen(), "/dev/fb0 opens");
  struct fb_var_screeninfo old = first, wanted = first;
  wanted.xres = wanted.xres_virtual = 800, wanted.yres = wanted.yres_virtual = 600, wanted.yoffset = 0;
  wanted.activate = FB_ACTIVATE_TEST;
  require(succeeds(ioctl(fb, FBIOPUT_VSCREENINFO, &wanted)), "a mode can be tried");
  has_screen();
  check(first.xres == old.xres && first.yres == old.yres, "which changes nothing");
  if (wanted.xres != 800 || fixed.ypanstep == 0) {
    note("this screen has one mode");
    return;
  }
  wanted.activate = FB_ACTIVATE_NOW;
  check(gives(0, ioctl(fb, FBIOPUT_VSCREENINFO, &wanted)), "and set");
  has_screen();
  check(first.xres == 800 && first.yres == 600 && fixed.line_length >= 800 * first.bits_per_pixel / 8, "then it is 800 by 600");
  uint8_t *pixels = map_all();
  require(pixels != NULL, "and can be mapped");
  pixels[0] = 1, pixels[fixed.line_length * 599] = 2;
  uint8_t bytes[2];
  check(pread(fb, bytes, 1, 0) == 1 && pread(fb, bytes + 1, 1, fixed.line_length * 599) == 1 && bytes[0] == 1 && bytes[1] == 2, "first and last line are there");
  wanted = first, wanted.xres = wanted.xres_virtual = 16384, wanted.yres = wanted.yres_virtual = 16384;
  check(fails_with(EINVAL, ioctl(fb, FBIOPUT_VSCREENINFO, &wanted)), "a mode too large for the memory is EINVAL");
  wanted = first, wanted.xres = wanted.xres_virtual = 0x80000001, wanted.yres = wanted.yres_virtual = 0x80000001;
  check(fails_with(EINVAL, ioctl(fb, FBIOPUT_VSCREENINFO, &wanted)), "one too large for numbers too");
  wanted = first, wanted.xres = wanted.xres_virtual = 0;
  check(fails_with(EINVAL, ioctl(fb, FBIOPUT_VSCREENINFO, &wanted)), "no width is EINVAL");
  wanted = first, wanted.bits_per_pixel = 7;
  check(fails_with(EINVAL, ioctl(fb, FBIOPUT_VSCREENINFO, &wanted)), "seven bits a pixel are EINVAL");
  wanted = first, wanted.yoffset = 1;
  check(fails_with(EINVAL, ioctl(fb, FBIOPUT_VSCREENINFO, &wanted)), "an offset beyond the virtual screen is EINVAL");
  has_screen();
  check(first.xres == 800 && first.yres == 600, "after all that it is still 800 by 600");
  check(pixels[0] == 1, "with its content");
  wanted = old, wanted.activate = FB_ACTIVATE_NOW;
  check(gives(0, ioctl(fb, FBIOPUT_VSCREENINFO, &wanted)), "the old mode can be set again");
  has_screen();
  check(first.xres == old.xres && first.yres == old.yres, "and is there");
  pixels[0] = 3;
  check(pread(fb, bytes, 1, 0) == 1 && bytes[0] == 3, "the mapping made before shows the new memory");
  munmap(pixels, fixed.smem_len);
}

group(colors) {
  require(has_screen(), "/dev/fb0 opens");
  uint16_t red[16], green[16], blue[16];
  for (int i = 0; i < 16; i++) red[i] = i * 1000, green[i] = i * 2000, blue[i] = i * 3000;
  struct fb_cmap map = {.start = 2, .len = 14, .red = red, .green = green, .blue = blue};
  check(gives(0, ioctl(fb, FBIOPUTCMAP, &map)), "sixteen colors are kept");
  memset(red, 0, sizeof red), memset(blue, 0, sizeof blue);
  check(gives(0, ioctl(fb, FBIOGETCMAP, &map)) && red[13] == 13000 && blue[1] == 3000, "and told again");
  map.start = 16;
  check(fails_with(EINVAL, ioctl(fb, FBIOPUTCMAP, &map)), "a seventeenth is EINVAL");
  map.start = 0, map.len = 0xffffffff;
  check(fails_with(EINVAL, ioctl(fb, FBIOPUTCMAP, &map)), "so many are EINVAL");
  map.len = 16, map.red = (void *)8;
  check(fails_with(EFAULT, ioctl(fb, FBIOGETCMAP, &map)), "a bad address is EFAULT");
}

group(pictures) {
  require(has_screen(), "/dev/fb0 opens");
  unsigned crtc = 0;
  ioctl(fb, FBIO_WAITFORVSYNC, &crtc);
  int64_t began = now_ns();
  int count = 0;
  for (; count < 30; count++)
    if (ioctl(fb, FBIO_WAITFORVSYNC, &crtc) != 0) break;
  int64_t each = (now_ns() - began) / 30;
  check(count == 30, "one can wait for the next picture");
  check(each > 12000000 && each < 40000000, "which comes about sixty times a second");
  note("%ld us a picture", (long)(each / 1000));
  struct fb_vblank blank;
  check(gives(0, ioctl(fb, FBIOGET_VBLANK, &blank)) && (blank.flags & FB_VBLANK_HAVE_COUNT), "pictures are counted");
  check(fails_with(EFAULT, ioctl(fb, FBIO_WAITFORVSYNC, (void *)8)), "a bad address is EFAULT");
  if (ioctl(fb, FBIOBLANK, FB_BLANK_NORMAL) == 0) {
    char *blanked = read_all("/sys/class/graphics/fb0/blank");
    check(blanked && blanked[0] == '1', "the screen can be blanked");
    check(gives(0, ioctl(fb, FBIOBLANK, FB_BLANK_UNBLANK)), "and comes back");
  }
  check(fails_with(EINVAL, ioctl(fb, FBIOBLANK, 9)), "an unknown state is EINVAL");
}

group(files) {
  require(has_screen(), "/dev/fb0 opens");
  char expected[128], *text;
  snprintf(expected, sizeof expected, "%u,%u\n", first.xres_virtual, first.yres_virtual);
  text = read_all("/sys/class/graphics/fb0/virtual_size");
  check(text && strcmp(text, expected) == 0, "sysfs tells the size");
  snprintf(expected, sizeof expected, "%u\n", first.bits_per_pixel);
  text = read_all("/sys/class/graphics/fb0/bits_per_pixel");
  check(text && strcmp(text, expected) == 0, "the depth");
  snprintf(expected, sizeof expected, "%u\n", fixed.line_length);
  text = read_all("/sys/class/graphics/fb0/stride");
  check(text && strcmp(text, expected) == 0, "the line length");
  snprintf(expected, sizeof expected, "U:%ux%up-60\n", first.xres, first.yres);
  text = read_all("/sys/class/graphics/fb0/modes");
  check(text && strcmp(text, expected) == 0, "and the mode");
  snprintf(expected, sizeof expected, "0 %s\n", fixed.id);
  text = read_all("/proc/fb");
  check(text && strcmp(text, expected) == 0, "/proc/fb tells the driver");
}

/* What a machine without a screen shows. */
group(absent) {
  if (access("/dev/fb0", F_OK) == 0) {
    note("there is a screen");
    return;
  }
  check(fails_with(ENOENT, open("/dev/fb0", O_RDWR)), "without a screen there is no /dev/fb0");
  check(gives(0, mknod("/tmp/fb", S_IFCHR | 0600, makedev(29, 0))) && fails_with(ENXIO, open("/tmp/fb", O_RDWR)), "a node made by hand is ENXIO");
  char *text = read_all("/proc/fb");
  check(text && text[0] == 0, "/proc/fb is empty");
}

static void put_pixel(uint8_t *at, int red, int green, int blue) {
  uint32_t value = (uint32_t)(red >> (8 - first.red.length)) << first.red.offset |
                   (uint32_t)(green >> (8 - first.green.length)) << first.green.offset |
                   (uint32_t)(blue >> (8 - first.blue.length)) << first.blue.offset;
  for (unsigned i = 0; i < first.bits_per_pixel / 8; i++) at[i] = value >> (8 * i);
}

/* The text console keeps off the screen, or writes on it again. */
static void set_console(int mode) {
  int console = open("/dev/tty0", O_RDWR | O_NOCTTY);
  if (console < 0) console = open("/dev/console", O_RDWR | O_NOCTTY);
  ioctl(console, KDSETMODE, mode);
  close(console);
}

static int paint(const char *mode) {
  if (!has_screen()) return 2;
  set_console(KD_GRAPHICS);
  unsigned width, height, bits = 32;
  if (mode && sscanf(mode, "%ux%u-%u", &width, &height, &bits) >= 2) {
    first.xres = first.xres_virtual = width, first.yres = first.yres_virtual = height;
    first.bits_per_pixel = bits, first.activate = FB_ACTIVATE_NOW;
    first.red.length = first.green.length = first.blue.length = 0;
    if (ioctl(fb, FBIOPUT_VSCREENINFO, &first) < 0) {
      say("%s: %s\n", mode, strerror(errno));
      return 3;
    }
    has_screen();
  }
  uint8_t *pixels = map_all();
  if (!pixels) return 4;
  for (unsigned y = 0; y < first.yres; y++) {
    for (unsigned x = 0; x < first.xres; x++) {
      uint8_t *at = pixels + y * fixed.line_length + x * (first.bits_per_pixel / 8);
      unsigned bar = x * 8 / first.xres;
      bool edge = x == 0 || y == 0 || x == first.xres - 1 || y == first.yres - 1;
      if (edge) put_pixel(at, 255, 255, 255);
      else put_pixel(at, bar & 4 ? 255 : 0, bar & 2 ? 255 : 0, bar & 1 ? 255 : 0);
    }
  }
  say("painted %ux%u-%u\n", first.xres, first.yres, first.bits_per_pixel);
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  set_console(KD_TEXT);
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "pattern") == 0) return paint(argv[2]);
  return check_main(argc - 1, argv + 1);
}
