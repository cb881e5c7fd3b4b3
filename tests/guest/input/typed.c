/* Prints what is typed on the terminal, which it takes raw: each read as a line of JSON, until Ctrl-D. */
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

int main(void) {
  struct termios settings, before;
  tcgetattr(0, &before);
  settings = before;
  cfmakeraw(&settings);
  settings.c_oflag = before.c_oflag;
  tcsetattr(0, TCSANOW, &settings);
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    unsigned char byte;
    if (read(0, &byte, 1) != 1 || byte == 4) break;
    printf("%02x\n", byte);
    fflush(stdout);
  }
  tcsetattr(0, TCSANOW, &before);
  printf("end\n");
  return 0;
}
