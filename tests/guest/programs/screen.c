// Writes to the console what screens are to show: `screen` alone plain text, otherwise what is named.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define KDSETMODE 0x4b3a
#define KDGETMODE 0x4b3b
#define KDGKBMODE 0x4b44

static void colors(void) {
  for (int i = 0; i < 16; i++) printf("\033[48;5;%dm  ", i);
  printf("\033[m\r\n");
  for (int i = 16; i < 232; i++) {
    printf("\033[48;5;%dm ", i);
    if ((i - 16) % 72 == 71) printf("\033[m\r\n");
  }
  for (int i = 0; i < 72; i++) printf("\033[48;2;%d;%d;%dm ", 255 - i * 3, i * 3, (i * 7) & 255);
  printf("\033[m\r\n");
  printf("\033[1mbold\033[m \033[2mdim\033[m \033[3mitalic\033[m \033[4munderline\033[m \033[4:3mcurly\033[m \033[7minverse\033[m "
         "\033[9mstrike\033[m \033[21mdouble\033[m \033[53mover\033[m \033[31mred \033[1;32mbright green\033[m\r\n");
}

static void text(void) {
  printf("The quick brown fox jumps over the lazy dog 0123456789\n");
  printf("Zażółć gęślą jaźń · Größe, naïve, Ærøskøbing, Ñandú\n");
  printf("Ξεσκεπάζω την ψυχοφθόρα βδελυγμία\n");
  printf("Съешь же ещё этих мягких французских булок\n");
  printf("┌──────┬──────┐ ╔═══╗ ▁▂▃▄▅▆▇█ ░▒▓ ←↑→↓ ✓✗ ⠋⠙⠹⠸\n");
  printf("│ cell │ cell │ ║   ║ e\u0301 a\u0308 combining, 漢字 wide\n");
  printf("└──────┴──────┘ ╚═══╝ \033(0lqqk x  x mqqj\033(B\n");
}

static void pager(void) {
  printf("\033[?1049h\033[H\033[2J");
  for (int i = 1; i < 20; i++) printf("line %d of the manual\r\n", i);
  printf("\033[7m--More--(47%%)\033[m");
}

static void progress(void) {
  for (int i = 0; i <= 100; i++) {
    printf("\r\033[K[");
    for (int j = 0; j < 40; j++) putchar(j * 100 < i * 40 ? '#' : '.');
    printf("] %3d %%", i);
  }
  printf("\n");
}

static void scroll(void) {
  for (int i = 1; i <= 300; i++) printf("line %d\n", i);
}

// Asks where the cursor is and shows what the terminal answers.
static void query(int console) {
  struct termios settings, raw;
  char answer[32];
  int length = 0;
  tcgetattr(console, &settings);
  raw = settings;
  cfmakeraw(&raw);
  tcsetattr(console, TCSANOW, &raw);
  write(console, "\033[6n", 4);
  while (length < 31 && read(console, answer + length, 1) == 1 && answer[length++] != 'R') {
  }
  answer[length] = 0;
  tcsetattr(console, TCSANOW, &settings);
  printf("answer %s\n", length ? answer + 1 : "none");
}

static void flood(void) {
  static char line[80];
  memset(line, 'x', 79);
  line[79] = '\n';
  for (int i = 0; i < 1024 * 1024 / 80; i++) fwrite(line, 1, 80, stdout);
}

int main(int count, char** names) {
  struct winsize window = {0};
  int console = open("/dev/console", O_RDWR | O_NOCTTY);
  int stream = dup(1);
  dup2(console, 1);
  ioctl(1, TIOCGWINSZ, &window);
  for (int i = 1; i < count; i++) {
    const char* name = names[i];
    if (!strcmp(name, "colors")) colors();
    if (!strcmp(name, "text")) text();
    if (!strcmp(name, "pager")) pager();
    if (!strcmp(name, "progress")) progress();
    if (!strcmp(name, "scroll")) scroll();
    if (!strcmp(name, "stream")) dprintf(stream, "one line\nand another\n");
    if (!strcmp(name, "kind")) printf("terminal %s\n", getenv("TERM") ? getenv("TERM") : "unknown");
    if (!strcmp(name, "query")) query(console);
    if (!strcmp(name, "flood")) flood();
    if (!strcmp(name, "window")) printf("%d columns, %d rows\n", window.ws_col, window.ws_row);
    if (!strcmp(name, "graphics")) {
      int mode = -1, keyboard = -1;
      ioctl(console, KDSETMODE, 1);
      ioctl(console, KDGETMODE, &mode);
      ioctl(console, KDGKBMODE, &keyboard);
      printf("mode %d keyboard %d\n", mode, keyboard);
    }
    if (!strcmp(name, "back")) ioctl(console, KDSETMODE, 0);
    fflush(stdout);
  }
  printf("done\n");
  fflush(stdout);
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  return 0;
}
