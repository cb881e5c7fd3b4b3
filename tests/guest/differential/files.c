/*
 * Random file operations in a fresh directory, each printed with its result. What Linux prints is what the guest must
 * print: the operations follow from the seed alone.
 *
 *   files DIRECTORY SEED COUNT [USER]       USER: a number; some files are root's, the rest happens as that user
 *
 * Printed: results, errno names' numbers, sizes, modes, link counts, content sums. Not printed: inode numbers, times, blocks,
 * the order of names, for those a file system may choose.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { DESCRIPTORS = 8, BUFFER = 1 << 16 };

static uint64_t state;
static unsigned below(unsigned bound) {
  state = state * 6364136223846793005ull + 1442695040888963407ull;
  return (unsigned)(state >> 33) % bound;
}

static int descriptors[DESCRIPTORS];
static char buffer[BUFFER], other[BUFFER];

static const char *const words[] = {"a", "b", "c", "d", "e"};

/* A path of one to three words, now and then with dots and slashes, never above the directory that all happens in. */
static const char *path(void) {
  static char texts[4][256];
  static int turn;
  char *text = texts[turn++ & 3];
  *text = 0;
  for (int parts = 1 + (below(3) == 0) + (below(6) == 0); parts > 0; parts--) {
    switch (below(24)) {
      case 0: strcat(text, "."); break;
      case 1: strcat(text, *text >= 'a' && !strchr(text, '.') ? ".." : "a"); break;
      default: strcat(text, words[below(5)]);
    }
    if (parts > 1) strcat(text, below(12) ? "/" : "//");
  }
  if (below(20) == 0) strcat(text, "/");
  return text;
}

/* One of the descriptors kept, -1 for none; says which file it is. */
static int pick(void) {
  int slot = below(DESCRIPTORS);
  printf("#%d%s ", slot, descriptors[slot] < 0 ? " none" : "");
  return descriptors[slot];
}

static void keep(int fd) {
  if (fd < 0) return;
  int *slot = &descriptors[below(DESCRIPTORS)];
  if (*slot >= 0) close(*slot);
  *slot = fd;
  printf("  kept as #%d\n", (int)(slot - descriptors));
}

static unsigned sum(const char *bytes, long length) {
  unsigned value = 1;
  for (long i = 0; i < length; i++) value = value * 31 + (unsigned char)bytes[i];
  return value;
}

static long length(void) { return below(4) ? 1 + below(5000) : 1 + below(BUFFER - 1); }
static long offset(void) { return below(3) ? below(20000) : below(8) ? below(200000) : (long)below(1 << 30) * 4; }

static void result(const char *call, long value) {
  if (value < 0) printf("%s = -%d\n", call, errno);
  else printf("%s = %ld\n", call, value);
}

static void showStat(const struct stat *status) {
  int isDirectory = S_ISDIR(status->st_mode);
  printf("  mode %o links %lu size %ld\n", status->st_mode, (unsigned long)status->st_nlink, isDirectory ? -1L : (long)status->st_size);
}

static int compare(const void *left, const void *right) { return strcmp(*(char *const *)left, *(char *const *)right); }

static void list(const char *where) {
  DIR *directory = opendir(where);
  if (!directory) return result("opendir", -1);
  char *names[256];
  int count = 0;
  for (struct dirent *entry; (entry = readdir(directory)) && count < 256;) {
    char line[300];
    snprintf(line, sizeof line, "%s:%d", entry->d_name, entry->d_type);
    names[count++] = strdup(line);
  }
  closedir(directory);
  qsort(names, count, sizeof *names, compare);
  printf("list %s:", where);
  for (int i = 0; i < count; i++) printf(" %s", names[i]), free(names[i]);
  printf("\n");
}

static void openOne(void) {
  static const int extras[] = {O_CREAT, O_CREAT, O_CREAT, O_CREAT | O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_PATH, O_CREAT | O_TRUNC, O_TMPFILE, O_NONBLOCK, 0, 0};
  int flags = below(4);
  flags = flags == 3 ? (below(10) ? O_RDWR : 3) : flags;
  flags |= extras[below(14)];
  if (below(3) == 0) flags |= extras[below(14)];
  int mode = below(5) ? 0644 : below(010000);
  const char *name = path();
  int fd = open(name, flags & ~O_NONBLOCK | (flags & O_NONBLOCK), mode);
  printf("open %s %o %o: %s%d\n", name, flags, mode, fd < 0 ? "-" : "", fd < 0 ? errno : 0);
  keep(fd);
}

/* What a file holds now, its first megabyte, by a descriptor of its own. */
static void showContent(int fd) {
  static char content[1 << 20];
  char name[40];
  struct stat status;
  if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) return;
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  int reader = open(name, O_RDONLY);
  if (reader < 0) return;
  long got = pread(reader, content, sizeof content, 0);
  close(reader);
  printf("  size %ld sum %u\n", (long)status.st_size, sum(content, got));
}

static void dataOn(int fd);

static void dataOne(void) {
  int fd = pick();
  if (fd < 0) return;
  dataOn(fd);
  showContent(fd);
}

static void dataOn(int fd) {
  long size = length();
  memset(buffer, 'A' + below(26), size);
  struct iovec vector[3] = {{buffer, size / 3}, {buffer, 0}, {buffer + size / 3, size - size / 3}};
  switch (below(13)) {
    case 0: result("write", write(fd, buffer, size)); break;
    case 1: case 2: {
      long at = offset();
      result("pwrite", pwrite(fd, buffer, size, at));
      break;
    }
    case 3: result("writev", writev(fd, vector, 3)); break;
    case 4: {
      long got = read(fd, other, size);
      result("read", got);
      if (got > 0) printf("  sum %u\n", sum(other, got));
      break;
    }
    case 5: case 6: {
      long at = offset(), got = pread(fd, other, size, at);
      result("pread", got);
      if (got > 0) printf("  sum %u\n", sum(other, got));
      break;
    }
    case 7: {
      static const int whences[] = {SEEK_SET, SEEK_CUR, SEEK_END, 9};
      int whence = below(4);
      long at = offset() - (below(3) ? 0 : 9000);
      struct stat status;
      if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) result("lseek", lseek(fd, at, whences[whence]));
      break;
    }
    case 8: result("ftruncate", ftruncate(fd, below(6) ? offset() : -1)); break;
    case 9: {
      static const int modes[] = {0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, FALLOC_FL_PUNCH_HOLE};
      int mode = modes[below(4)];
      long at = below(40000), amount = (long)below(60000) - 10;
      result("fallocate", fallocate(fd, mode, at, amount));
      break;
    }
    case 10: {
      off_t from = below(10000);
      int to = pick();
      struct stat status, target;
      if (to < 0 || fstat(fd, &status) < 0 || S_ISCHR(status.st_mode)) break;
      /* Linux moves pages, so that within one file what is read may have been written by the same call. */
      if (fstat(to, &target) < 0 || target.st_ino == status.st_ino) break;
      result("sendfile", sendfile(to, fd, below(2) ? &from : NULL, size));
      showContent(to);
      break;
    }
    case 11: {
      int to = pick();
      if (to < 0) break;
      loff_t from = below(30000), target = below(30000);
      result("copy_file_range", copy_file_range(fd, below(2) ? &from : NULL, to, below(2) ? &target : NULL, size, 0));
      showContent(to);
      break;
    }
    default: {
      struct stat status;
      if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size == 0 || status.st_size > 1 << 20) break;
      int isShared = below(2);
      char *map = mmap(NULL, status.st_size, PROT_READ | (isShared ? 0 : PROT_WRITE), isShared ? MAP_SHARED : MAP_PRIVATE, fd, 0);
      if (map == MAP_FAILED) { result("mmap", -1); break; }
      printf("mmap %s sum %u\n", isShared ? "shared" : "private", sum(map, status.st_size));
      if (!isShared) map[below((unsigned)status.st_size)] = 'x';
      munmap(map, status.st_size);
      if (isShared && (map = mmap(NULL, status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) != MAP_FAILED) {
        map[below((unsigned)status.st_size)] = 'm';
        munmap(map, status.st_size);
        printf("stored through a map\n");
      }
    }
  }
}

static void nameOne(void) {
  const char *first = path(), *second = path();
  int what = below(14);
  /* A host's sysctl fs.protected_hardlinks decides what others may link. */
  if (geteuid() != 0 && (what == 5 || what == 13)) return;
  switch (what) {
    case 0: case 1: printf("mkdir %s: ", first), result("", mkdir(first, below(3) ? 0755 : below(010000))); break;
    case 2: printf("rmdir %s: ", first), result("", rmdir(first)); break;
    case 3: case 4: printf("unlink %s: ", first), result("", unlink(first)); break;
    case 5: printf("link %s %s: ", first, second), result("", link(first, second)); break;
    case 6: printf("symlink %s %s: ", first, second), result("", symlink(first, second)); break;
    case 7: case 8: printf("rename %s %s: ", first, second), result("", rename(first, second)); break;
    case 9: {
      int flags = 1 + below(3);
      printf("renameat2 %s %s %d: ", first, second, flags);
      result("", syscall(SYS_renameat2, AT_FDCWD, first, AT_FDCWD, second, flags));
      break;
    }
    case 10: {
      char text[64] = {0};
      long got = readlink(first, text, below(5) ? sizeof text : 2);
      printf("readlink %s: ", first), result(text, got);
      break;
    }
    case 11: printf("mknod %s: ", first), result("", mknod(first, (below(2) ? S_IFREG : below(2) ? S_IFSOCK : S_IFCHR) | 0640, 0x103)); break;
    case 12: printf("truncate %s: ", first), result("", truncate(first, below(9) ? below(50000) : -1)); break;
    default: printf("linkat %s %s: ", first, second), result("", linkat(AT_FDCWD, first, AT_FDCWD, second, AT_SYMLINK_FOLLOW)); break;
  }
}

static void attributeOne(void) {
  const char *name = path();
  int fd = pick();
  struct stat status;
  switch (below(11)) {
    case 0: printf("stat %s: ", name); if (stat(name, &status) == 0) showStat(&status); else result("", -1); break;
    case 1: printf("lstat %s: ", name); if (lstat(name, &status) == 0) showStat(&status); else result("", -1); break;
    case 2: printf("fstat: "); if (fstat(fd, &status) == 0) showStat(&status); else result("", -1); break;
    case 3: printf("chmod %s: ", name), result("", chmod(name, below(010000))); break;
    case 4: result("fchmod", fchmod(fd, below(010000))); break;
    case 5: printf("access %s: ", name), result("", access(name, below(9))); break;
    case 6: printf("getxattr %s: ", name), result("", getxattr(name, "user.none", buffer, 8) < 0 && (errno == EOPNOTSUPP || errno == ENODATA) ? 0 : -1); break;
    case 7: {
      struct timespec times[2] = {{below(1000000), below(1000000000)}, {below(1000000), UTIME_OMIT}};
      printf("utimensat %s: ", name), result("", utimensat(AT_FDCWD, name, times, below(2) ? AT_SYMLINK_NOFOLLOW : 0));
      if (lstat(name, &status) == 0 && S_ISREG(status.st_mode) && status.st_atim.tv_sec < 1000000) printf("  atime %ld.%09ld\n", (long)status.st_atim.tv_sec, status.st_atim.tv_nsec);
      break;
    }
    case 8: printf("chown %s: ", name), result("", chown(name, below(3), below(3))); break;
    case 9: result("flock", fd < 0 ? 0 : flock(fd, (below(2) ? LOCK_SH : below(2) ? LOCK_EX : LOCK_UN) | LOCK_NB)); break;
    default: {
      struct flock lock = {.l_type = below(2), .l_whence = SEEK_SET, .l_start = below(100), .l_len = below(100)};
      static const int commands[] = {F_SETLK, F_OFD_SETLK, F_OFD_GETLK};
      int command = commands[below(3)];
      if (command != F_OFD_GETLK && below(3) == 0) lock.l_type = F_UNLCK;
      long got = fcntl(fd, command, &lock);
      printf("lock %d: ", command), result("", got);
      if (got == 0 && command == F_OFD_GETLK) printf("  type %d start %ld length %ld\n", lock.l_type, (long)lock.l_start, (long)lock.l_len);
    }
  }
}

static void descriptorOne(void) {
  int fd = pick();
  switch (below(4)) {
    case 0: result("fcntl", fd < 0 ? 0 : fcntl(fd, F_GETFL)); break;
    case 1: keep(fd < 0 ? -1 : dup(fd)); break;
    case 2: result("fsync", fd < 0 ? 0 : fsync(fd)); break;
    default: list(below(2) ? "." : path());
  }
}

/* Leave things of root's behind, some of them in a sticky directory, and go on as somebody else. */
static void becomeUser(int user) {
  mkdir("a", 0755), mkdir("b", 01777), mkdir("c", 0700), mkdir("e", 02775);
  static const char *const files[] = {"a/a", "a/b", "b/a", "b/b", "c/a", "d", "e/a"};
  for (int i = 0; i < 7; i++) {
    int fd = open(files[i], O_CREAT | O_WRONLY, i & 1 ? 0600 : 0644);
    write(fd, "root's", 6);
    close(fd);
  }
  if (chown(".", user, user) < 0 || setgid(user) < 0 || setuid(user) < 0) exit(3);
}

int main(int count, char **arguments) {
  if (count < 4 || mkdir(arguments[1], 0755) < 0 || chdir(arguments[1]) < 0) return 2;
  state = strtoull(arguments[2], NULL, 0) * 2654435761u + 1;
  umask(022);
  for (int i = 0; i < DESCRIPTORS; i++) descriptors[i] = -1;
  if (count > 4) becomeUser(atoi(arguments[4]));
  for (long calls = atol(arguments[3]); calls > 0; calls--) {
    printf("%ld ", calls);
    switch (below(8)) {
      case 0: case 1: openOne(); break;
      case 2: case 3: case 4: dataOne(); break;
      case 5: case 6: nameOne(); break;
      default: if (below(3)) attributeOne(); else descriptorOne();
    }
    printf("\n");
  }
  return 0;
}
