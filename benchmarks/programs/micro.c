/* build: static -O2
 * Microbenchmarks of system calls and what they rest on.
 *
 *   micro [NAME…]
 *
 * Each is run until it has taken 40 ms, seven times over; the line says the best and the median, in ns an operation:
 *   bench NAME MEDIAN ns BEST
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 7, ROUND_NS = 40000000, MB = 1 << 20 };

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

static const char *current;

/* A benchmark of a call that fails measures nothing: it is left out, and said. */
static bool failed;
static long must(long result) {
  if (result < 0 && !failed) {
    failed = true;
    printf("bench-failed %s\n", current);
  }
  return result;
}

static char *page_source;
static int small_file, large_file, image_file, zero_file;
static char *scratch;

static void null_syscall(long count) {
  for (long i = 0; i < count; i++) syscall(SYS_getppid);
}
static void clock_vdso(long count) {
  struct timespec time;
  for (long i = 0; i < count; i++) clock_gettime(CLOCK_MONOTONIC, &time);
}
static void clock_syscall(long count) {
  struct timespec time;
  for (long i = 0; i < count; i++) syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
}
static void mmap_munmap(long count) {
  for (long i = 0; i < count; i++) munmap(mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 65536);
}
static void mprotect_page(long count) {
  for (long i = 0; i < count; i++) must(mprotect(page_source, 4096, i & 1 ? PROT_READ | PROT_WRITE : PROT_READ));
  mprotect(page_source, 4096, PROT_READ | PROT_WRITE);
}
static void page_fault_anonymous(long count) {
  while (count > 0) {
    char *p = mmap(NULL, 4 * MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    madvise(p, 4 * MB, MADV_NOHUGEPAGE);
    for (long i = 0; i < 1024 && count > 0; i++, count--) p[i * 4096] = 1;
    munmap(p, 4 * MB);
  }
}
static void page_fault_file(long count) {
  while (count > 0) {
    volatile char *p = mmap(NULL, MB, PROT_READ, MAP_PRIVATE, large_file, 0);
    for (long i = 0; i < 256 && count > 0; i++, count--) (void)p[i * 4096];
    munmap((void *)p, MB);
  }
}
static void page_fault_copy(long count) {
  while (count > 0) {
    char *p = mmap(NULL, MB, PROT_READ | PROT_WRITE, MAP_PRIVATE, large_file, 0);
    for (long i = 0; i < 256 && count > 0; i++, count--) p[i * 4096] = 1;
    munmap(p, MB);
  }
}
static void touch_image_file(long count) {
  struct stat status;
  fstat(image_file, &status);
  long pages = status.st_size / 4096;
  while (count > 0) {
    volatile char *p = mmap(NULL, pages * 4096, PROT_READ, MAP_PRIVATE, image_file, 0);
    for (long i = 0; i < pages && count > 0; i++, count--) (void)p[i * 4096];
    munmap((void *)p, pages * 4096);
  }
}

static int to_peer[2], from_peer[2];
static void *pipe_peer(void *count) {
  char byte;
  for (long i = 0; i < *(long *)count; i++) {
    read(to_peer[0], &byte, 1);
    write(from_peer[1], &byte, 1);
  }
  return NULL;
}
static void pipe_pingpong(long count) {
  pthread_t thread;
  char byte = 0;
  if (must(pipe(to_peer)) < 0 || must(pipe(from_peer)) < 0) return;
  pthread_create(&thread, NULL, pipe_peer, &count);
  for (long i = 0; i < count; i++) {
    write(to_peer[1], &byte, 1);
    read(from_peer[0], &byte, 1);
  }
  pthread_join(thread, NULL);
  for (int i = 0; i < 2; i++) close(to_peer[i]), close(from_peer[i]);
}
static void *socket_peer(void *count) {
  char byte;
  for (long i = 0; i < *(long *)count; i++) {
    read(to_peer[1], &byte, 1);
    write(to_peer[1], &byte, 1);
  }
  return NULL;
}
static void socket_pingpong(long count) {
  pthread_t thread;
  char byte = 0;
  if (must(socketpair(AF_UNIX, SOCK_STREAM, 0, to_peer)) < 0) return;
  pthread_create(&thread, NULL, socket_peer, &count);
  for (long i = 0; i < count; i++) {
    write(to_peer[0], &byte, 1);
    read(to_peer[0], &byte, 1);
  }
  pthread_join(thread, NULL);
  close(to_peer[0]), close(to_peer[1]);
}

/* Two TCP sockets joined over 127.0.0.1, in to_peer. */
static bool join_by_tcp(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  if (must(bind(listener, (void *)&address, length)) < 0 || must(listen(listener, 1)) < 0) return false;
  getsockname(listener, (void *)&address, &length);
  to_peer[0] = socket(AF_INET, SOCK_STREAM, 0);
  if (must(connect(to_peer[0], (void *)&address, length)) < 0) return false;
  to_peer[1] = (int)must(accept(listener, NULL, NULL));
  for (int i = 0; i < 2; i++) setsockopt(to_peer[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  close(listener);
  return true;
}
static void tcp_pingpong(long count) {
  pthread_t thread;
  char byte = 0;
  if (!join_by_tcp()) return;
  pthread_create(&thread, NULL, socket_peer, &count);
  for (long i = 0; i < count; i++) {
    write(to_peer[0], &byte, 1);
    read(to_peer[0], &byte, 1);
  }
  pthread_join(thread, NULL);
  close(to_peer[0]), close(to_peer[1]);
}
static void *drain_peer(void *count) {
  static char buffer[65536];
  for (long left = *(long *)count * 65536; left > 0;) {
    ssize_t n = read(to_peer[1], buffer, sizeof buffer);
    if (n <= 0) break;
    left -= n;
  }
  return NULL;
}
static void send_blocks(long count) {
  pthread_t thread;
  pthread_create(&thread, NULL, drain_peer, &count);
  for (long left = count * 65536; left > 0;) {
    ssize_t n = write(to_peer[0], scratch, left < 65536 ? (size_t)left : 65536);
    if (must(n) <= 0) break;
    left -= n;
  }
  pthread_join(thread, NULL);
  close(to_peer[0]), close(to_peer[1]);
}
static void tcp_bulk_64k(long count) {
  if (join_by_tcp()) send_blocks(count);
}
static void socket_bulk_64k(long count) {
  if (must(socketpair(AF_UNIX, SOCK_STREAM, 0, to_peer)) >= 0) send_blocks(count);
}
static void pipe_bulk_64k(long count) {
  int ends[2];
  if (must(pipe(ends)) < 0) return;
  to_peer[0] = ends[1], to_peer[1] = ends[0];
  send_blocks(count);
}
static void tcp_connect_close(long count) {
  for (long i = 0; i < count; i++) {
    if (!join_by_tcp()) return;
    close(to_peer[0]), close(to_peer[1]);
  }
}
static void udp_send_receive(long count) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int one = socket(AF_INET, SOCK_DGRAM, 0), two = socket(AF_INET, SOCK_DGRAM, 0);
  if (must(bind(one, (void *)&address, length)) < 0) return;
  getsockname(one, (void *)&address, &length);
  if (must(connect(two, (void *)&address, length)) < 0) return;
  char packet[64] = {0};
  for (long i = 0; i < count; i++) {
    must(send(two, packet, sizeof packet, 0));
    must(recv(one, packet, sizeof packet, 0));
  }
  close(one), close(two);
}

static uint32_t turn;
static void pass_turn(uint32_t to) {
  __atomic_store_n(&turn, to, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
static void await_turn(uint32_t mine) {
  while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) != mine) syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !mine, NULL, NULL, 0);
}
static void *futex_peer(void *count) {
  for (long i = 0; i < *(long *)count; i++) await_turn(1), pass_turn(0);
  return NULL;
}
static void futex_pingpong(long count) {
  pthread_t thread;
  turn = 0;
  pthread_create(&thread, NULL, futex_peer, &count);
  for (long i = 0; i < count; i++) pass_turn(1), await_turn(0);
  pthread_join(thread, NULL);
}
static void futex_wake_nobody(long count) {
  for (long i = 0; i < count; i++) syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *nothing(void *argument) { return argument; }
static void thread_create_join(long count) {
  for (long i = 0; i < count; i++) {
    pthread_t thread;
    pthread_create(&thread, NULL, nothing, NULL);
    pthread_join(thread, NULL);
  }
}
static void *yield_peer(void *count) {
  for (long i = 0; i < *(long *)count / 2; i++) sched_yield();
  return NULL;
}
static void context_switch(long count) {
  pthread_t thread;
  pthread_create(&thread, NULL, yield_peer, &count);
  for (long i = 0; i < count / 2; i++) sched_yield();
  pthread_join(thread, NULL);
}

static void file_read_4k(long count) {
  for (long i = 0; i < count; i++) must(pread(small_file, scratch, 4096, 0));
}
static void file_read_1m(long count) {
  for (long i = 0; i < count; i++) must(pread(large_file, scratch, MB, 0));
}
static void image_read_4k(long count) {
  for (long i = 0; i < count; i++) must(pread(image_file, scratch, 4096, 4096));
}
static void file_write_4k(long count) {
  for (long i = 0; i < count; i++) must(pwrite(small_file, scratch, 4096, 0));
}
static void open_close(long count) {
  for (long i = 0; i < count; i++) must(close(open("/tmp/bench-small", O_RDONLY)));
}
static void stat_path(long count) {
  struct stat status;
  for (long i = 0; i < count; i++) must(stat("/tmp/bench-small", &status));
}
static void create_unlink(long count) {
  for (long i = 0; i < count; i++) {
    must(close(open("/tmp/bench-new", O_RDWR | O_CREAT, 0600)));
    must(unlink("/tmp/bench-new"));
  }
}

static int wake_fd, back_fd, wake_epoll;
static void *epoll_peer(void *count) {
  struct epoll_event event;
  for (long i = 0; i < *(long *)count; i++) {
    uint64_t value;
    while (epoll_wait(wake_epoll, &event, 1, -1) != 1) {
    }
    read(wake_fd, &value, 8);
    value = 1;
    write(back_fd, &value, 8);
  }
  return NULL;
}
static void epoll_wakeup(long count) {
  pthread_t thread;
  struct epoll_event event = {.events = EPOLLIN};
  wake_fd = eventfd(0, 0), back_fd = eventfd(0, 0), wake_epoll = epoll_create1(0);
  if (must(wake_fd) < 0 || must(back_fd) < 0 || must(wake_epoll) < 0) return;
  if (must(epoll_ctl(wake_epoll, EPOLL_CTL_ADD, wake_fd, &event)) < 0) return;
  pthread_create(&thread, NULL, epoll_peer, &count);
  for (long i = 0; i < count; i++) {
    uint64_t value = 1;
    write(wake_fd, &value, 8);
    read(back_fd, &value, 8);
  }
  pthread_join(thread, NULL);
  close(wake_fd), close(back_fd), close(wake_epoll);
}
static void eventfd_write_read(long count) {
  int fd = eventfd(0, 0);
  uint64_t value = 1;
  for (long i = 0; i < count; i++) {
    write(fd, &value, 8);
    read(fd, &value, 8);
  }
  close(fd);
}

static void on_signal(int signal) { (void)signal; }
static void signal_deliver(long count) {
  signal(SIGUSR1, on_signal);
  pid_t pid = getpid(), tid = (pid_t)syscall(SYS_gettid);
  for (long i = 0; i < count; i++) must(syscall(SYS_tgkill, pid, tid, SIGUSR1));
}
static void getrandom_16(long count) {
  for (long i = 0; i < count; i++) must(syscall(SYS_getrandom, scratch, 16, 0));
}
static void zero_read_64k(long count) {
  for (long i = 0; i < count; i++) must(read(zero_file, scratch, 65536));
}
static void sleep_50us(long count) {
  struct timespec time = {0, 50000};
  for (long i = 0; i < count; i++) must(nanosleep(&time, NULL));
}
/* Controls: user code only, so the ratio should be 1. */
static void control_loop(long count) {
  for (volatile long i = 0; i < count; i++) {
  }
}
static void control_memcpy_64k(long count) {
  for (long i = 0; i < count; i++) memcpy(scratch, page_source, 65536);
}
static void fork_exit_wait(long count) {
  for (long i = 0; i < count; i++) {
    pid_t child = fork();
    if (must(child) < 0) return;
    if (child == 0) _exit(0);
    waitpid(child, NULL, 0);
  }
}

static const struct {
  const char *name;
  void (*run)(long count);
  bool only_when_named;
} benchmarks[] = {
    {"control_loop", control_loop, false},
    {"control_memcpy_64k", control_memcpy_64k, false},
    {"null_syscall", null_syscall, false},
    {"clock_vdso", clock_vdso, false},
    {"clock_syscall", clock_syscall, false},
    {"mmap_munmap", mmap_munmap, false},
    {"mprotect", mprotect_page, false},
    {"page_fault_anonymous", page_fault_anonymous, false},
    {"page_fault_file", page_fault_file, false},
    {"page_fault_copy", page_fault_copy, false},
    {"page_touch_image", touch_image_file, false},
    {"pipe_pingpong", pipe_pingpong, false},
    {"socket_pingpong", socket_pingpong, false},
    {"pipe_bulk_64k", pipe_bulk_64k, false},
    {"socket_bulk_64k", socket_bulk_64k, false},
    {"tcp_pingpong", tcp_pingpong, false},
    {"tcp_bulk_64k", tcp_bulk_64k, false},
    {"tcp_connect_close", tcp_connect_close, false},
    {"udp_send_receive", udp_send_receive, false},
    {"futex_pingpong", futex_pingpong, false},
    {"futex_wake_nobody", futex_wake_nobody, false},
    {"thread_create_join", thread_create_join, false},
    {"context_switch", context_switch, false},
    {"file_read_4k", file_read_4k, false},
    {"file_read_1m", file_read_1m, false},
    {"image_read_4k", image_read_4k, false},
    {"file_write_4k", file_write_4k, false},
    {"open_close", open_close, false},
    {"stat", stat_path, false},
    {"create_unlink", create_unlink, false},
    {"epoll_wakeup", epoll_wakeup, false},
    {"eventfd_write_read", eventfd_write_read, false},
    {"signal_deliver", signal_deliver, false},
    {"getrandom_16", getrandom_16, false},
    {"zero_read_64k", zero_read_64k, false},
    {"sleep_50us", sleep_50us, false},
    {"fork_exit_wait", fork_exit_wait, false},
};

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void measure(const char *name, void (*run)(long)) {
  long count = 1;
  int64_t took;
  current = name;
  failed = false;
  for (;;) {
    int64_t start = now_ns();
    run(count);
    took = now_ns() - start;
    if (failed) return;
    if (took > ROUND_NS / 4 || count > 1L << 40) break;
    count *= took < ROUND_NS / 100 ? 8 : 2;
  }
  count = (long)((double)count * ROUND_NS / (double)took) + 1;
  double results[ROUNDS];
  for (int i = 0; i < ROUNDS; i++) {
    int64_t start = now_ns();
    run(count);
    results[i] = (double)(now_ns() - start) / (double)count;
  }
  if (failed) return;
  qsort(results, ROUNDS, sizeof results[0], compare);
  printf("bench %s %.1f ns %.1f\n", name, results[ROUNDS / 2], results[0]);
  fflush(stdout);
}

int main(int argc, char **argv) {
  page_source = mmap(NULL, MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  scratch = mmap(NULL, MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(page_source, 1, MB), memset(scratch, 2, MB);
  small_file = open("/tmp/bench-small", O_RDWR | O_CREAT, 0600);
  large_file = open("/tmp/bench-large", O_RDWR | O_CREAT, 0600);
  image_file = open("/proc/self/exe", O_RDONLY);
  zero_file = open("/dev/zero", O_RDONLY);
  write(small_file, page_source, 4096);
  write(large_file, page_source, MB);
  for (size_t i = 0; i < sizeof benchmarks / sizeof benchmarks[0]; i++) {
    bool wanted = argc == 1 && !benchmarks[i].only_when_named;
    for (int k = 1; k < argc; k++) wanted = wanted || strcmp(argv[k], benchmarks[i].name) == 0;
    if (wanted) measure(benchmarks[i].name, benchmarks[i].run);
  }
  return 0;
}
