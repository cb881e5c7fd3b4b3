// Says what it was started with, repeats its input, and ends with status 7.
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysinfo.h>

int main(int count, char **words) {
  struct sysinfo info;
  printf("args:");
  for (int i = 1; i < count; i++) printf(" %s", words[i]);
  const char *greeting = getenv("GREETING");
  printf("\ngreeting: %s\n", greeting ? greeting : "none");
  sysinfo(&info);
  printf("memory: %lu MiB\n", info.totalram * info.mem_unit >> 20);
  fflush(stdout);
  for (int byte; (byte = getchar()) != EOF;) putchar(byte);
  return 7;
}
