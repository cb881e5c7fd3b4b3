/* eat HOW: take memory in one of several ways until there is none. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MB (1UL << 20)
#define GB (1UL << 30)

static void eat(int seed) {
  for (;;) {
    char *p = mmap(NULL, MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) _exit(3);
    memset(p, seed, MB);
  }
}

/* One page in every page table. */
static void eat_tables(void) {
  char *p = mmap(NULL, 4000 * GB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) _exit(3);
  for (size_t at = 0; at < 4000 * GB; at += 2 * MB) p[at] = 1;
}

/* The kernel's own copy to user memory meets the end of memory. */
static void eat_by_read(void) {
  int pipes[2];
  if (pipe(pipes) != 0) _exit(3);
  for (;;) {
    char *p = mmap(NULL, MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) _exit(3);
    for (size_t at = 0; at < MB; at += 4096)
      if (write(pipes[1], "x", 1) != 1 || read(pipes[0], p + at, 1) != 1) _exit(4);
  }
}

int main(int count, char **arguments) {
  setvbuf(stdout, NULL, _IONBF, 0);
  const char *how = count > 1 ? arguments[1] : "";
  if (strcmp(how, "alone") == 0) eat(1);
  if (strcmp(how, "tables") == 0) eat_tables();
  if (strcmp(how, "read") == 0) eat_by_read();
  if (strcmp(how, "child") == 0) {
    int status;
    pid_t child = fork();
    if (child == 0) eat(1);
    if (waitpid(child, &status, 0) != child) return 3;
    printf("the child ended by signal %d\n", WTERMSIG(status));
    return 0;
  }
  if (strcmp(how, "children") == 0) {
    for (int i = 0; i < 5; i++)
      if (fork() == 0) eat(i);
    int ended = 0, status;
    while (wait(&status) > 0) ended += WIFSIGNALED(status) && WTERMSIG(status) == 9;
    printf("%d children ended\n", ended);
    return 0;
  }
  return 2;
}
