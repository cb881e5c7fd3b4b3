/*
 * Random calls on a stretch of address space, compared page by page with what they must lead to: real page tables and
 * translation caches, which the unit test's simulated machine does not have. The seed is fixed; an argument that is a
 * number sets another.
 */
#include "check.h"
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define PAGE 4096UL
enum { PAGES = 192, FILE_PAGES = 64 };

struct page {
  bool mapped, shared, own, file;
  int protection, index; /* page of the file that it shows */
  int value;
};

static uint64_t state;

static uint32_t below(uint32_t bound) { /* splitmix64 */
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return (uint32_t)((z ^ z >> 31) >> 32) % bound;
}

struct arena {
  char *base;
  int fd;
  int file[FILE_PAGES];
  struct page pages[PAGES];
};

static int shown(struct arena *a, struct page *p) { return p->own ? p->value : p->file ? a->file[p->index] : 0; }

/* The first page that does not read as it must, or -1. `touch` also faults on what must fault. */
static int wrong_page(struct arena *a, bool touch) {
  for (int i = 0; i < PAGES; i++) {
    struct page *p = &a->pages[i];
    volatile int *at = (volatile int *)(a->base + i * PAGE);
    bool readable = p->mapped && p->protection != PROT_NONE;
    if (readable && *at != shown(a, p)) return i;
    if (!touch) continue;
    if (!readable && read_fault(at) != SIGSEGV) return i;
    if (readable && !(p->protection & PROT_WRITE) && write_fault(at) != SIGSEGV) return i;
  }
  return -1;
}

static const int protections[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC};

static bool step(struct arena *a) {
  int first = below(PAGES), count = 1 + below(PAGES - first < 40 ? PAGES - first : 40);
  char *at = a->base + first * PAGE;
  size_t size = count * PAGE;
  struct page *pages = a->pages + first;
  int protection = protections[below(5)];
  switch (below(9)) {
  case 0:
    if (mmap(at, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at) return false;
    for (int i = 0; i < count; i++) pages[i] = (struct page){.mapped = true, .protection = protection};
    return true;
  case 1: {
    bool shared = below(2);
    int index = below(FILE_PAGES);
    if (count > FILE_PAGES - index) count = FILE_PAGES - index;
    if (mmap(at, count * PAGE, protection, (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED, a->fd, index * PAGE) != at) return false;
    for (int i = 0; i < count; i++)
      pages[i] = (struct page){.mapped = true, .shared = shared, .file = true, .protection = protection, .index = index + i};
    return true;
  }
  case 2:
    if (munmap(at, size) != 0) return false;
    for (int i = 0; i < count; i++) pages[i].mapped = false;
    return true;
  case 3:
  case 4: {
    int hole = 0;
    while (hole < count && pages[hole].mapped) hole++;
    int result = mprotect(at, size, protection);
    if ((result == 0) != (hole == count)) return false;
    for (int i = 0; i < hole; i++) pages[i].protection = protection;
    return true;
  }
  case 5:
    madvise(at, size, MADV_DONTNEED);
    for (int i = 0; i < count; i++)
      if (pages[i].mapped) pages[i].own = false;
    return true;
  case 6:
  case 7:
    for (int i = 0; i < count; i++) {
      struct page *p = &pages[i];
      if (!p->mapped || !(p->protection & PROT_WRITE)) continue;
      int value = (int)below(1 << 30) + 1;
      *(volatile int *)(at + i * PAGE) = value;
      if (p->shared) a->file[p->index] = value;
      else p->own = true, p->value = value;
    }
    return true;
  default: {
    int target = below(PAGES - count + 1);
    bool whole = true;
    for (int i = 0; i < count; i++) whole = whole && pages[i].mapped;
    if (!whole || (target < first + count && first < target + count)) return true;
    char *to = a->base + target * PAGE;
    /* Only within one mapping: mremap refuses a range over several, but has cleared the target then. */
    if (mremap(at, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to) {
      munmap(to, size);
      for (int i = 0; i < count; i++) a->pages[target + i].mapped = false;
      return true;
    }
    memcpy(a->pages + target, pages, count * sizeof *pages);
    for (int i = 0; i < count; i++) pages[i].mapped = false;
    return true;
  }
  }
}

static void make_arena(struct arena *a, const char *name) {
  memset(a, 0, sizeof *a);
  a->base = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  a->fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
  require(a->base != MAP_FAILED && a->fd >= 0, "there is an arena and a file");
  for (int i = 0; i < FILE_PAGES; i++) {
    a->file[i] = i + 1000;
    pwrite(a->fd, &a->file[i], sizeof(int), i * PAGE);
  }
  ftruncate(a->fd, FILE_PAGES * PAGE);
  munmap(a->base, PAGES * PAGE);
}

static struct arena arena;

static bool run(int steps, bool touch) {
  for (int i = 0; i < steps; i++) {
    if (!step(&arena)) {
      note("step %d fails", i);
      return false;
    }
    int wrong = wrong_page(&arena, touch && i % 16 == 0);
    if (wrong >= 0) {
      note("step %d: page %d is wrong", i, wrong);
      return false;
    }
  }
  return true;
}

group(alone) {
  enter_scratch();
  for (int seed = 1; seed <= 8; seed++) {
    state = seed;
    make_arena(&arena, "alone");
    check(run(600, true), "600 random calls lead to the pages they must");
    munmap(arena.base, PAGES * PAGE);
    close(arena.fd);
  }
}

static volatile bool busy;

static void *other_thread(void *argument) {
  (void)argument;
  volatile long sum = 0;
  while (busy)
    for (int i = 0; i < 1000; i++) sum += i;
  return NULL;
}

group(beside_a_thread) {
  enter_scratch();
  state = 100;
  pthread_t thread;
  busy = true;
  require(pthread_create(&thread, NULL, other_thread, NULL) == 0, "a thread starts");
  make_arena(&arena, "beside");
  check(run(600, false), "600 random calls while another thread runs");
  busy = false;
  pthread_join(thread, NULL);
  munmap(arena.base, PAGES * PAGE);
  close(arena.fd);
}

group(over_forks) {
  enter_scratch();
  state = 200;
  make_arena(&arena, "forks");
  bool ok = true;
  for (int generation = 0; generation < 12 && ok; generation++) {
    ok = run(60, false);
    /* The child changes what is its own only; shared pages it leaves as they are, and the parent waits with its own. */
    pid_t child = fork();
    if (child == 0) {
      for (int i = 0; i < PAGES; i++) {
        struct page *p = &arena.pages[i];
        if (!p->mapped || p->shared || !(p->protection & PROT_WRITE)) continue;
        *(volatile int *)(arena.base + i * PAGE) = -i;
        p->own = true;
        p->value = -i;
      }
      _exit(wrong_page(&arena, false) >= 0);
    }
    int status = -1;
    ok = ok && waitpid(child, &status, 0) == child && status == 0 && wrong_page(&arena, false) < 0;
  }
  check(ok, "parent and children keep their pages apart over 12 forks");
}
