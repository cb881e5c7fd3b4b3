/* Address spaces: mmap, munmap, mprotect, mremap, madvise, brk, file mappings, faults, stack growth. */
#include "check.h"
#include <sys/mman.h>
#include <sys/resource.h>

#define PAGE 4096UL
#define MB (1024UL * 1024)
#define GB (1024UL * MB)

/* mincore is the kernel's own word for "is there a mapping here": ENOMEM where there is none. */
static bool is_mapped(void *address) {
  unsigned char state;
  return mincore(address, PAGE, &state) == 0;
}

static char *map_anonymous(size_t size) {
  return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static bool all_bytes(const char *at, size_t size, char value) {
  for (size_t i = 0; i < size; i++)
    if (at[i] != value) return false;
  return true;
}

group(anonymous) {
  char *p = map_anonymous(8 * PAGE);
  require(p != MAP_FAILED, "mmap gives anonymous memory");
  check(((uintptr_t)p & (PAGE - 1)) == 0, "mmap returns a page-aligned address");
  check(all_bytes(p, 8 * PAGE, 0), "anonymous memory reads as zeros");
  memset(p, 0x5a, 8 * PAGE);
  check(all_bytes(p, 8 * PAGE, 0x5a), "anonymous memory keeps what is written");
  check(gives(0, munmap(p, 8 * PAGE)), "munmap returns 0");
  check(read_fault(p) == SIGSEGV && fault_info.si_code == SEGV_MAPERR, "unmapped memory faults with SEGV_MAPERR");
  check(fault_info.si_addr == p, "si_addr is the address that faulted");
  check(gives(0, munmap(p, 8 * PAGE)), "munmap of a range without mappings succeeds");

  char *q = map_anonymous(100);
  check(q != MAP_FAILED && write_fault(q + PAGE - 1) == 0, "a length is rounded up to whole pages");
  munmap(q, 100);

  char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  check(shared != MAP_FAILED && shared[17] == 0, "shared anonymous memory starts as zeros");
  if (shared != MAP_FAILED) munmap(shared, PAGE);

  char *populated = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  unsigned char state[4] = {0};
  check(populated != MAP_FAILED && mincore(populated, 4 * PAGE, state) == 0, "MAP_POPULATE maps");
  check((state[0] & state[3] & 1) == 1, "MAP_POPULATE makes the pages resident");
  munmap(populated, 4 * PAGE);

  char *big = map_anonymous(64 * MB);
  check(big != MAP_FAILED, "64 MB can be mapped");
  for (size_t i = 0; i < 64 * MB; i += 16 * MB) big[i] = (char)(i / MB + 1);
  check(big[48 * MB] == 49 && big[48 * MB + 1] == 0 && big[40 * MB] == 0, "a large mapping is filled page by page");
  munmap(big, 64 * MB);
}

group(arguments) {
  int rw = PROT_READ | PROT_WRITE, anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
  check(fails_with(EINVAL, mmap(NULL, 0, rw, anonymous, -1, 0)), "mmap of length 0 is EINVAL");
  check(fails_with(EINVAL, mmap(NULL, PAGE, rw, MAP_ANONYMOUS, -1, 0)), "mmap neither shared nor private is EINVAL");
  check(fails_with(EINVAL, mmap((void *)1, PAGE, rw, anonymous | MAP_FIXED, -1, 0)),
        "MAP_FIXED at an unaligned address is EINVAL");
  check(fails_with(EINVAL, syscall(SYS_mmap, NULL, PAGE, rw, MAP_PRIVATE, 0, 5)), "an unaligned offset is EINVAL");
  check(fails_with(EBADF, mmap(NULL, PAGE, rw, MAP_PRIVATE, 99, 0)), "mmap of a closed descriptor is EBADF");
  check(fails_with(ENOMEM, mmap(NULL, 1UL << 60, rw, anonymous, -1, 0)), "mmap beyond the address space is ENOMEM");
  check(fails_with(ENOMEM, mmap(NULL, -1UL, rw, anonymous, -1, 0)), "mmap of a length that overflows is ENOMEM");
  check(fails_with(ENOMEM, mmap((void *)(1UL << 56), 2 * PAGE, rw, anonymous | MAP_FIXED, -1, 0)),
        "MAP_FIXED beyond the end of user space is ENOMEM");
  check(fails_with(EINVAL, munmap((void *)1, PAGE)), "munmap at an unaligned address is EINVAL");
  check(fails_with(EINVAL, munmap(NULL, 0)), "munmap of length 0 is EINVAL");
  check(fails_with(EINVAL, munmap((void *)0xffff800000000000, PAGE)), "munmap of kernel addresses is EINVAL");
  check(fails_with(EINVAL, mprotect((void *)1, PAGE, PROT_READ)), "mprotect at an unaligned address is EINVAL");
  char *p = map_anonymous(PAGE);
  munmap(p, PAGE);
  check(fails_with(ENOMEM, mprotect(p, PAGE, PROT_READ)), "mprotect of unmapped memory is ENOMEM");
  check(fails_with(ENOMEM, madvise(p, PAGE, MADV_DONTNEED)), "madvise of unmapped memory is ENOMEM");
  check(fails_with(EINVAL, madvise((void *)1, PAGE, MADV_DONTNEED)), "madvise at an unaligned address is EINVAL");
  p = map_anonymous(PAGE);
  check(fails_with(EINVAL, madvise(p, PAGE, 12345)), "madvise with unknown advice is EINVAL");
  check(fails_with(EFAULT, mremap((void *)0x10000, PAGE, 2 * PAGE, MREMAP_MAYMOVE)), "mremap of nothing is EFAULT");
  check(fails_with(EINVAL, mremap(p, PAGE, 0, MREMAP_MAYMOVE)), "mremap to length 0 is EINVAL");
  check(fails_with(EINVAL, mremap(p + 1, PAGE, PAGE, MREMAP_MAYMOVE)), "mremap at an unaligned address is EINVAL");
  check(fails_with(EINVAL, mremap(p, PAGE, PAGE, 0x80)), "mremap with unknown flags is EINVAL");
  check(fails_with(EINVAL, msync(p, PAGE, MS_SYNC | MS_ASYNC)), "msync both sync and async is EINVAL");
  check(gives(0, msync(p, PAGE, MS_SYNC)), "msync of mapped memory returns 0");
  munmap(p, PAGE);
  check(fails_with(ENOMEM, msync(p, PAGE, MS_SYNC)), "msync of unmapped memory is ENOMEM");
}

group(fixed) {
  char *p = map_anonymous(6 * PAGE);
  memset(p, 1, 6 * PAGE);
  char *q = mmap(p + 2 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  check(q == p + 2 * PAGE, "MAP_FIXED maps exactly there");
  check(all_bytes(p, 2 * PAGE, 1) && all_bytes(p + 4 * PAGE, 2 * PAGE, 1), "MAP_FIXED leaves the neighbours alone");
  check(all_bytes(q, 2 * PAGE, 0), "MAP_FIXED replaces what was there");
  check(fails_with(EEXIST, mmap(p + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)),
        "MAP_FIXED_NOREPLACE over a mapping is EEXIST");
  munmap(p + 4 * PAGE, PAGE);
  check(gives((long)(p + 4 * PAGE), mmap(p + 4 * PAGE, PAGE, PROT_READ,
                                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)),
        "MAP_FIXED_NOREPLACE fills a hole");
  munmap(p, 6 * PAGE);
  check(gives((long)p, mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)), "a hint that is free is taken");
  char *elsewhere = mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  check(elsewhere != MAP_FAILED && elsewhere != p, "a hint that is taken yields another place");
  munmap(p, PAGE);
  munmap(elsewhere, PAGE);
  char *low = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  check(low != MAP_FAILED && (uintptr_t)low < 0x80000000UL, "MAP_32BIT maps below 2 GB");
  munmap(low, PAGE);
}

group(holes) {
  char *p = map_anonymous(5 * PAGE);
  memset(p, 7, 5 * PAGE);
  check(gives(0, munmap(p + PAGE, PAGE)) && gives(0, munmap(p + 3 * PAGE, PAGE)), "munmap makes holes in a mapping");
  check(read_fault(p + PAGE) == SIGSEGV && read_fault(p + 4 * PAGE - 1) == SIGSEGV, "the holes fault");
  check(p[0] == 7 && p[2 * PAGE] == 7 && p[4 * PAGE] == 7, "what is left keeps its content");
  check(!is_mapped(p + PAGE) && is_mapped(p + 2 * PAGE), "mincore knows the holes");
  check(gives(0, munmap(p, 5 * PAGE)), "munmap over holes returns 0");
  check(!is_mapped(p) && !is_mapped(p + 2 * PAGE) && !is_mapped(p + 4 * PAGE), "munmap over holes removes all");

  /* Many small pieces: a kernel that keeps them in a list must not lose or mix any. */
  enum { PIECES = 512 };
  p = map_anonymous(2 * PIECES * PAGE);
  bool ok = true;
  for (int i = 0; i < PIECES; i++) {
    *(int *)(p + (2 * i + 1) * PAGE) = i;
    ok = ok && munmap(p + 2 * i * PAGE, PAGE) == 0;
  }
  check(ok, "512 holes can be made in one mapping");
  for (int i = 0; i < PIECES; i++) ok = ok && *(int *)(p + (2 * i + 1) * PAGE) == i && !is_mapped(p + 2 * i * PAGE);
  check(ok, "the 512 pieces left keep their content");
  for (int i = 0; i < PIECES; i++)
    ok = ok && mmap(p + 2 * i * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
                   p + 2 * i * PAGE;
  check(ok && gives(0, mprotect(p, 2 * PIECES * PAGE, PROT_READ)), "the holes can be filled again and all protected");
  check(read_fault(p + 33 * PAGE) == 0 && write_fault(p + 33 * PAGE) == SIGSEGV, "and the protection holds throughout");
  munmap(p, 2 * PIECES * PAGE);
}

group(reservations) {
  char *p = mmap(NULL, 64 * GB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  require(p != MAP_FAILED, "64 GB of address space can be reserved with PROT_NONE");
  check(read_fault(p + 5 * GB) == SIGSEGV && fault_info.si_code == SEGV_ACCERR, "reserved space faults with SEGV_ACCERR");
  check(gives(0, mprotect(p + 40 * GB, 2 * MB, PROT_READ | PROT_WRITE)), "a piece of it can be made accessible");
  p[40 * GB] = 1;
  p[40 * GB + 2 * MB - 1] = 2;
  check(p[40 * GB] == 1 && p[40 * GB + PAGE] == 0, "the piece is zero-filled memory");
  check(read_fault(p + 40 * GB + 2 * MB) == SIGSEGV && read_fault(p + 40 * GB - 1) == SIGSEGV, "its neighbours fault");
  check(gives((long)(p + 10 * GB), mmap(p + 10 * GB, MB, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)),
        "a piece of it can be mapped over");
  p[10 * GB + MB - 1] = 3;
  check(gives(0, mprotect(p + 40 * GB, 2 * MB, PROT_NONE)), "the piece can be closed again");
  check(write_fault(p + 40 * GB) == SIGSEGV, "and faults then");
  check(gives((long)(p + 10 * GB), mmap(p + 10 * GB, MB, PROT_NONE,
                                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0)),
        "memory can be given back by mapping PROT_NONE over it");

  /* As V8 does it: reserve twice the size, keep the aligned half. */
  char *cage = mmap(NULL, 8 * GB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  char *aligned = (char *)(((uintptr_t)cage + 4 * GB - 1) & ~(4 * GB - 1));
  bool trimmed = (aligned == cage || munmap(cage, aligned - cage) == 0) &&
                 munmap(aligned + 4 * GB, cage + 8 * GB - (aligned + 4 * GB)) == 0;
  check(cage != MAP_FAILED && trimmed && is_mapped(aligned) && is_mapped(aligned + 4 * GB - PAGE),
        "a reservation can be trimmed to an aligned part");
  bool ok = true;
  for (size_t at = 0; at < 64 * MB; at += 256 * 1024) {
    ok = ok && mprotect(aligned + at, 192 * 1024, PROT_READ | PROT_WRITE) == 0;
    aligned[at] = 1;
  }
  check(ok, "256 chunks with gaps can be opened in a reservation");
  check(gives(0, munmap(aligned, 4 * GB)), "a reservation of 4 GB with pieces is unmapped at once");
  check(gives(0, munmap(p, 64 * GB)) && !is_mapped(p + 10 * GB), "and so is one of 64 GB");
}

static int call_code(void *code) { return ((int (*)(void))code)(); }

group(protection) {
  char *p = map_anonymous(4 * PAGE);
  memset(p, 3, 4 * PAGE);
  check(gives(0, mprotect(p + PAGE, PAGE, PROT_READ)), "mprotect makes one page of four read-only");
  check(read_fault(p + PAGE) == 0, "it can be read");
  check(write_fault(p + PAGE + 5) == SIGSEGV && fault_info.si_code == SEGV_ACCERR && fault_info.si_addr == p + PAGE + 5,
        "writing it faults with SEGV_ACCERR at that very byte");
  check(write_fault(p) == 0 && write_fault(p + 2 * PAGE) == 0, "the pages beside it stay writable");
  check(gives(0, mprotect(p + PAGE, PAGE, PROT_NONE)) && read_fault(p + PAGE) == SIGSEGV, "PROT_NONE cannot be read");
  check(gives(0, mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE)) && p[PAGE + 1] == 3,
        "content survives PROT_NONE and back");
  check(gives(0, mprotect(p, 4 * PAGE, PROT_READ)) && write_fault(p + 3 * PAGE) == SIGSEGV,
        "mprotect over several mappings works");
  check(fails_with(EINVAL, mprotect(p, PAGE, 0x40000000)), "mprotect with unknown bits is EINVAL");
  munmap(p, 4 * PAGE);

  static const unsigned char code[] = {0xb8, 0x2a, 0, 0, 0, 0xc3}; /* mov eax, 42; ret */
  p = map_anonymous(PAGE);
  memcpy(p, code, sizeof code);
  fault_expected = true;
  if (sigsetjmp(fault_escape, 1) == 0) {
    call_code(p);
    fault_expected = false;
    check(false, "memory without PROT_EXEC cannot be executed");
  } else {
    check(fault_info.si_signo == SIGSEGV && fault_info.si_code == SEGV_ACCERR && fault_info.si_addr == p,
          "memory without PROT_EXEC cannot be executed");
  }
  check(gives(0, mprotect(p, PAGE, PROT_READ | PROT_EXEC)) && call_code(p) == 42, "with PROT_EXEC it runs");
  check(write_fault(p) == SIGSEGV, "executable and read-only memory cannot be written");
  check(gives(0, mprotect(p, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC)), "write and execute together are allowed");
  p[1] = 43;
  check(call_code(p) == 43, "changed code runs changed");
  munmap(p, PAGE);

  check(write_fault((void *)"constant") == SIGSEGV, "string constants of the program are read-only");
  check(write_fault((void *)call_code) == SIGSEGV, "the code of the program is read-only");
  check(read_fault(NULL) == SIGSEGV && fault_info.si_addr == NULL && fault_info.si_code == SEGV_MAPERR,
        "a null pointer faults at address 0");
  check(read_fault((void *)0xffffffff80000000) == SIGSEGV, "kernel memory cannot be read");
  check(read_fault((void *)0xffff800000001000) == SIGSEGV, "the direct map cannot be read");
  check(read_fault((void *)0x8000000000000000) == SIGSEGV, "a non-canonical address raises SIGSEGV");
}

group(kernel_checks_pointers) {
  int pipes[2];
  require(pipe(pipes) == 0, "a pipe can be made");
  char *p = map_anonymous(2 * PAGE);
  munmap(p + PAGE, PAGE);
  check(fails_with(EFAULT, write(pipes[1], (void *)8, 1)), "write from an unmapped address is EFAULT");
  check(fails_with(EFAULT, write(pipes[1], (void *)0xffffffff80000000, 8)), "write from kernel memory is EFAULT");
  check(fails_with(EFAULT, write(pipes[1], (void *)0x8000000000000000, 8)), "write from a wild address is EFAULT");
  check(gives(1, write(pipes[1], "x", 1)) && fails_with(EFAULT, read(pipes[0], (void *)0xffff800000000000, 1)),
        "read into kernel memory is EFAULT");
  mprotect(p, PAGE, PROT_READ);
  write(pipes[1], "y", 1);
  check(fails_with(EFAULT, read(pipes[0], p, 1)), "read into read-only memory is EFAULT");
  mprotect(p, PAGE, PROT_NONE);
  check(fails_with(EFAULT, write(pipes[1], p, 1)), "write from PROT_NONE memory is EFAULT");
  mprotect(p, PAGE, PROT_READ | PROT_WRITE);
  check(fails_with(EFAULT, open((char *)p + PAGE, O_RDONLY)), "a path at an unmapped address is EFAULT");
  memset(p + PAGE - 3, 'a', 3);
  check(fails_with(EFAULT, open((char *)p + PAGE - 3, O_RDONLY)), "a path that runs into unmapped memory is EFAULT");
  check(fails_with(EFAULT, syscall(SYS_clock_getres, CLOCK_MONOTONIC, 0xffffffff80000000)), "a result to kernel memory is EFAULT");
  check(fails_with(EFAULT, pipe((int *)8)), "pipe to a bad address is EFAULT");
  char *fresh = map_anonymous(PAGE);
  check(gives(0, syscall(SYS_clock_getres, CLOCK_MONOTONIC, fresh)), "the kernel can write to memory never touched before");
  munmap(fresh, PAGE);
  munmap(p, PAGE);
  close(pipes[0]);
  close(pipes[1]);
}

group(remap) {
  char *p = map_anonymous(16 * PAGE);
  munmap(p + 4 * PAGE, 12 * PAGE); /* room to grow */
  memset(p, 9, 4 * PAGE);
  check(gives((long)p, mremap(p, 4 * PAGE, 8 * PAGE, 0)), "mremap grows in place where there is room");
  check(all_bytes(p, 4 * PAGE, 9) && all_bytes(p + 4 * PAGE, 4 * PAGE, 0), "the old content stays, the rest is zero");
  check(gives((long)p, mremap(p, 8 * PAGE, 2 * PAGE, 0)), "mremap shrinks in place");
  check(!is_mapped(p + 2 * PAGE) && p[2 * PAGE - 1] == 9, "the tail is gone, the head stays");
  char *wall = mmap(p + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  check(fails_with(ENOMEM, mremap(p, 2 * PAGE, 4 * PAGE, 0)), "mremap without room or MAYMOVE is ENOMEM");
  char *moved = mremap(p, 2 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
  check(moved != MAP_FAILED && moved != p && all_bytes(moved, 2 * PAGE, 9) && moved[63 * PAGE] == 0,
        "MREMAP_MAYMOVE moves the content");
  check(!is_mapped(p), "the old place is unmapped");
  char *target = map_anonymous(64 * PAGE);
  target[0] = 1;
  check(gives((long)target, mremap(moved, 64 * PAGE, 32 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target)),
        "MREMAP_FIXED moves to the place asked for");
  check(target[0] == 9 && !is_mapped(moved) && target[31 * PAGE] == 0, "replacing what was there");
  char *kept = mremap(target, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
  check(kept != MAP_FAILED && kept != target && kept[1] == 9, "MREMAP_DONTUNMAP moves the pages");
  check(is_mapped(target) && target[1] == 0, "and leaves an empty mapping behind");
  munmap(kept, 2 * PAGE);
  munmap(target, 64 * PAGE);
  munmap(wall, PAGE);
}

group(advice) {
  char *p = map_anonymous(8 * PAGE);
  memset(p, 4, 8 * PAGE);
  check(gives(0, madvise(p + PAGE, 2 * PAGE, MADV_DONTNEED)), "MADV_DONTNEED returns 0");
  check(p[0] == 4 && p[3 * PAGE] == 4, "it leaves pages outside alone");
  check(all_bytes(p + PAGE, 2 * PAGE, 0), "the pages read as zeros at once");
  p[PAGE] = 5;
  check(p[PAGE] == 5, "and can be written again");
  check(gives(0, madvise(p, 8 * PAGE, MADV_FREE)), "MADV_FREE returns 0");
  bool either = true;
  for (int i = 4; i < 8; i++) either = either && (p[i * PAGE] == 0 || p[i * PAGE] == 4);
  check(either, "after MADV_FREE a page holds its old content or zeros");
  p[4 * PAGE] = 6;
  check(p[4 * PAGE] == 6, "a write after MADV_FREE stays");
  check(gives(0, madvise(p, 8 * PAGE, MADV_WILLNEED)) && gives(0, madvise(p, 8 * PAGE, MADV_NORMAL)) &&
            gives(0, madvise(p, 8 * PAGE, MADV_SEQUENTIAL)) && gives(0, madvise(p, 8 * PAGE, MADV_RANDOM)),
        "WILLNEED, NORMAL, SEQUENTIAL and RANDOM return 0");
  check(gives(0, madvise(p, 8 * PAGE, MADV_DONTDUMP)) && gives(0, madvise(p, 8 * PAGE, MADV_DODUMP)),
        "DONTDUMP and DODUMP return 0");
  check(gives(0, madvise(p, 8 * PAGE, MADV_DONTFORK)) && gives(0, madvise(p, 8 * PAGE, MADV_DOFORK)),
        "DONTFORK and DOFORK return 0");
  munmap(p, 8 * PAGE);

  /* Freed memory must really come back: more than the guest has passes through one mapping. */
  char *q = map_anonymous(16 * MB);
  bool ok = true;
  for (int round = 0; round < 40; round++) {
    for (size_t at = 0; at < 16 * MB; at += PAGE) q[at] = 1;
    ok = ok && madvise(q, 16 * MB, MADV_DONTNEED) == 0;
  }
  check(ok && q[0] == 0, "640 MB can pass through 16 MB with MADV_DONTNEED");
  munmap(q, 16 * MB);
  for (int round = 0; round < 40 && ok; round++) {
    q = map_anonymous(16 * MB);
    ok = q != MAP_FAILED;
    for (size_t at = 0; ok && at < 16 * MB; at += PAGE) q[at] = 1;
    ok = ok && munmap(q, 16 * MB) == 0;
  }
  check(ok, "640 MB can pass through mmap and munmap");
}

group(program_break) {
  char *start = sbrk(0);
  long raw = syscall(SYS_brk, 0);
  check((long)start == raw, "brk(0) returns the break");
  check(sbrk(3 * PAGE + 5) == start, "the break can grow by an odd size");
  check(syscall(SYS_brk, 0) == (long)start + 3 * (long)PAGE + 5, "the break is kept to the byte");
  start[3 * PAGE] = 1;
  check(start[3 * PAGE] == 1 && start[PAGE] == 0, "memory below the break is usable and zero");
  check(brk(start) == 0 && syscall(SYS_brk, 0) == (long)start, "the break can shrink");
  sbrk(2 * PAGE);
  check(all_bytes((char *)(((uintptr_t)start + PAGE - 1) & ~(PAGE - 1)), PAGE, 0), "memory given back returns as zeros");
  check(syscall(SYS_brk, 1) == (long)start + 2 * (long)PAGE, "an impossible break leaves it as it is");
  brk(start);
}

group(stack_growth) {
  struct rlimit limit;
  check(gives(0, getrlimit(RLIMIT_STACK, &limit)), "the stack has a limit");
  volatile char here = 1;
  char *top = (char *)&here;
  for (size_t down = PAGE; down < 4 * MB; down += PAGE) *(volatile char *)(top - down) = 1;
  check(top[-(long)(3 * MB)] != 2, "the stack grows down to 4 MB page by page");
  check(write_fault(top - 6 * MB) == 0, "the stack grows in one leap too");
  check(limit.rlim_cur > 64 * MB || write_fault(top - limit.rlim_cur - MB) == SIGSEGV, "but not past its limit");
}

group(file_private) {
  enter_scratch();
  char page[PAGE];
  memset(page, 'a', sizeof page);
  int fd = open("private", O_RDWR | O_CREAT, 0600);
  write(fd, page, PAGE);
  write(fd, "tail", 4);
  char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  require(p != MAP_FAILED, "a file can be mapped privately");
  check(p[0] == 'a' && memcmp(p + PAGE, "tail", 4) == 0, "the mapping shows the file");
  check(all_bytes(p + PAGE + 4, PAGE - 4, 0), "the rest of the last page is zero");
  check(read_fault(p + 2 * PAGE + 7) == SIGBUS && fault_info.si_code == BUS_ADRERR &&
            fault_info.si_addr == p + 2 * PAGE + 7,
        "a page wholly beyond the end raises SIGBUS with BUS_ADRERR");
  p[1] = 'X';
  char back[4];
  pread(fd, back, 4, 0);
  check(memcmp(back, "aaaa", 4) == 0, "writing a private mapping leaves the file alone");
  pwrite(fd, "Z", 1, 0);
  check(p[1] == 'X', "a private copy keeps its content when the file changes");
  close(fd);
  check(p[2] == 'a' && p[PAGE] == 't', "the mapping outlives the descriptor");
  unlink("private");
  check(madvise(p, PAGE, MADV_DONTNEED) == 0 && p[1] == 'a', "MADV_DONTNEED drops the private copy for the file's page");
  munmap(p, 3 * PAGE);

  fd = open("private", O_RDONLY | O_CREAT, 0600);
  check(fails_with(EACCES, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)),
        "a shared writable mapping of a read-only descriptor is EACCES");
  char *readable = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
  check(readable != MAP_FAILED && fails_with(EACCES, mprotect(readable, PAGE, PROT_READ | PROT_WRITE)),
        "and it cannot be made writable later");
  check(gives(0, madvise(readable, PAGE, MADV_NORMAL)), "a mapping of an empty file is allowed");
  check(read_fault(readable) == SIGBUS, "and raises SIGBUS");
  munmap(readable, PAGE);
  close(fd);
  fd = open("private", O_WRONLY);
  check(fails_with(EACCES, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0)), "mapping a write-only descriptor is EACCES");
  close(fd);
  fd = open(".", O_RDONLY | O_DIRECTORY);
  check(fails_with(ENODEV, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0)), "mapping a directory is ENODEV");
  close(fd);
  int pipes[2];
  pipe(pipes);
  check(fails_with(ENODEV, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, pipes[0], 0)), "mapping a pipe is ENODEV");
  close(pipes[0]);
  close(pipes[1]);
  int zero = open("/dev/zero", O_RDWR);
  char *zeros = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
  check(zeros != MAP_FAILED && zeros[9] == 0 && write_fault(zeros) == 0, "/dev/zero maps as anonymous memory");
  close(zero);
}

group(file_shared) {
  enter_scratch();
  int fd = open("shared", O_RDWR | O_CREAT, 0600);
  ftruncate(fd, 4 * PAGE);
  char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  char *q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
  require(p != MAP_FAILED && q != MAP_FAILED, "a file can be mapped shared, at an offset too");
  char back[8] = {0};
  memcpy(p + PAGE, "hello", 5);
  check(memcmp(q, "hello", 5) == 0, "two shared mappings of one file see each other's writes");
  check(gives(5, pread(fd, back, 5, PAGE)) && memcmp(back, "hello", 5) == 0, "read sees what a mapping wrote");
  pwrite(fd, "world", 5, PAGE);
  check(memcmp(q, "world", 5) == 0 && memcmp(p + PAGE, "world", 5) == 0, "mappings see what write wrote");
  check(gives(0, msync(p, 4 * PAGE, MS_SYNC)), "msync of a shared mapping returns 0");
  check(gives(0, ftruncate(fd, PAGE)), "a mapped file can be truncated");
  check(read_fault(q) == SIGBUS, "pages cut off raise SIGBUS");
  check(p[0] == 0, "pages left stay");
  ftruncate(fd, 2 * PAGE);
  check(q[0] == 0, "growing the file again gives zeros, not the old content");
  char *private = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  p[3] = 'n';
  check(private[3] == 'n', "an untouched private mapping sees shared writes");
  munmap(private, PAGE);
  munmap(p, 4 * PAGE);
  munmap(q, PAGE);
  check(gives(1, pread(fd, back, 1, 3)) && back[0] == 'n', "the writes stay after munmap");
  close(fd);

  fd = open("partial", O_RDWR | O_CREAT, 0600);
  write(fd, "abc", 3);
  p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  p[3] = 'd';
  p[100] = 'e';
  struct stat status;
  fstat(fd, &status);
  check(status.st_size == 3, "writing beyond the end in the last page does not grow the file");
  munmap(p, PAGE);
  close(fd);
}

group(own_image) {
  int fd = open("/proc/self/exe", O_RDONLY);
  require(succeeds(fd), "the program can open its own file");
  char head[64], buffer[4096];
  check(gives(64, read(fd, head, 64)) && memcmp(head, "\177ELF", 4) == 0, "it is an ELF file");
  struct stat status;
  fstat(fd, &status);
  char *p = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  require(p != MAP_FAILED, "it can be mapped whole");
  bool same = true;
  for (off_t at = 0; at < status.st_size;) {
    ssize_t n = pread(fd, buffer, sizeof buffer, at);
    if (n <= 0) break;
    same = same && memcmp(buffer, p + at, n) == 0;
    at += n;
  }
  check(same, "read and mmap agree on every byte");
  check(all_bytes(p + status.st_size, (PAGE - status.st_size % PAGE) % PAGE, 0), "the last page ends in zeros");
  munmap(p, status.st_size);
  char *writable = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  check(writable != MAP_FAILED && write_fault(writable) == 0 && writable[1] == 'E', "a private copy of it can be written");
  char again;
  check(pread(fd, &again, 1, 0) == 1 && again == 127, "and the file stays as it was");
  munmap(writable, PAGE);
  close(fd);
}

group(locking) {
  char *p = map_anonymous(4 * PAGE);
  check(gives(0, mlock(p, 4 * PAGE)), "mlock of a few pages returns 0");
  unsigned char state[4];
  check(mincore(p, 4 * PAGE, state) == 0 && (state[3] & 1), "locked pages are resident");
  check(gives(0, munlock(p, 4 * PAGE)), "munlock returns 0");
  munmap(p, 4 * PAGE);
  check(fails_with(ENOMEM, mlock(p, 4 * PAGE)), "mlock of unmapped memory is ENOMEM");
}
