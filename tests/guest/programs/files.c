/* Files and names: open, link, rename, directories, status, permissions. Data and descriptors: file-data.c, descriptors.c. */
#include "check.h"
#include <dirent.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <utime.h>

static long size_of(const char *path) {
  struct stat status;
  return stat(path, &status) < 0 ? -1 : status.st_size;
}
static bool exists(const char *path) {
  struct stat status;
  return lstat(path, &status) == 0;
}
static mode_t mode_of(const char *path) {
  struct stat status;
  return lstat(path, &status) < 0 ? 0 : status.st_mode;
}
static long links_of(const char *path) {
  struct stat status;
  return lstat(path, &status) < 0 ? -1 : (long)status.st_nlink;
}
static ino_t inode_of(const char *path) {
  struct stat status;
  return lstat(path, &status) < 0 ? 0 : status.st_ino;
}
static void touch(const char *path) { close(open(path, O_WRONLY | O_CREAT, 0644)); }

group(opening) {
  enter_scratch();
  int fd, other;
  char text[16] = {0};
  check(fails_with(ENOENT, open("none", O_RDONLY)), "opening a missing file is ENOENT");
  check(fails_with(ENOENT, open("", O_RDONLY)), "opening an empty path is ENOENT");
  check(fails_with(ENOENT, open("none/file", O_RDWR | O_CREAT, 0600)), "creating in a missing directory is ENOENT");
  umask(0);
  check(succeeds(fd = open("file", O_RDWR | O_CREAT | O_EXCL, 0640)), "O_CREAT makes a file");
  check(mode_of("file") == (S_IFREG | 0640), "with the mode asked for");
  umask(027);
  close(open("masked", O_WRONLY | O_CREAT, 0666));
  check(mode_of("masked") == (S_IFREG | 0640), "less the umask");
  umask(022);
  check(umask(022) == 022, "umask returns the old mask");
  check(fails_with(EEXIST, open("file", O_RDWR | O_CREAT | O_EXCL, 0600)), "O_EXCL on an existing file is EEXIST");
  symlink("nowhere", "dangling");
  check(fails_with(EEXIST, open("dangling", O_RDWR | O_CREAT | O_EXCL, 0600)), "O_EXCL does not follow a symlink: EEXIST");
  check(succeeds(other = open("dangling", O_RDWR | O_CREAT, 0600)) && exists("nowhere"),
        "O_CREAT through a dangling symlink makes its target");
  close(other);
  check(gives(5, write(fd, "hello", 5)) && size_of("file") == 5, "write grows the file");
  close(fd);
  fd = open("file", O_RDONLY);
  check(gives(5, read(fd, text, 16)) && memcmp(text, "hello", 5) == 0, "read gives back what was written");
  check(gives(0, read(fd, text, 16)), "read at the end gives 0");
  check(fails_with(EBADF, write(fd, "x", 1)), "writing a descriptor open for reading is EBADF");
  check(fails_with(EINVAL, ftruncate(fd, 0)), "truncating it is EINVAL");
  close(fd);
  fd = open("file", O_WRONLY);
  check(fails_with(EBADF, read(fd, text, 1)), "reading a descriptor open for writing is EBADF");
  close(fd);
  fd = open("file", O_WRONLY | O_TRUNC);
  check(size_of("file") == 0, "O_TRUNC empties the file");
  close(fd);
  fd = open("file", O_WRONLY | O_APPEND);
  other = open("file", O_WRONLY | O_APPEND);
  write(fd, "one", 3);
  write(other, "two", 3);
  lseek(fd, 0, SEEK_SET);
  write(fd, "three", 5);
  check(size_of("file") == 11, "O_APPEND always writes at the end");
  check(lseek(fd, 0, SEEK_CUR) == 11, "and leaves the offset there");
  check((fcntl(fd, F_GETFL) & (O_APPEND | O_ACCMODE)) == (O_APPEND | O_WRONLY), "F_GETFL tells the flags");
  close(fd);
  close(other);

  mkdir("dir", 0755);
  check(fails_with(EISDIR, open("dir", O_RDWR)), "opening a directory for writing is EISDIR");
  check(fails_with(EISDIR, open("dir", O_RDONLY | O_CREAT, 0600)), "O_CREAT on a directory is EISDIR");
  check(fails_with(ENOTDIR, open("file", O_RDONLY | O_DIRECTORY)), "O_DIRECTORY on a file is ENOTDIR");
  check(fails_with(ENOTDIR, open("file/x", O_RDONLY)), "a path through a file is ENOTDIR");
  check(fails_with(ENOTDIR, open("file/", O_RDONLY)), "a file with a slash at its end is ENOTDIR");
  check(fails_with(EISDIR, open("new/", O_RDWR | O_CREAT, 0600)), "creating a file with a slash at its end is EISDIR");
  fd = open("dir", O_RDONLY);
  check(fails_with(EISDIR, read(fd, text, 1)), "reading a directory is EISDIR");
  close(fd);
  check(succeeds(fd = open("dir/../dir/./../file", O_RDONLY)), "dots and dot-dots are followed");
  close(fd);
  check(succeeds(fd = open("//////dev///null", O_RDONLY)), "many slashes count as one");
  close(fd);

  symlink("file", "link");
  check(fails_with(ELOOP, open("link", O_RDONLY | O_NOFOLLOW)), "O_NOFOLLOW on a symlink is ELOOP");
  symlink("dir", "dirlink");
  check(fails_with(ENOTDIR, open("dirlink", O_RDONLY | O_NOFOLLOW | O_DIRECTORY)), "with O_DIRECTORY it is ENOTDIR");
  check(succeeds(fd = open("dirlink/", O_RDONLY)), "a slash at its end follows a symlink");
  close(fd);
  check(fails_with(ENXIO, open("fifo", O_WRONLY | O_NONBLOCK)) || (mkfifo("fifo", 0600) == 0 &&
            fails_with(ENXIO, open("fifo", O_WRONLY | O_NONBLOCK))), "a fifo without reader is ENXIO for a writer that will not wait");

  int parent = open("dir", O_RDONLY | O_DIRECTORY);
  check(succeeds(fd = openat(parent, "inside", O_RDWR | O_CREAT, 0600)) && exists("dir/inside"), "openat starts at its directory");
  check(fails_with(ENOTDIR, openat(fd, "x", O_RDONLY)), "openat at a file is ENOTDIR");
  check(fails_with(EBADF, openat(99, "x", O_RDONLY)), "openat at a closed descriptor is EBADF");
  check(succeeds(other = openat(99, "/dev/null", O_RDONLY)), "an absolute path ignores it");
  close(other);
  close(fd);
  close(parent);

  fd = open(".", O_RDWR | O_TMPFILE, 0600);
  if (check(succeeds(fd), "O_TMPFILE makes a file without a name")) {
    struct stat status;
    fstat(fd, &status);
    check(status.st_nlink == 0, "it has no links");
    write(fd, "tmp", 3);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    check(gives(0, linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW)) && size_of("named") == 3,
          "linkat of its /proc/self/fd link gives it one");
    close(fd);
  }
  check(fails_with(EINVAL, open(".", O_RDONLY | O_TMPFILE, 0600)), "O_TMPFILE for reading only is EINVAL");
  check(succeeds(fd = creat("created", 0600)), "creat makes a file");
  close(fd);
  check(gives(-1, open("file", O_RDONLY | O_DIRECTORY | O_CREAT, 0600)), "O_CREAT with O_DIRECTORY makes no file");
}

group(path_descriptors) {
  enter_scratch();
  put_file("file", "text", 4);
  mkdir("dir", 0755);
  put_file("dir/inside", "in", 2);
  symlink("file", "link");
  int fd = open("file", O_PATH);
  char text[8];
  struct stat status;
  require(succeeds(fd), "O_PATH opens a file");
  check(fails_with(EBADF, read(fd, text, 1)), "it cannot be read: EBADF");
  check(fails_with(EBADF, fchmod(fd, 0600)), "nor fchmod be done: EBADF");
  check(gives(0, fstat(fd, &status)) && status.st_size == 4, "but asked for its status");
  check((fcntl(fd, F_GETFL) & O_PATH) != 0, "F_GETFL says O_PATH");
  close(fd);
  fd = open("link", O_PATH | O_NOFOLLOW);
  check(gives(0, fstat(fd, &status)) && S_ISLNK(status.st_mode), "O_PATH with O_NOFOLLOW opens the symlink itself");
  check(gives(4, readlinkat(fd, "", text, sizeof text)) && memcmp(text, "file", 4) == 0, "readlinkat of an empty path reads it");
  close(fd);
  fd = open("dir", O_PATH | O_DIRECTORY);
  int inside = openat(fd, "inside", O_RDONLY);
  check(succeeds(inside), "an O_PATH directory serves openat");
  close(inside);
  check(gives(0, fstatat(fd, "", &status, AT_EMPTY_PATH)) && S_ISDIR(status.st_mode), "fstatat with AT_EMPTY_PATH asks for itself");
  check(fails_with(ENOENT, fstatat(fd, "", &status, 0)), "without it an empty path is ENOENT");
  check(gives(0, fchdir(fd)) && exists("inside"), "fchdir takes an O_PATH directory");
  close(fd);
}

group(lengths_and_loops) {
  enter_scratch();
  char name[NAME_MAX + 2], path[PATH_MAX + 16];
  memset(name, 'n', sizeof name);
  name[NAME_MAX] = 0;
  check(gives(0, put_file(name, "x", 1)) && exists(name), "a name of 255 bytes is fine");
  name[NAME_MAX] = 'n', name[NAME_MAX + 1] = 0;
  check(fails_with(ENAMETOOLONG, open(name, O_RDWR | O_CREAT, 0600)), "one of 256 bytes is ENAMETOOLONG");
  check(fails_with(ENAMETOOLONG, mkdir(name, 0700)), "for mkdir too");
  memset(path, '/', sizeof path);
  memcpy(path + PATH_MAX - 5, "dev", 4);
  check(fails_with(ENOENT, open(path, O_RDONLY)) || check_errno == EISDIR || check_value >= 0, "a path of 4094 bytes is looked at");
  if (check_value >= 0) close((int)check_value);
  memset(path, '/', sizeof path);
  path[PATH_MAX + 10] = 0;
  check(fails_with(ENAMETOOLONG, open(path, O_RDONLY)), "one of more than 4095 bytes is ENAMETOOLONG");
  symlink("loop", "loop");
  check(fails_with(ELOOP, open("loop", O_RDONLY)), "a symlink to itself is ELOOP");
  symlink("two", "one");
  symlink("one", "two");
  struct stat status;
  check(fails_with(ELOOP, stat("one/x", &status)), "two that name each other are ELOOP");
  check(gives(0, lstat("one", &status)), "lstat does not mind");
  char from[16], to[16];
  for (int i = 0; i < 50; i++) {
    snprintf(from, sizeof from, "chain%d", i);
    snprintf(to, sizeof to, "chain%d", i + 1);
    symlink(to, from);
  }
  put_file("chain50", "end", 3);
  check(size_of("chain12") == 3, "38 symlinks in a row are followed");
  check(fails_with(ELOOP, stat("chain5", &status)), "45 are ELOOP");
}

group(links) {
  enter_scratch();
  put_file("a", "content", 7);
  check(gives(0, link("a", "b")) && links_of("a") == 2 && inode_of("a") == inode_of("b"), "link gives a file a second name");
  check(fails_with(EEXIST, link("a", "b")), "to an existing name is EEXIST");
  check(fails_with(ENOENT, link("none", "c")), "of a missing file is ENOENT");
  mkdir("dir", 0755);
  check(fails_with(EPERM, link("dir", "dir2")), "of a directory is EPERM");
  check(gives(0, unlink("a")) && links_of("b") == 1 && size_of("b") == 7, "unlink leaves the other name");
  check(fails_with(ENOENT, unlink("a")), "unlink of a missing name is ENOENT");
  check(fails_with(EISDIR, unlink("dir")), "unlink of a directory is EISDIR");
  symlink("b", "s");
  check(gives(0, linkat(AT_FDCWD, "s", AT_FDCWD, "s2", 0)) && S_ISLNK(mode_of("s2")), "linkat links the symlink itself");
  check(gives(0, linkat(AT_FDCWD, "s", AT_FDCWD, "s3", AT_SYMLINK_FOLLOW)) && S_ISREG(mode_of("s3")),
        "with AT_SYMLINK_FOLLOW its target");
  check(fails_with(EINVAL, linkat(AT_FDCWD, "s", AT_FDCWD, "s4", 0x8000)), "unknown flags are EINVAL");

  char target[64];
  check(gives(1, readlink("s", target, sizeof target)) && target[0] == 'b', "readlink gives the target without a NUL");
  check(fails_with(EINVAL, readlink("b", target, sizeof target)), "readlink of a file is EINVAL");
  symlink("a-longer-target", "long");
  check(gives(4, readlink("long", target, 4)), "readlink cuts what does not fit");
  check(fails_with(EINVAL, readlink("long", target, 0)), "a buffer of 0 is EINVAL");
  struct stat status;
  lstat("long", &status);
  check(status.st_size == 15 && (status.st_mode & 07777) == 0777, "a symlink's size is its target's length, its mode 0777");
  check(fails_with(ENOENT, symlink("", "empty")), "an empty target is ENOENT");
  check(fails_with(EEXIST, symlink("x", "s")), "a name that exists is EEXIST");
  check(gives(0, unlink("s")) && exists("b"), "unlink of a symlink leaves its target");

  int fd = open("b", O_RDWR);
  unlink("b");
  unlink("s3");
  fstat(fd, &status);
  check(status.st_nlink == 0 && gives(7, pread(fd, target, 64, 0)) && memcmp(target, "content", 7) == 0,
        "an unlinked file lives as long as it is open");
  check(gives(3, pwrite(fd, "CON", 3, 0)) && gives(0, ftruncate(fd, 100)), "and can be written");
  char link_path[64], seen[256] = {0};
  snprintf(link_path, sizeof link_path, "/proc/self/fd/%d", fd);
  check(succeeds(readlink(link_path, seen, sizeof seen - 1)) && strstr(seen, " (deleted)") != NULL,
        "/proc/self/fd says it is deleted");
  int again = open(link_path, O_RDONLY);
  check(succeeds(again) && gives(7, pread(again, target, 7, 0)) && memcmp(target, "CONtent", 7) == 0,
        "it can be opened again through /proc/self/fd");
  close(again);
  close(fd);
}

group(renaming) {
  enter_scratch();
  put_file("a", "aa", 2);
  put_file("b", "bbb", 3);
  check(gives(0, rename("a", "c")) && !exists("a") && size_of("c") == 2, "rename moves a file");
  check(gives(0, rename("c", "b")) && size_of("b") == 2, "over another it replaces it");
  check(fails_with(ENOENT, rename("none", "x")), "of a missing file is ENOENT");
  check(gives(0, rename("b", "b")) && exists("b"), "to itself does nothing");
  link("b", "b2");
  check(gives(0, rename("b", "b2")) && exists("b") && exists("b2"), "to another name of itself does nothing");
  mkdir("dir", 0755);
  mkdir("dir/sub", 0755);
  mkdir("empty", 0755);
  check(fails_with(EISDIR, rename("b", "dir")), "a file over a directory is EISDIR");
  check(fails_with(ENOTDIR, rename("dir", "b")), "a directory over a file is ENOTDIR");
  check(fails_with(EINVAL, rename("dir", "dir/sub/in")), "a directory into itself is EINVAL");
  check(fails_with(ENOTEMPTY, rename("empty", "dir")) || check_errno == EEXIST, "over a directory with content is ENOTEMPTY");
  check(gives(0, rename("dir/sub", "empty")) && exists("empty") && !exists("dir/sub"), "a directory over an empty one replaces it");
  check(fails_with(EBUSY, rename("empty/.", "x")), "of . is EBUSY");
  check(links_of("dir") == 2 || links_of("dir") == 1, "a directory's links count its subdirectories");
  mkdir("p", 0755);
  mkdir("q", 0755);
  mkdir("p/child", 0755);
  rename("p/child", "q/child");
  check(inode_of("q/child/..") == inode_of("q"), "dot-dot of a moved directory is its new parent");
  symlink("nothing", "s");
  check(gives(0, rename("s", "t")) && S_ISLNK(mode_of("t")), "a symlink is moved itself");

  check(fails_with(EEXIST, syscall(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "t", RENAME_NOREPLACE)), "RENAME_NOREPLACE over a name is EEXIST");
  check(gives(0, syscall(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "new", RENAME_NOREPLACE)) && exists("new"), "and moves to a free one");
  put_file("x", "1", 1);
  put_file("y", "22", 2);
  check(gives(0, syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, "y", RENAME_EXCHANGE)) && size_of("x") == 2 && size_of("y") == 1,
        "RENAME_EXCHANGE swaps two files");
  check(gives(0, syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, "dir", RENAME_EXCHANGE)) && S_ISDIR(mode_of("x")) && size_of("dir") == 2,
        "also a file and a directory");
  check(fails_with(ENOENT, syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, "none", RENAME_EXCHANGE)), "with a missing name it is ENOENT");
  check(fails_with(EINVAL, syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, "y", RENAME_EXCHANGE | RENAME_NOREPLACE)), "both flags are EINVAL");
  check(fails_with(EINVAL, syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, "y", 0x100)), "unknown flags are EINVAL");
  int fd = open("y", O_RDONLY);
  put_file("z", "333", 3);
  rename("z", "y");
  char text[8];
  check(gives(1, pread(fd, text, 8, 0)) && size_of("y") == 3, "a file replaced while open keeps its content for the opener");
  close(fd);
  check(fails_with(EXDEV, rename("y", "/proc/y")) || check_errno == ENOENT || check_errno == EPERM || check_errno == EACCES,
        "to another file system it fails");
}

group(directories) {
  enter_scratch();
  umask(022);
  check(gives(0, mkdir("d", 0777)) && mode_of("d") == (S_IFDIR | 0755), "mkdir makes a directory, mode less the umask");
  check(fails_with(EEXIST, mkdir("d", 0777)), "mkdir of a name that exists is EEXIST");
  check(fails_with(ENOENT, mkdir("x/y", 0777)), "mkdir in a missing directory is ENOENT");
  check(fails_with(EEXIST, mkdir("/", 0777)) && fails_with(EEXIST, mkdir(".", 0777)), "mkdir of / and . is EEXIST");
  check(gives(0, mkdir("e/", 0777)), "mkdir allows a slash at the end");
  check(links_of("d") == 2 || links_of("d") == 1, "a new directory has two links");
  put_file("d/f", "1", 1);
  check(fails_with(ENOTEMPTY, rmdir("d")), "rmdir of a directory with content is ENOTEMPTY");
  check(fails_with(ENOTDIR, rmdir("d/f")), "rmdir of a file is ENOTDIR");
  check(fails_with(EINVAL, rmdir("d/.")), "rmdir of . is EINVAL");
  check(fails_with(ENOTEMPTY, rmdir("d/..")), "rmdir of .. is ENOTEMPTY");
  check(gives(0, unlinkat(AT_FDCWD, "e", AT_REMOVEDIR)) && !exists("e"), "unlinkat with AT_REMOVEDIR removes a directory");
  check(fails_with(EINVAL, unlinkat(AT_FDCWD, "d", 0x1)), "unlinkat with unknown flags is EINVAL");

  char path[PATH_MAX], expected[PATH_MAX];
  getcwd(expected, sizeof expected);
  strcat(expected, "/d");
  check(gives(0, chdir("d")) && getcwd(path, sizeof path) && strcmp(path, expected) == 0, "getcwd follows chdir");
  check(fails_with(ERANGE, syscall(SYS_getcwd, path, 2)), "getcwd into too little room is ERANGE");
  check(gives((long)strlen(expected) + 1, syscall(SYS_getcwd, path, sizeof path)), "the call returns the length with its NUL");
  check(fails_with(ENOTDIR, chdir("f")), "chdir to a file is ENOTDIR");
  mkdir("gone", 0755);
  chdir("gone");
  rmdir("../gone");
  check(fails_with(ENOENT, syscall(SYS_getcwd, path, sizeof path)), "getcwd in a removed directory is ENOENT");
  check(fails_with(ENOENT, open("new", O_RDWR | O_CREAT, 0600)), "nothing can be made in a removed directory");
  chdir(expected);
  chdir("..");

  /* getdents64 over a large directory, in small pieces, with removal on the way. */
  mkdir("many", 0755);
  char name[64];
  for (int i = 0; i < 500; i++) {
    snprintf(name, sizeof name, "many/file-%d", i);
    touch(name);
  }
  int fd = open("many", O_RDONLY | O_DIRECTORY);
  char buffer[1024];
  static char seen[500];
  memset(seen, 0, sizeof seen);
  int total = 0, dots = 0;
  bool types = true;
  long n;
  while ((n = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0)
    for (long at = 0; at < n;) {
      struct dirent64 *entry = (void *)(buffer + at);
      if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
        dots++;
        types = types && entry->d_type == DT_DIR;
      } else {
        int number = atoi(entry->d_name + 5);
        seen[number]++;
        total++;
        types = types && entry->d_type == DT_REG && entry->d_ino != 0;
      }
      at += entry->d_reclen;
    }
  check(n == 0 && total == 500 && dots == 2, "getdents64 in small pieces gives each of 500 names and the dots");
  check(memchr(seen, 0, sizeof seen) == NULL && memchr(seen, 2, sizeof seen) == NULL, "each once");
  check(types, "with its type");
  check(gives(0, lseek(fd, 0, SEEK_SET)) && (n = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0, "lseek to 0 starts again");
  check(fails_with(EINVAL, syscall(SYS_getdents64, fd, buffer, 10)), "room for no entry is EINVAL");
  close(fd);
  DIR *dir = opendir("many");
  int left = 0;
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
    if (entry->d_name[0] != '.') left += unlinkat(dirfd(dir), entry->d_name, 0) == 0;
  closedir(dir);
  check(left == 500 && gives(0, rmdir("many")), "every file can be removed while the directory is read");
  fd = open("d/f", O_RDONLY);
  check(fails_with(ENOTDIR, syscall(SYS_getdents64, fd, buffer, sizeof buffer)), "getdents64 of a file is ENOTDIR");
  close(fd);
  mkdir("types", 0755);
  symlink("x", "types/l");
  mkfifo("types/p", 0600);
  mkdir("types/d", 0700);
  dir = opendir("types");
  int right = 0;
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
    right += (entry->d_name[0] == 'l' && entry->d_type == DT_LNK) || (entry->d_name[0] == 'p' && entry->d_type == DT_FIFO) ||
             (entry->d_name[0] == 'd' && entry->d_type == DT_DIR);
  closedir(dir);
  check(right == 3, "symlinks, fifos and directories are told apart");
  dir = opendir("/");
  int known = 0;
  for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;)
    known += strcmp(entry->d_name, "dev") == 0 || strcmp(entry->d_name, "proc") == 0 || strcmp(entry->d_name, "tmp") == 0 ||
             strcmp(entry->d_name, "etc") == 0;
  if (dir) closedir(dir);
  check(known == 4, "the root lists dev, etc, proc and tmp");
}

group(status) {
  enter_scratch();
  put_file("f", "12345", 5);
  struct stat status, other;
  check(gives(0, stat("f", &status)) && S_ISREG(status.st_mode) && status.st_size == 5 && status.st_nlink == 1, "stat tells type, size, links");
  check(status.st_uid == geteuid() && status.st_gid == getegid(), "owner and group are the process's");
  check(status.st_blksize >= 512 && status.st_blocks > 0 && status.st_blocks <= 16, "block size and blocks are plausible");
  stat(".", &other);
  check(status.st_dev == other.st_dev && status.st_ino != other.st_ino, "files of one directory share a device, not an inode");
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  check(labs(now.tv_sec - status.st_mtim.tv_sec) <= 2 && labs(now.tv_sec - status.st_ctim.tv_sec) <= 2, "a new file's times are now");
  sleep_ms(30);
  int fd = open("f", O_RDWR);
  write(fd, "x", 1);
  fstat(fd, &other);
  check(other.st_mtim.tv_sec > status.st_mtim.tv_sec || other.st_mtim.tv_nsec > status.st_mtim.tv_nsec, "writing moves mtime");
  status = other;
  sleep_ms(30);
  fchmod(fd, 0600);
  fstat(fd, &other);
  check(other.st_mtim.tv_nsec == status.st_mtim.tv_nsec && other.st_ctim.tv_nsec != status.st_ctim.tv_nsec, "chmod moves ctime only");
  check(fails_with(ENOENT, stat("none", &status)), "stat of a missing file is ENOENT");
  check(fails_with(EBADF, fstat(99, &status)), "fstat of a closed descriptor is EBADF");
  check(fails_with(EFAULT, syscall(SYS_newfstatat, AT_FDCWD, "f", 8, 0)), "stat to a bad address is EFAULT");
  check(fails_with(EINVAL, fstatat(AT_FDCWD, "f", &status, 0x4000000)), "unknown flags are EINVAL");

  struct statx x;
  check(gives(0, statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS | STATX_BTIME, &x)) && x.stx_size == 5 && (x.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS,
        "statx tells what is asked for");
  check(x.stx_ino == other.st_ino && makedev(x.stx_dev_major, x.stx_dev_minor) == other.st_dev, "as stat does");
  check(gives(0, statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &x)) && x.stx_size == 5, "statx with AT_EMPTY_PATH takes a descriptor");
  symlink("f", "l");
  check(gives(0, statx(AT_FDCWD, "l", AT_SYMLINK_NOFOLLOW, STATX_TYPE, &x)) && S_ISLNK(x.stx_mode), "statx can leave symlinks unfollowed");
  check(fails_with(EINVAL, statx(AT_FDCWD, "f", 0x4000000, STATX_SIZE, &x)), "statx with unknown flags is EINVAL");
  check(fails_with(EINVAL, statx(AT_FDCWD, "f", 0, 0x80000000, &x)), "statx with the reserved mask bit is EINVAL");
  close(fd);
  stat("/dev/null", &status);
  check(S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3), "/dev/null is character device 1:3");
  stat("/dev/zero", &status);
  check(S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 5), "/dev/zero is character device 1:5");
  stat("/dev/urandom", &status);
  check(S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 9), "/dev/urandom is character device 1:9");

  struct statfs fs;
  check(gives(0, statfs(".", &fs)) && fs.f_bsize > 0 && fs.f_blocks >= fs.f_bfree && fs.f_namelen == 255, "statfs tells of the file system");
  check(gives(0, statfs("/proc", &fs)) && fs.f_type == 0x9fa0, "/proc has procfs's magic number");
  struct statvfs vfs;
  check(gives(0, statvfs("/", &vfs)) && vfs.f_bsize > 0, "statvfs of / returns 0");
  check(fails_with(ENOENT, statfs("none", &fs)), "statfs of a missing file is ENOENT");
}

group(times) {
  enter_scratch();
  put_file("f", "1", 1);
  struct timespec times[2] = {{1000000000, 123456789}, {1500000000, 987654321}};
  struct stat status;
  check(gives(0, utimensat(AT_FDCWD, "f", times, 0)) && gives(0, stat("f", &status)) && status.st_atim.tv_sec == 1000000000 &&
            status.st_atim.tv_nsec == 123456789 && status.st_mtim.tv_sec == 1500000000 && status.st_mtim.tv_nsec == 987654321,
        "utimensat sets both times to the nanosecond");
  times[0].tv_nsec = UTIME_OMIT;
  times[1].tv_nsec = UTIME_NOW;
  utimensat(AT_FDCWD, "f", times, 0);
  stat("f", &status);
  check(status.st_atim.tv_sec == 1000000000 && status.st_mtim.tv_sec > 1600000000, "UTIME_OMIT leaves one, UTIME_NOW sets it to now");
  int fd = open("f", O_RDWR);
  times[0] = times[1] = (struct timespec){2000000000, 0};
  check(gives(0, futimens(fd, times)) && gives(0, fstat(fd, &status)) && status.st_mtim.tv_sec == 2000000000, "futimens takes a descriptor");
  check(gives(0, utimensat(AT_FDCWD, "f", NULL, 0)) && gives(0, stat("f", &status)) && status.st_mtim.tv_sec != 2000000000, "no times mean now");
  times[0].tv_nsec = 1000000000;
  check(fails_with(EINVAL, utimensat(AT_FDCWD, "f", times, 0)), "1e9 ns is EINVAL");
  check(fails_with(ENOENT, utimensat(AT_FDCWD, "none", NULL, 0)), "of a missing file is ENOENT");
  symlink("f", "l");
  times[0] = times[1] = (struct timespec){1234567890, 0};
  check(gives(0, utimensat(AT_FDCWD, "l", times, AT_SYMLINK_NOFOLLOW)) && gives(0, lstat("l", &status)) && status.st_mtim.tv_sec == 1234567890,
        "a symlink's own times can be set");
  struct timeval values[2] = {{1111111111, 500000}, {1222222222, 250000}};
  check(gives(0, utimes("f", values)) && gives(0, stat("f", &status)) && status.st_mtim.tv_nsec == 250000000, "utimes sets microseconds");
  check(gives(0, utime("f", &(struct utimbuf){5, 6})) && gives(0, stat("f", &status)) && status.st_mtim.tv_sec == 6, "utime sets seconds");
  close(fd);
}

group(permissions) {
  enter_scratch();
  put_file("f", "1", 1);
  check(gives(0, chmod("f", 04751)) && mode_of("f") == (S_IFREG | 04751), "chmod sets all twelve bits");
  check(gives(0, fchmodat(AT_FDCWD, "f", 0600, 0)) && mode_of("f") == (S_IFREG | 0600), "fchmodat too");
  check(fails_with(ENOENT, chmod("none", 0600)), "chmod of a missing file is ENOENT");
  check(gives(0, access("f", F_OK)) && gives(0, access("f", R_OK | W_OK)), "access says what is allowed");
  check(fails_with(EACCES, access("f", X_OK)), "executing a file without x is EACCES, even for root");
  check(fails_with(ENOENT, access("none", F_OK)), "access of a missing file is ENOENT");
  check(fails_with(EINVAL, access("f", 64)), "an unknown mode is EINVAL");
  check(gives(0, syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK, AT_EACCESS)), "faccessat2 knows AT_EACCESS");
  symlink("none", "l");
  check(gives(0, syscall(SYS_faccessat2, AT_FDCWD, "l", F_OK, AT_SYMLINK_NOFOLLOW)), "and AT_SYMLINK_NOFOLLOW");
  check(fails_with(EINVAL, syscall(SYS_faccessat2, AT_FDCWD, "l", F_OK, 0x8000)), "unknown flags are EINVAL");
  check(gives(0, chown("f", getuid(), getgid())), "chown to oneself returns 0");
  check(gives(0, chown("f", -1, -1)), "chown of -1 changes nothing");
  check(gives(0, lchown("l", getuid(), -1)), "lchown takes a symlink");
  check(fails_with(ENOENT, chown("l", getuid(), -1)), "chown follows it");
  if (geteuid() == 0) {
    struct stat status;
    check(gives(0, chown("f", 1234, 5678)) && gives(0, stat("f", &status)) && status.st_uid == 1234 && status.st_gid == 5678,
          "root may give a file away");
  }
  chmod("f", 0400);
  if (geteuid() != 0) check(fails_with(EACCES, open("f", O_RDWR)), "a read-only file cannot be opened for writing");
}

group(special_files) {
  char buffer[4096];
  int fd = open("/dev/null", O_RDWR);
  check(gives(0, read(fd, buffer, 10)) && gives(10, write(fd, buffer, 10)), "/dev/null reads nothing and takes all");
  close(fd);
  fd = open("/dev/zero", O_RDWR);
  memset(buffer, 1, sizeof buffer);
  check(gives(4096, read(fd, buffer, 4096)) && buffer[0] == 0 && buffer[4095] == 0, "/dev/zero reads zeros");
  close(fd);
  fd = open("/dev/full", O_RDWR);
  check(fails_with(ENOSPC, write(fd, buffer, 1)) && gives(8, read(fd, buffer, 8)), "/dev/full is always full");
  close(fd);
  for (int i = 0; i < 2; i++) {
    fd = open(i ? "/dev/random" : "/dev/urandom", O_RDONLY);
    memset(buffer, 0, 64);
    char zeros[64] = {0};
    check(gives(64, read(fd, buffer, 64)) && memcmp(buffer, zeros, 64) != 0, i ? "/dev/random reads random bytes" : "/dev/urandom reads random bytes");
    close(fd);
  }
  char target[64];
  ssize_t n = readlink("/dev/fd", target, sizeof target);
  check(n == 13 && memcmp(target, "/proc/self/fd", 13) == 0, "/dev/fd points at /proc/self/fd");
  check(succeeds(open("/dev/stdout", O_WRONLY)) || check_errno == ENXIO, "/dev/stdout opens, unless it is a socket");
  if (check_value >= 0) close((int)check_value);
  check(gives(0, access("/dev/stdin", F_OK)) && gives(0, access("/dev/stderr", F_OK)), "/dev/stdin and /dev/stderr are there");
  check(gives(0, access("/dev/tty", F_OK)) && gives(0, access("/dev/console", F_OK)), "/dev/tty and /dev/console are there");
}

group(attributes) {
  enter_scratch();
  put_file("f", "1", 1);
  char value[64];
  long set = setxattr("f", "user.test", "value", 5, 0);
  if (set == 0) {
    check(gives(5, getxattr("f", "user.test", value, sizeof value)) && memcmp(value, "value", 5) == 0, "an extended attribute is kept");
    check(gives(5, getxattr("f", "user.test", NULL, 0)), "its size can be asked for");
    check(fails_with(EEXIST, setxattr("f", "user.test", "v", 1, XATTR_CREATE)), "XATTR_CREATE of one that exists is EEXIST");
    check(gives(10, listxattr("f", value, sizeof value)) && strcmp(value, "user.test") == 0, "listxattr lists it");
    check(fails_with(ERANGE, getxattr("f", "user.test", value, 4)) && fails_with(ERANGE, listxattr("f", value, 4)), "a buffer too small is ERANGE");
    check(gives(0, setxattr("f", "user.test", "", 0, XATTR_REPLACE)) && gives(0, getxattr("f", "user.test", value, sizeof value)), "a value may be empty");
    check(gives(0, setxattr("f", "user.other", "longer", 6, 0)) && gives(21, listxattr("f", NULL, 0)), "a file has several");
    check(fails_with(ENODATA, setxattr("f", "user.none", "v", 1, XATTR_REPLACE)), "XATTR_REPLACE of one that is not there is ENODATA");
    check(gives(0, rename("f", "g")) && gives(6, getxattr("g", "user.other", value, sizeof value)) && gives(0, rename("g", "f")), "they go with the file");
    int fd = open("f", O_RDONLY);
    check(gives(6, fgetxattr(fd, "user.other", value, sizeof value)) && gives(0, fremovexattr(fd, "user.other")), "a descriptor does as well as a name");
    close(fd);
    check(gives(0, setxattr(".", "user.folder", "1", 1, 0)), "directories have them");
    symlink("f", "link");
    check(fails_with(EPERM, lsetxattr("link", "user.test", "1", 1, 0)) && fails_with(ENODATA, lgetxattr("link", "user.test", value, 9)), "symbolic links do not");
    check(fails_with(EOPNOTSUPP, setxattr("f", "none.test", "1", 1, 0)), "a name must be of a kind that there is");
    check(fails_with(ERANGE, setxattr("f", "", "1", 1, 0)) && fails_with(E2BIG, setxattr("f", "user.big", value, 70000, 0)) && fails_with(EINVAL, setxattr("f", "user.test", "1", 1, 8)), "bad arguments are told apart");
    check(gives(0, setxattr("f", "trusted.test", "t", 1, 0)) && gives(1, getxattr("f", "trusted.test", value, 9)), "root has trusted ones");
    fd = open("f", O_RDONLY);
    pid_t child = fork();
    if (child == 0) {
      if (setuid(1000) < 0) _exit(9);
      _exit(fails_with(ENODATA, fgetxattr(fd, "trusted.test", value, 9)) ? 0 : 1);
    }
    close(fd);
    int status;
    check(gives(child, waitpid(child, &status, 0)) && status == 0, "others do not see them");
    check(gives(0, removexattr("f", "trusted.test")), "and they can be removed");
    check(gives(0, removexattr("f", "user.test")), "removexattr removes it");
    check(fails_with(ENODATA, getxattr("f", "user.test", value, sizeof value)), "one that is not there is ENODATA");
  } else {
    check(errno == EOPNOTSUPP, "without extended attributes setxattr is EOPNOTSUPP");
    check(fails_with(EOPNOTSUPP, getxattr("f", "user.test", value, sizeof value)) || check_errno == ENODATA, "and getxattr EOPNOTSUPP or ENODATA");
  }
  check(fails_with(ENOENT, getxattr("none", "user.test", value, sizeof value)), "getxattr of a missing file is ENOENT");
  check(succeeds(listxattr("f", value, sizeof value)) || check_errno == EOPNOTSUPP, "listxattr of a plain file answers");
}

group(nodes) {
  enter_scratch();
  check(gives(0, mknod("regular", S_IFREG | 0600, 0)) && S_ISREG(mode_of("regular")), "mknod makes a regular file");
  check(gives(0, mkfifo("fifo", 0600)) && S_ISFIFO(mode_of("fifo")), "mkfifo makes a fifo");
  check(fails_with(EEXIST, mkfifo("fifo", 0600)), "over a name that exists is EEXIST");
  check(gives(0, mknod("socket", S_IFSOCK | 0600, 0)) && S_ISSOCK(mode_of("socket")), "mknod makes a socket's name");
  check(fails_with(ENXIO, open("socket", O_RDWR)), "which cannot be opened: ENXIO");
  check(fails_with(EPERM, mknod("dir", S_IFDIR | 0700, 0)), "a directory is EPERM");
  check(gives(0, truncate("regular", 1000)) && size_of("regular") == 1000, "truncate takes a path");
  check(fails_with(EISDIR, truncate(".", 0)), "truncate of a directory is EISDIR");
  check(fails_with(ENOENT, truncate("none", 0)), "truncate of a missing file is ENOENT");
  check(gives(0, (sync(), 0)) && succeeds(syscall(SYS_syncfs, open(".", O_RDONLY))), "sync and syncfs return");
}

/* The image below, the writable layer above: IMAGE_FIXTURE names a folder that came with the root image. */
group(image_layer) {
  const char *fixture = getenv("IMAGE_FIXTURE");
  if (!fixture) {
    note("IMAGE_FIXTURE is not set: the layer above the image is not checked");
    return;
  }
  require(gives(0, chdir(fixture)), "the fixture's folder is there");
  char text[64] = {0}, path[PATH_MAX];
  int fd = open("read.txt", O_RDONLY);
  int64_t size = size_of("read.txt");
  check(size > 0 && gives(size, read(fd, text, sizeof text)), "a file of the image can be read");
  close(fd);
  ino_t inode = inode_of("write.txt");
  fd = open("write.txt", O_RDONLY);
  int writer = open("write.txt", O_RDWR);
  check(succeeds(writer) && gives(3, pwrite(writer, "NEW", 3, 0)), "a file of the image can be written");
  memset(text, 0, sizeof text);
  check(gives(3, pread(writer, text, 3, 0)) && memcmp(text, "NEW", 3) == 0, "the writer sees the change");
  char *all = read_all("write.txt");
  check(all && memcmp(all, "NEW", 3) == 0 && strlen(all) > 3, "so does who opens it later; the rest of the file is kept");
  close(writer);
  close(fd);
  note("inode %lu before, %lu after", (unsigned long)inode, (unsigned long)inode_of("write.txt"));
  check(gives(0, unlink("remove.txt")) && fails_with(ENOENT, open("remove.txt", O_RDONLY)), "a file of the image can be removed");
  check(gives(0, put_file("remove.txt", "back", 4)) && size_of("remove.txt") == 4, "and made anew");
  check(gives(0, rename("move.txt", "moved.txt")) && !exists("move.txt") && exists("moved.txt"), "a file of the image can be renamed");
  check(gives(0, put_file("new.txt", "n", 1)) && exists("new.txt"), "a file can be made beside those of the image");
  check(gives(0, chmod("mode.txt", 0600)) && (mode_of("mode.txt") & 0777) == 0600, "a file of the image can change its mode");
  check(gives(0, mkdir("sub/new", 0755)) && gives(0, put_file("sub/new/f", "1", 1)), "a directory can be made in one of the image");
  check(gives(0, unlink("sub/inner.txt")) && gives(0, unlink("sub/new/f")) && gives(0, rmdir("sub/new")) && gives(0, rmdir("sub")) && !exists("sub"),
        "a directory of the image can be emptied and removed");
  check(gives(0, mkdir("sub", 0755)) && !exists("sub/inner.txt"), "made anew it is empty");
  DIR *dir = opendir(".");
  int moved = 0, move = 0, removed = 0, added = 0;
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    moved += strcmp(entry->d_name, "moved.txt") == 0;
    move += strcmp(entry->d_name, "move.txt") == 0;
    removed += strcmp(entry->d_name, "remove.txt") == 0;
    added += strcmp(entry->d_name, "new.txt") == 0;
  }
  closedir(dir);
  check(moved == 1 && move == 0 && removed == 1 && added == 1, "the directory lists each name of both layers once");
  ssize_t n = readlink("link", path, sizeof path);
  check(n == 8 && memcmp(path, "read.txt", 8) == 0 && size_of("link") == size, "symlinks of the image are followed");
  check(gives(0, truncate("truncate.txt", 0)) && size_of("truncate.txt") == 0, "a file of the image can be truncated");

  fd = open("read.txt", O_RDWR);
  pread(fd, text, sizeof text, 0);
  volatile char *view = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
  volatile char *own = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  check(view != MAP_FAILED && own != MAP_FAILED && view[0] == text[0] && own[1] == text[1], "a file of the image can be mapped shared");
  check(gives(1, pwrite(fd, "#", 1, 0)) && view[0] == '#' && own[0] == '#', "its mappings show what is written");
  own[1] = '%';
  check(view[1] == '%' && gives(4, pread(fd, path, 4, 0)) && path[1] == '%' && path[2] == text[2], "and reads show what is stored through them");
  munmap((void *)view, 4096);
  munmap((void *)own, 4096);
  close(fd);
}
