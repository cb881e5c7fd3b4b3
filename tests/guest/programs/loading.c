/* build: static static-pie dynamic
 * How a program is loaded: auxiliary vector, arguments, environment, thread-local storage, relocation, constructors. */
#include "check.h"
#include <elf.h>
#include <link.h>
#include <math.h>
#include <sys/auxv.h>
#include <sys/mman.h>

extern char **environ;
extern const char __ehdr_start[];
static int argument_count;
static char **arguments;
static int constructed;
static const void *volatile relocated = &constructed;
static __thread int tls_data = 12345;
static __thread int tls_zero;
static char zeroed[100000];
static char initialised[5000] = {1, 2, 3};

__attribute__((constructor)) static void construct(int argc, char **argv) {
  constructed = 1;
  argument_count = argc;
  arguments = argv;
}

group(auxiliary_vector) {
  check(getauxval(AT_PAGESZ) == 4096, "AT_PAGESZ is 4096");
  check(getauxval(AT_CLKTCK) == 100, "AT_CLKTCK is 100");
  check(getauxval(AT_UID) == getuid() && getauxval(AT_EUID) == geteuid() && getauxval(AT_GID) == getgid() && getauxval(AT_EGID) == getegid(), "AT_UID and the like are true");
  check(getauxval(AT_SECURE) == 0, "AT_SECURE is 0");
  const unsigned char *random = (void *)getauxval(AT_RANDOM), zeros[16] = {0};
  check(random && memcmp(random, zeros, 16) != 0, "AT_RANDOM points at 16 random bytes");
  const char *platform = (void *)getauxval(AT_PLATFORM), *name = (void *)getauxval(AT_EXECFN);
  check(platform && strcmp(platform, "x86_64") == 0, "AT_PLATFORM is x86_64");
  check(name && strstr(name, "loading") != NULL, "AT_EXECFN is the program's path");
  check(getauxval(AT_HWCAP) != 0, "AT_HWCAP is given");
  check(getauxval(AT_SYSINFO_EHDR) != 0 && memcmp((void *)getauxval(AT_SYSINFO_EHDR), ELFMAG, SELFMAG) == 0, "AT_SYSINFO_EHDR points at the vDSO");
  check(getauxval(AT_MINSIGSTKSZ) >= 1000 || getauxval(AT_MINSIGSTKSZ) == 0, "AT_MINSIGSTKSZ, if given, makes sense");
  Elf64_Phdr *program = (void *)getauxval(AT_PHDR);
  int loads = 0;
  for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++) loads += program[i].p_type == PT_LOAD;
  check(getauxval(AT_PHENT) == sizeof(Elf64_Phdr) && loads >= 2, "AT_PHDR points at the program headers in memory");
  check((uintptr_t)program == (uintptr_t)__ehdr_start + ((Elf64_Ehdr *)__ehdr_start)->e_phoff, "where the program really is");
  Elf64_Ehdr *head = (void *)__ehdr_start;
  uintptr_t slide = head->e_type == ET_DYN ? (uintptr_t)head : 0;
  check(getauxval(AT_ENTRY) == head->e_entry + slide, "AT_ENTRY is the program's entry, not the loader's");
  bool interpreted = false;
  for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++) interpreted = interpreted || program[i].p_type == PT_INTERP;
  uintptr_t base = getauxval(AT_BASE);
  check(interpreted ? base != 0 && memcmp((void *)base, ELFMAG, SELFMAG) == 0 : base == 0, "AT_BASE is where the interpreter is, 0 without one");
  note("%s, at %p%s", head->e_type == ET_DYN ? "position independent" : "at a fixed address", (void *)head, interpreted ? ", with an interpreter" : "");
}

group(memory_image) {
  check(constructed == 1, "constructors run before main");
  check(relocated == &constructed, "pointers are relocated");
  bool ok = true;
  for (size_t i = 0; i < sizeof zeroed; i++) ok = ok && zeroed[i] == 0;
  check(ok, "the zeroed part of the data is zero, to the last byte");
  check(initialised[2] == 3 && initialised[4999] == 0, "the initialised part is as in the file");
  check(tls_data == 12345 && tls_zero == 0, "thread-local variables have their first values");
  char here;
  check((uintptr_t)&here < 0x800000000000 && (uintptr_t)environ < 0x800000000000, "the stack is in user space");
  volatile double x = 2;
  check(fabs(sqrt(x) * sqrt(x) - 2) < 1e-12 && fabs(sin(x) * sin(x) + cos(x) * cos(x) - 1) < 1e-12, "floating point works from the start");
  unsigned int control = 0;
  unsigned short word = 0;
  __asm__("stmxcsr %0\n\tfnstcw %1" : "=m"(control), "=m"(word));
  check((control & 0xffc0) == 0x1f80 && word == 0x37f, "with the control words of the ABI");
  uint64_t flags;
  __asm__("pushfq\n\tpop %0" : "=r"(flags));
  check((flags & 0x40400) == 0 && (flags & 0x3000) == 0 && (flags & 0x200), "flags: interrupts on, direction, alignment and I/O privilege clear");
}

group(arguments_and_environment) {
  check(argument_count >= 1 && arguments[argument_count] == NULL && strstr(arguments[0], "loading"), "arguments end in NULL and begin with the program's name");
  check((char **)environ == arguments + argument_count + 1, "the environment follows the arguments");
  bool ok = true;
  for (char **at = environ; *at; at++) ok = ok && strchr(*at, '=') != NULL;
  check(ok, "every variable has a name and a value");
  char *path = getenv("PATH");
  check(path == NULL || path[0] != 0, "PATH, if set, is not empty");
  char **end = environ;
  while (*end) end++;
  Elf64_auxv_t *auxiliary = (void *)(end + 1);
  int entries = 0;
  while (auxiliary->a_type != AT_NULL) auxiliary++, entries++;
  check(entries >= 15, "the auxiliary vector follows the environment, ended by AT_NULL");
}

group(standard_descriptors) {
  struct stat status;
  check(gives(0, fstat(0, &status)) && gives(0, fstat(1, &status)) && gives(0, fstat(2, &status)), "descriptors 0, 1 and 2 are open");
  check(gives(3, dup(1)) || check_value > 3, "3 is free, or taken by who started the program");
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  check(!sigismember(&mask, SIGINT) && !sigismember(&mask, SIGSEGV), "no signal is blocked");
}

static int count_objects(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  if (info->dlpi_phnum > 0) ++*(int *)data;
  return 0;
}

group(objects) {
  int objects = 0;
  dl_iterate_phdr(count_objects, &objects);
  check(objects >= 1, "dl_iterate_phdr finds the program");
  note("%d objects", objects);
}
