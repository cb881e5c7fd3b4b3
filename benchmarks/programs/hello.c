/* build: static -O2
 * One line, with the time stamp counter at main: cycles since the machine was reset. */
#include <stdio.h>
#include <time.h>

int main(void) {
  unsigned long cycles = __builtin_ia32_rdtsc();
  struct timespec up;
  clock_gettime(CLOCK_BOOTTIME, &up);
  printf("hello eggos\nbench main_cycles %lu cycles\nbench uptime_at_main %ld ns\n", cycles, up.tv_sec * 1000000000L + up.tv_nsec);
  return 0;
}
