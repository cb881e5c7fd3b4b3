/* What is in files: offsets, positioned and vectored transfers, holes, truncation, copying between descriptors. */
#include "check.h"
#include <linux/falloc.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define MB (1024L * 1024)

static long size_of(int fd) {
  struct stat status;
  return fstat(fd, &status) < 0 ? -1 : status.st_size;
}

static int make(const char *name, const char *content) {
  int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
  write(fd, content, strlen(content));
  lseek(fd, 0, SEEK_SET);
  return fd;
}

static bool holds(int fd, const char *content) {
  char text[4096];
  ssize_t n = pread(fd, text, sizeof text, 0);
  return n == (ssize_t)strlen(content) && memcmp(text, content, n) == 0;
}

group(offsets) {
  enter_scratch();
  int fd = make("f", "0123456789");
  char text[32];
  check(gives(3, lseek(fd, 3, SEEK_SET)) && gives(2, read(fd, text, 2)) && text[0] == '3', "SEEK_SET seeks from the start");
  check(gives(7, lseek(fd, 2, SEEK_CUR)), "SEEK_CUR from here");
  check(gives(8, lseek(fd, -2, SEEK_END)) && gives(2, read(fd, text, 32)), "SEEK_END from the end");
  check(fails_with(EINVAL, lseek(fd, -1, SEEK_SET)), "before the start is EINVAL");
  check(fails_with(EINVAL, lseek(fd, 0, 99)), "an unknown origin is EINVAL");
  check(gives(100, lseek(fd, 100, SEEK_SET)) && gives(0, read(fd, text, 1)), "past the end reads nothing");
  check(gives(1, write(fd, "x", 1)) && size_of(fd) == 101 && gives(1, pread(fd, text, 1, 50)) && text[0] == 0, "a write there leaves zeros between");
  check(fails_with(EOVERFLOW, lseek(fd, LONG_MAX, SEEK_CUR)) || check_errno == EINVAL, "an offset that overflows is refused");
  check(fails_with(EBADF, lseek(99, 0, SEEK_SET)), "a closed descriptor is EBADF");
  int pipes[2];
  pipe(pipes);
  check(fails_with(ESPIPE, lseek(pipes[0], 0, SEEK_SET)), "a pipe is ESPIPE");
  check(fails_with(ESPIPE, pread(pipes[0], text, 1, 0)) && fails_with(ESPIPE, pwrite(pipes[1], text, 1, 0)), "pread and pwrite of a pipe are ESPIPE");
  close(fd);

  fd = make("f", "0123456789");
  lseek(fd, 4, SEEK_SET);
  check(gives(3, pread(fd, text, 3, 7)) && memcmp(text, "789", 3) == 0, "pread reads at its offset");
  check(gives(2, pwrite(fd, "AB", 2, 0)) && holds(fd, "AB23456789"), "pwrite writes at its offset");
  check(gives(4, lseek(fd, 0, SEEK_CUR)), "neither moves the descriptor's");
  check(fails_with(EINVAL, pread(fd, text, 1, -1)) && fails_with(EINVAL, pwrite(fd, text, 1, -1)), "a negative offset is EINVAL");
  check(gives(0, read(fd, text, 0)) && gives(0, write(fd, text, 0)), "0 bytes are 0 bytes");
  check(fails_with(EFAULT, read(fd, (void *)8, 4)) && fails_with(EFAULT, write(fd, (void *)8, 4)), "a bad buffer is EFAULT");
  check(gives(4, lseek(fd, 0, SEEK_CUR)), "and moves nothing");
  char *edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(edge + 4096, 4096);
  int big = open("edge", O_RDWR | O_CREAT, 0600);
  memset(edge, 'e', 4096);
  ssize_t n = write(big, edge + 4000, 200);
  check(n == 96 || (n == -1 && errno == EFAULT), "a buffer that ends in unmapped memory is written in part or EFAULT");
  close(big);
  close(fd);
  fd = open("f", O_RDWR | O_APPEND);
  check(gives(1, pwrite(fd, "Z", 1, 0)) && size_of(fd) == 11, "pwrite to an O_APPEND descriptor appends, as Linux does");
  close(fd);
}

group(vectors) {
  enter_scratch();
  int fd = make("v", "");
  struct iovec parts[3] = {{"abc", 3}, {"", 0}, {"defg", 4}};
  check(gives(7, writev(fd, parts, 3)) && holds(fd, "abcdefg"), "writev writes all parts in order");
  char one[2], two[10];
  struct iovec into[2] = {{one, 2}, {two, 10}};
  lseek(fd, 0, SEEK_SET);
  check(gives(7, readv(fd, into, 2)) && memcmp(one, "ab", 2) == 0 && memcmp(two, "cdefg", 5) == 0, "readv fills all parts in order");
  check(gives(4, preadv(fd, into, 2, 3)) && memcmp(one, "de", 2) == 0, "preadv reads at its offset");
  check(gives(7, pwritev(fd, parts, 3, 7)) && holds(fd, "abcdefgabcdefg"), "pwritev writes at its offset");
  check(gives(7, preadv2(fd, into, 2, 7, 0)), "preadv2 without flags is preadv");
  lseek(fd, 0, SEEK_SET);
  check(gives(12, preadv2(fd, into, 2, -1, 0)) && gives(12, lseek(fd, 0, SEEK_CUR)), "preadv2 at -1 uses the descriptor's offset");
  check(gives(7, pwritev2(fd, parts, 3, 0, RWF_APPEND)) && size_of(fd) == 21, "RWF_APPEND appends");
  check(fails_with(EOPNOTSUPP, preadv2(fd, into, 2, 0, 0x10000000)), "unknown flags are EOPNOTSUPP");
  check(fails_with(EINVAL, readv(fd, into, -1)) && fails_with(EINVAL, readv(fd, into, 1025)), "-1 or 1025 parts are EINVAL");
  check(gives(0, readv(fd, into, 0)), "0 parts are 0 bytes");
  struct iovec wild[2] = {{one, 2}, {(void *)8, -1UL}};
  check(fails_with(EINVAL, readv(fd, wild, 2)), "a negative length is EINVAL");
  check(fails_with(EFAULT, readv(fd, (void *)8, 1)), "a bad vector is EFAULT");
  check(fails_with(EBADF, readv(99, into, 1)), "a closed descriptor is EBADF");
  close(fd);
}

group(truncation) {
  enter_scratch();
  int fd = make("t", "0123456789");
  char text[8];
  check(gives(0, ftruncate(fd, 4)) && holds(fd, "0123"), "ftruncate cuts");
  check(gives(0, ftruncate(fd, 6)) && gives(2, pread(fd, text, 8, 4)) && text[0] == 0 && text[1] == 0, "growing again gives zeros, not the old content");
  check(fails_with(EINVAL, ftruncate(fd, -1)), "a negative size is EINVAL");
  check(fails_with(EBADF, ftruncate(99, 0)), "a closed descriptor is EBADF");
  check(gives(0, ftruncate(fd, 5 * MB)) && size_of(fd) == 5 * MB, "a file can be grown to 5 MB");
  struct stat status;
  fstat(fd, &status);
  check(status.st_blocks * 512 < MB, "which takes no space");
  check(gives(1, pwrite(fd, "x", 1, 3L << 30)) && size_of(fd) == (3L << 30) + 1, "a file may be larger than 2 GB, with holes");
  check(gives(1, pread(fd, text, 1, 3L << 30)) && text[0] == 'x' && gives(1, pread(fd, text, 1, 2L << 30)) && text[0] == 0, "and is read right");
  close(fd);

  fd = make("a", "");
  long result = posix_fallocate(fd, 0, 10000);
  check(result == 0 && size_of(fd) == 10000, "posix_fallocate grows a file");
  long keep = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 20000);
  check((keep == 0 && size_of(fd) == 10000) || errno == EOPNOTSUPP, "FALLOC_FL_KEEP_SIZE keeps its size");
  char full[10000];
  memset(full, 'f', sizeof full);
  pwrite(fd, full, sizeof full, 0);
  long punched = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1000, 5000);
  if (punched == 0) {
    pread(fd, full, sizeof full, 0);
    check(full[999] == 'f' && full[1000] == 0 && full[5999] == 0 && full[6000] == 'f', "FALLOC_FL_PUNCH_HOLE leaves zeros");
  } else {
    check(errno == EOPNOTSUPP, "FALLOC_FL_PUNCH_HOLE works or is EOPNOTSUPP");
  }
  check(fails_with(EINVAL, fallocate(fd, 0, 0, 0)) && fails_with(EINVAL, fallocate(fd, 0, -1, 5)), "fallocate of no or negative room is EINVAL");
  check(fails_with(EOPNOTSUPP, fallocate(fd, 0x4000, 0, 5)), "unknown modes are EOPNOTSUPP");
  close(fd);
}

group(holes) {
  enter_scratch();
  int fd = make("h", "");
  char block[4096];
  memset(block, 'b', sizeof block);
  pwrite(fd, block, sizeof block, MB);
  ftruncate(fd, 2 * MB);
  check(gives(0, lseek(fd, 0, SEEK_HOLE)) || check_value == 2 * MB, "SEEK_HOLE at a hole stays (or finds only the end)");
  bool knows_holes = check_value == 0;
  long data = lseek(fd, 0, SEEK_DATA);
  check(data == (knows_holes ? MB : 0), "SEEK_DATA finds the data");
  check(gives(knows_holes ? MB + 4096 : 2 * MB, lseek(fd, MB, SEEK_HOLE)), "SEEK_HOLE finds the hole after it");
  if (knows_holes) check(fails_with(ENXIO, lseek(fd, MB + 4096, SEEK_DATA)), "no data after here is ENXIO");
  check(fails_with(ENXIO, lseek(fd, 2 * MB, SEEK_DATA)) && fails_with(ENXIO, lseek(fd, 2 * MB, SEEK_HOLE)), "both at the end are ENXIO");
  close(fd);
}

group(syncing) {
  enter_scratch();
  int fd = make("s", "x");
  check(gives(0, fsync(fd)) && gives(0, fdatasync(fd)), "fsync and fdatasync return 0");
  check(fails_with(EBADF, fsync(99)), "of a closed descriptor EBADF");
  int pipes[2];
  pipe(pipes);
  check(fails_with(EINVAL, fsync(pipes[0])), "of a pipe EINVAL");
  check(gives(0, posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL)) && gives(EINVAL, posix_fadvise(fd, 0, 0, 77)), "posix_fadvise knows its advice");
  check(gives(ESPIPE, posix_fadvise(pipes[0], 0, 0, POSIX_FADV_NORMAL)), "posix_fadvise of a pipe is ESPIPE");
  check(gives(0, readahead(fd, 0, 4096)), "readahead returns 0");
  check(gives(0, syscall(SYS_sync_file_range, fd, 0, 0, 0)), "sync_file_range returns 0");
  close(fd);
}

group(large) {
  enter_scratch();
  int fd = open("large", O_RDWR | O_CREAT, 0600);
  static uint32_t block[65536 / 4];
  bool ok = true;
  for (uint32_t i = 0; i < 256; i++) {
    for (uint32_t k = 0; k < 65536 / 4; k++) block[k] = i * 7919 + k * 31;
    ok = ok && write(fd, block, sizeof block) == sizeof block;
  }
  check(ok && size_of(fd) == 16 * MB, "16 MB can be written");
  lseek(fd, 0, SEEK_SET);
  for (uint32_t i = 0; i < 256 && ok; i++) {
    size_t got = 0;
    while (got < sizeof block) {
      ssize_t n = read(fd, (char *)block + got, i % 2 ? 10007 < sizeof block - got ? 10007 : sizeof block - got : sizeof block - got);
      if (n <= 0) break;
      got += n;
    }
    for (uint32_t k = 0; k < 65536 / 4; k++) ok = ok && block[k] == i * 7919 + k * 31;
  }
  check(ok, "and reads back the same, in odd pieces too");
  /* Space comes back: write and drop more than a small guest has. */
  for (int round = 0; round < 12 && ok; round++) {
    ok = ftruncate(fd, 0) == 0;
    lseek(fd, 0, SEEK_SET);
    for (int i = 0; i < 512 && ok; i++) ok = write(fd, block, sizeof block) == sizeof block;
  }
  check(ok, "384 MB can pass through one file of 32 MB");
  close(fd);
  unlink("large");
}

group(many) {
  enter_scratch();
  char name[32], text[32];
  bool ok = true;
  for (int i = 0; i < 1000; i++) {
    snprintf(name, sizeof name, "many-%d", i);
    ok = ok && put_file(name, name, strlen(name)) == 0;
  }
  for (int i = 0; i < 1000; i += 7) {
    snprintf(name, sizeof name, "many-%d", i);
    int fd = open(name, O_RDONLY);
    ssize_t n = read(fd, text, sizeof text);
    ok = ok && n == (ssize_t)strlen(name) && memcmp(text, name, n) == 0;
    close(fd);
  }
  for (int i = 0; i < 1000; i++) {
    snprintf(name, sizeof name, "many-%d", i);
    ok = ok && unlink(name) == 0;
  }
  check(ok, "1000 files can be made, read and removed");
  ok = true;
  for (int i = 0; i < 100; i++) ok = ok && mkdir("deeper", 0755) == 0 && chdir("deeper") == 0;
  check(ok && put_file("bottom", "x", 1) == 0, "directories nest 100 deep");
}

group(copying) {
  enter_scratch();
  int in = make("in", "0123456789"), out = make("out", ""), pipes[2], pair[2];
  char text[64];
  pipe(pipes);
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  off_t offset = 2;
  check(gives(5, sendfile(out, in, &offset, 5)) && offset == 7 && holds(out, "23456"), "sendfile copies from its offset and moves it");
  check(gives(0, lseek(in, 0, SEEK_CUR)), "not the descriptor's");
  check(gives(10, sendfile(out, in, NULL, 100)) && gives(10, lseek(in, 0, SEEK_CUR)), "without an offset it moves the descriptor's");
  check(gives(0, sendfile(out, in, NULL, 100)), "at the end it copies nothing");
  offset = 0;
  check(gives(10, sendfile(pair[0], in, &offset, 100)) && gives(10, read(pair[1], text, 64)), "sendfile writes to a socket");
  offset = 0;
  check(gives(10, sendfile(pipes[1], in, &offset, 100)) && gives(10, read(pipes[0], text, 64)) && memcmp(text, "0123456789", 10) == 0, "and to a pipe");
  check(fails_with(EINVAL, sendfile(out, pair[0], NULL, 1)) || check_errno == EAGAIN || check_errno == EOPNOTSUPP, "from a socket it is refused");
  check(fails_with(EBADF, sendfile(99, in, NULL, 1)) && fails_with(EBADF, sendfile(out, 99, NULL, 1)), "closed descriptors are EBADF");

  out = make("out", "");
  off_t from = 3, to = 1;
  check(gives(4, copy_file_range(in, &from, out, &to, 4, 0)) && from == 7 && to == 5 && size_of(out) == 5, "copy_file_range copies from offset to offset");
  check(gives(5, pread(out, text, 64, 0)) && memcmp(text, "\0003456", 5) == 0, "the bytes asked for");
  from = 100;
  check(gives(0, copy_file_range(in, &from, out, NULL, 5, 0)), "past the end it copies nothing");
  check(fails_with(EINVAL, copy_file_range(in, NULL, out, NULL, 5, 1)), "with flags it is EINVAL");
  check(fails_with(EINVAL, copy_file_range(in, NULL, pipes[1], NULL, 5, 0)), "to a pipe EINVAL");
  int directory = open(".", O_RDONLY);
  check(fails_with(EISDIR, copy_file_range(directory, NULL, out, NULL, 5, 0)), "from a directory EISDIR");
  from = 0, to = 5;
  check(fails_with(EINVAL, copy_file_range(in, &from, in, (off_t[]){2}, 5, 0)), "within one file overlapping EINVAL");

  off_t at = 4;
  check(gives(6, splice(in, &at, pipes[1], NULL, 100, 0)) && at == 10, "splice moves from a file to a pipe");
  out = make("out", "");
  check(gives(6, splice(pipes[0], NULL, out, NULL, 100, 0)) && holds(out, "456789"), "and from a pipe to a file");
  check(fails_with(EAGAIN, splice(pipes[0], NULL, out, NULL, 100, SPLICE_F_NONBLOCK)), "from an empty pipe with SPLICE_F_NONBLOCK EAGAIN");
  check(fails_with(EINVAL, splice(in, &at, out, NULL, 5, 0)), "without a pipe EINVAL");
  check(fails_with(ESPIPE, splice(pipes[0], &at, out, NULL, 5, 0)), "with an offset for the pipe ESPIPE");
  int second[2];
  pipe(second);
  write(pipes[1], "tee", 3);
  check(gives(3, tee(pipes[0], second[1], 100, 0)) && gives(3, read(second[0], text, 64)) && gives(3, read(pipes[0], text, 64)), "tee copies without taking");
  check(fails_with(EINVAL, tee(pipes[0], out, 100, 0)), "tee without two pipes is EINVAL");
  struct iovec parts[2] = {{"vm", 2}, {"splice", 6}};
  check(gives(8, vmsplice(pipes[1], parts, 2, 0)) && gives(8, read(pipes[0], text, 64)) && memcmp(text, "vmsplice", 8) == 0, "vmsplice fills a pipe");
  close(directory);
}
