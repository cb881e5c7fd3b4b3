/* build: static -O2
 * Console output: megabytes of lines on standard output, from the first write to the last byte taken.
 *
 *   console raw|cooked MEGABYTES      bytes as they are, or newlines as carriage return and newline
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096

static long now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 3) return 64;
  long total = atol(argv[2]) << 20;
  struct termios settings;
  if (tcgetattr(1, &settings) == 0) {
    settings.c_oflag = strcmp(argv[1], "cooked") == 0 ? OPOST | ONLCR : 0;
    tcsetattr(1, TCSANOW, &settings);
  }
  static char block[BLOCK + 80];
  size_t length = 0;
  for (int line = 0; length < BLOCK; line++)
    length += sprintf(block + length, "%04d the quick brown fox jumps over the lazy dog, again and again\n", line);
  length = BLOCK;
  block[BLOCK - 1] = '\n';
  long start = now_ns();
  for (long done = 0; done < total;) {
    ssize_t written = write(1, block, length);
    if (written < 0) return 1;
    done += written;
  }
  if (isatty(1)) tcdrain(1);
  long took = now_ns() - start;
  printf("bench output_%s %.1f ns/byte\n", argv[1], (double)took / total);
  return 0;
}
