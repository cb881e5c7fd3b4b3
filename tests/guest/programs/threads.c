/* Threads: raw clone and clone3, futexes, robust lists, thread-local storage, pthreads, exit_group. */
#include "check.h"
#include <linux/futex.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/wait.h>

static long futex(void *word, int operation, uint32_t value, const void *timeout, void *word2, uint32_t value3) {
  return syscall(SYS_futex, word, operation, value, timeout, word2, value3);
}

static struct timespec in_ms(clockid_t clock, int ms) {
  struct timespec time;
  clock_gettime(clock, &time);
  time.tv_nsec += ms * 1000000L;
  time.tv_sec += time.tv_nsec / 1000000000;
  time.tv_nsec %= 1000000000;
  return time;
}

/* ---- futex arguments and timeouts, one thread ---- */

group(futex_alone) {
  uint32_t word = 5;
  check(fails_with(EAGAIN, futex(&word, FUTEX_WAIT, 4, NULL, NULL, 0)), "a wait for another value is EAGAIN");
  check(gives(0, futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0)), "a wake without waiters wakes 0");
  struct timespec limit = {0, 30 * 1000000};
  int64_t start = now_ns();
  check(fails_with(ETIMEDOUT, futex(&word, FUTEX_WAIT_PRIVATE, 5, &limit, NULL, 0)), "a wait with a timeout is ETIMEDOUT");
  int64_t took = now_ns() - start;
  check(took >= 30 * 1000000 && took < 500 * 1000000, "after the time given");
  struct timespec at = in_ms(CLOCK_MONOTONIC, 30);
  start = now_ns();
  check(fails_with(ETIMEDOUT, futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 5, &at, NULL, FUTEX_BITSET_MATCH_ANY)),
        "a bitset wait until a monotonic time is ETIMEDOUT");
  check(now_ns() - start >= 29 * 1000000, "not before that time");
  at = in_ms(CLOCK_REALTIME, 30);
  start = now_ns();
  check(fails_with(ETIMEDOUT, futex(&word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 5, &at, NULL,
                                    FUTEX_BITSET_MATCH_ANY)),
        "a bitset wait until a wall-clock time is ETIMEDOUT");
  check(now_ns() - start >= 29 * 1000000, "not before that time");
  struct timespec past = {1, 0};
  check(fails_with(ETIMEDOUT, futex(&word, FUTEX_WAIT_BITSET, 5, &past, NULL, FUTEX_BITSET_MATCH_ANY)),
        "a time in the past is ETIMEDOUT at once");
  check(fails_with(EINVAL, futex(&word, FUTEX_WAIT_BITSET, 5, NULL, NULL, 0)), "an empty bitset is EINVAL");
  check(fails_with(EINVAL, futex((char *)&word + 1, FUTEX_WAIT, 5, NULL, NULL, 0)), "an unaligned word is EINVAL");
  check(fails_with(EFAULT, futex((void *)8, FUTEX_WAIT, 5, NULL, NULL, 0)), "a wait on a bad address is EFAULT");
  struct timespec bad = {0, 1000000000};
  check(fails_with(EINVAL, futex(&word, FUTEX_WAIT, 5, &bad, NULL, 0)), "a timeout of 1e9 ns is EINVAL");
  bad = (struct timespec){-1, 0};
  check(fails_with(EINVAL, futex(&word, FUTEX_WAIT, 5, &bad, NULL, 0)), "a negative timeout is EINVAL");
  check(fails_with(ENOSYS, futex(&word, 77, 5, NULL, NULL, 0)), "an unknown operation is ENOSYS");
  check(gives(0, futex(&word, FUTEX_REQUEUE, 1, (void *)1, &word + 0, 0)) || check_errno == EINVAL,
        "a requeue without waiters moves 0");
  uint32_t other = 0;
  check(fails_with(EAGAIN, futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &other, 4)),
        "a compare-requeue with another value is EAGAIN");
  check(gives(0, futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &other, FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 0))) &&
            other == 3,
        "FUTEX_WAKE_OP changes the second word");
}

/* ---- raw clone ---- */

#define STACK_SIZE 65536
static volatile uint32_t raw_ran, raw_tid_word, raw_parent_tid;
static volatile long raw_tls_value, raw_own_tid, raw_pid;

static int raw_thread(void *argument) {
  raw_own_tid = syscall(SYS_gettid);
  raw_pid = syscall(SYS_getpid);
  raw_ran = *(int *)argument;
  return 0;
}

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

static void wait_cleared(volatile uint32_t *word) {
  for (uint32_t value; (value = *word) != 0;) futex((void *)word, FUTEX_WAIT, value, NULL, NULL, 0);
}

group(clone_raw) {
  char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int argument = 77;
  raw_tid_word = 1;
  int tid = clone(raw_thread, stack + STACK_SIZE,
                  THREAD_FLAGS | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID, &argument,
                  &raw_parent_tid, NULL, &raw_tid_word);
  require(tid > 0, "clone makes a thread");
  check(raw_parent_tid == (uint32_t)tid, "CLONE_PARENT_SETTID stores the id before clone returns");
  wait_cleared(&raw_tid_word);
  check(raw_ran == 77, "the thread runs with its argument");
  check(raw_own_tid == tid && raw_pid == getpid(), "gettid is its own, getpid the process's");
  check(raw_tid_word == 0, "CLONE_CHILD_CLEARTID clears the word and wakes its futex");
  check(fails_with(EINVAL, clone(raw_thread, stack + STACK_SIZE, CLONE_THREAD | CLONE_VM, &argument)),
        "CLONE_THREAD without CLONE_SIGHAND is EINVAL");
  check(fails_with(EINVAL, clone(raw_thread, stack + STACK_SIZE, CLONE_SIGHAND, &argument)),
        "CLONE_SIGHAND without CLONE_VM is EINVAL");

  struct clone_args args = {.flags = THREAD_FLAGS};
  check(fails_with(EINVAL, syscall(SYS_clone3, &args, 8)), "clone3 with a size too small is EINVAL");
  char big[sizeof args + 16] = {0};
  big[sizeof args] = 1;
  check(fails_with(E2BIG, syscall(SYS_clone3, big, sizeof big)), "clone3 with unknown non-zero fields is E2BIG");
  args.exit_signal = SIGCHLD;
  check(fails_with(EINVAL, syscall(SYS_clone3, &args, sizeof args)), "clone3 of a thread with an exit signal is EINVAL");
  check(fails_with(EFAULT, syscall(SYS_clone3, 8, sizeof args)), "clone3 with bad arguments is EFAULT");

  /* clone3 itself: the child returns 0 on its new stack, here with a word telling where to go. */
  raw_ran = 0;
  raw_tid_word = 1;
  args = (struct clone_args){.flags = THREAD_FLAGS | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID,
                             .child_tid = (uintptr_t)&raw_tid_word,
                             .parent_tid = (uintptr_t)&raw_parent_tid,
                             .stack = (uintptr_t)stack,
                             .stack_size = STACK_SIZE};
  long id;
  __asm__ volatile("syscall\n\t"
                   "test %%rax, %%rax\n\t"
                   "jnz 1f\n\t"
                   "movl $88, %[ran]\n\t"
                   "mov %[exit], %%eax\n\t"
                   "xor %%edi, %%edi\n\t"
                   "syscall\n\t"
                   "1:"
                   : "=a"(id), [ran] "+m"(raw_ran)
                   : "a"(SYS_clone3), "D"(&args), "S"(sizeof args), [exit] "i"(SYS_exit)
                   : "rcx", "r11", "memory");
  check(id > 0 && raw_parent_tid == (uint32_t)id, "clone3 makes a thread");
  if (id > 0) wait_cleared(&raw_tid_word);
  check(raw_ran == 88, "the thread of clone3 runs on its stack");
  munmap(stack, STACK_SIZE);
}

group(set_tid_address) {
  check(gives(getpid(), syscall(SYS_set_tid_address, &raw_tid_word)), "set_tid_address returns the thread's id");
  check(gives(getpid(), syscall(SYS_gettid)), "the first thread's id is the process's");
}

/* ---- pthreads ---- */

static void *add_one(void *counter) {
  __atomic_add_fetch((int *)counter, 1, __ATOMIC_SEQ_CST);
  return counter;
}

group(create_join) {
  int counter = 0;
  bool ok = true;
  for (int i = 0; i < 1000 && ok; i++) {
    pthread_t thread;
    void *result = NULL;
    ok = pthread_create(&thread, NULL, add_one, &counter) == 0 && pthread_join(thread, &result) == 0 &&
         result == &counter;
  }
  check(ok && counter == 1000, "1000 threads can be made and joined one after another");

  enum { MANY = 200 };
  static pthread_t threads[MANY];
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65536);
  counter = 0;
  int made = 0;
  while (made < MANY && pthread_create(&threads[made], &attributes, add_one, &counter) == 0) made++;
  for (int i = 0; i < made; i++) pthread_join(threads[i], NULL);
  check(made == MANY && counter == MANY, "200 threads can live at once");

  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  counter = 0;
  for (int i = 0; i < 100; i++) {
    pthread_t thread;
    while (pthread_create(&thread, &attributes, add_one, &counter) == EAGAIN) sleep_ms(1);
  }
  for (int i = 0; i < 2000 && __atomic_load_n(&counter, __ATOMIC_SEQ_CST) < 100; i++) sleep_ms(1);
  check(counter == 100, "100 detached threads all run");
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static long protected_sum;

static void *locked_adds(void *unused) {
  for (int i = 0; i < 20000; i++) {
    pthread_mutex_lock(&lock);
    long value = protected_sum;
    if (i % 1000 == 0) sched_yield();
    protected_sum = value + 1;
    pthread_mutex_unlock(&lock);
  }
  return unused;
}

static int turns[2], whose;

static void *take_turns(void *argument) {
  int me = (int)(intptr_t)argument;
  for (int i = 0; i < 500; i++) {
    pthread_mutex_lock(&lock);
    while (whose != me) pthread_cond_wait(&condition, &lock);
    turns[me]++;
    whose = !me;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&lock);
  }
  return NULL;
}

static pthread_barrier_t barrier;
static int arrived, barrier_broken, serials;

static void *meet(void *unused) {
  for (int round = 1; round <= 50; round++) {
    __atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
      __atomic_add_fetch(&serials, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) < round * 8) barrier_broken = 1;
    pthread_barrier_wait(&barrier);
  }
  return unused;
}

static sem_t semaphore;
static void *post_later(void *unused) {
  sleep_ms(20);
  sem_post(&semaphore);
  return unused;
}

group(synchronisation) {
  pthread_t threads[8];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, locked_adds, NULL);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  check(protected_sum == 80000, "a mutex loses no update of four threads");
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, take_turns, (void *)(intptr_t)i);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  check(turns[0] == 500 && turns[1] == 500, "two threads take 500 turns through a condition variable");
  pthread_barrier_init(&barrier, NULL, 8);
  for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, meet, NULL);
  for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
  check(!barrier_broken && serials == 50, "8 threads meet at a barrier 50 times");
  sem_init(&semaphore, 0, 0);
  pthread_create(&threads[0], NULL, post_later, NULL);
  check(gives(0, sem_wait(&semaphore)), "a semaphore wakes its waiter");
  pthread_join(threads[0], NULL);
  struct timespec at = in_ms(CLOCK_REALTIME, 20);
  check(fails_with(ETIMEDOUT, sem_timedwait(&semaphore, &at)), "sem_timedwait is ETIMEDOUT");
  pthread_mutex_lock(&lock);
  at = in_ms(CLOCK_REALTIME, 20);
  check(gives(ETIMEDOUT, pthread_cond_timedwait(&condition, &lock, &at)), "pthread_cond_timedwait is ETIMEDOUT");
  pthread_mutex_unlock(&lock);
}

/* ---- futex between threads ---- */

static uint32_t gate, second_gate;
static int waiting, woken;

static void *wait_at_gate(void *bits) {
  __atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
  if (futex(&gate, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, (uint32_t)(uintptr_t)bits) == 0)
    __atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
  return NULL;
}

static void start_waiters(pthread_t *threads, int count, uintptr_t (*bits)(int)) {
  waiting = woken = 0;
  for (int i = 0; i < count; i++) pthread_create(&threads[i], NULL, wait_at_gate, (void *)bits(i));
  while (__atomic_load_n(&waiting, __ATOMIC_SEQ_CST) < count) sleep_ms(1);
  sleep_ms(50); /* the last one enters the kernel */
}

static uintptr_t any_bit(int i) { return (void)i, FUTEX_BITSET_MATCH_ANY; }
static uintptr_t own_bit(int i) { return 1u << i; }

group(futex_between) {
  pthread_t threads[6];
  start_waiters(threads, 6, any_bit);
  check(gives(1, futex(&gate, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0)), "FUTEX_WAKE of one wakes one");
  check(gives(2, futex(&gate, FUTEX_WAKE_PRIVATE, 2, NULL, NULL, 0)), "FUTEX_WAKE of two wakes two");
  check(gives(3, futex(&gate, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0)), "FUTEX_WAKE of all wakes the rest");
  for (int i = 0; i < 6; i++) pthread_join(threads[i], NULL);
  check(woken == 6, "every waiter returned 0");

  start_waiters(threads, 4, own_bit);
  check(gives(0, futex(&gate, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 1 << 7)), "a bitset nobody waits for wakes 0");
  check(gives(2, futex(&gate, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 5)), "a bitset wakes those that match");
  check(gives(2, futex(&gate, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0)), "a plain wake matches every bitset");
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);

  start_waiters(threads, 5, any_bit);
  check(gives(5, futex(&gate, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)INT_MAX, &second_gate, 0)),
        "FUTEX_CMP_REQUEUE counts those woken and those moved");
  check(gives(0, futex(&gate, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0)), "none are left at the first word");
  check(gives(4, futex(&second_gate, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0)), "the moved ones wait at the second");
  for (int i = 0; i < 5; i++) pthread_join(threads[i], NULL);

  start_waiters(threads, 2, any_bit);
  second_gate = 7;
  check(gives(2, futex(&second_gate, FUTEX_WAKE_OP_PRIVATE, 1, (void *)5, &gate,
                       FUTEX_OP(FUTEX_OP_SET, 1, FUTEX_OP_CMP_EQ, 0))) && gate == 1,
        "FUTEX_WAKE_OP wakes at the second word when the comparison holds");
  futex(&gate, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  gate = 0;

  /* A shared futex is known by its page, not by its address. */
  int fd = memfd_create("futex", 0);
  ftruncate(fd, 4096);
  uint32_t *one = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  uint32_t *two = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  check(one != MAP_FAILED && two != MAP_FAILED && one != two, "a page can be mapped twice");
  pthread_t waker;
  void *wake_two(void *word) {
    for (int i = 0; i < 1000; i++) {
      if (futex(word, FUTEX_WAKE, 1, NULL, NULL, 0) == 1) return word;
      sleep_ms(1);
    }
    return NULL;
  }
  void *reached = NULL;
  pthread_create(&waker, NULL, wake_two, two);
  struct timespec limit = {2, 0};
  check(gives(0, futex(one, FUTEX_WAIT, 0, &limit, NULL, 0)), "a shared futex is woken through another mapping");
  pthread_join(waker, &reached);
  check(reached != NULL, "and the waker is told so");
  close(fd);
}

static void *alarm_thread(void *target) {
  sleep_ms(30);
  pthread_kill(*(pthread_t *)target, SIGUSR1);
  return NULL;
}
static void nothing(int signal, siginfo_t *info, void *context) { (void)signal, (void)info, (void)context; }

group(futex_interrupted) {
  pthread_t self = pthread_self(), thread;
  uint32_t word = 0;
  handle(SIGUSR1, nothing, 0);
  pthread_create(&thread, NULL, alarm_thread, &self);
  struct timespec limit = {2, 0};
  check(fails_with(EINTR, futex(&word, FUTEX_WAIT_PRIVATE, 0, &limit, NULL, 0)), "a handler interrupts a futex wait: EINTR");
  pthread_join(thread, NULL);
}

/* ---- robust lists, thread-local storage ---- */

static pthread_mutex_t robust;
static void *die_holding(void *unused) {
  pthread_mutex_lock(&robust);
  return unused;
}

group(robust_mutex) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&robust, &attributes);
  pthread_t thread;
  pthread_create(&thread, NULL, die_holding, NULL);
  pthread_join(thread, NULL);
  check(gives(EOWNERDEAD, pthread_mutex_lock(&robust)), "a robust mutex of a dead thread is EOWNERDEAD");
  check(gives(0, pthread_mutex_consistent(&robust)) && gives(0, pthread_mutex_unlock(&robust)), "it can be repaired");
  pthread_create(&thread, NULL, die_holding, NULL);
  pthread_join(thread, NULL);
  pthread_mutex_lock(&robust);
  pthread_mutex_unlock(&robust);
  check(gives(ENOTRECOVERABLE, pthread_mutex_lock(&robust)), "unrepaired, it is ENOTRECOVERABLE");
  void *head;
  size_t size;
  check(gives(0, syscall(SYS_get_robust_list, 0, &head, &size)) && size == 24, "get_robust_list returns the own list");
  check(fails_with(EINVAL, syscall(SYS_set_robust_list, head, 23)), "set_robust_list with another size is EINVAL");

  /* A waiter is woken by the death of the owner. */
  pthread_mutex_init(&robust, &attributes);
  void *hold_a_while(void *unused) {
    pthread_mutex_lock(&robust);
    sleep_ms(50);
    return unused;
  }
  pthread_create(&thread, NULL, hold_a_while, NULL);
  sleep_ms(20);
  check(gives(EOWNERDEAD, pthread_mutex_lock(&robust)), "a waiter wakes with EOWNERDEAD when the owner dies");
  pthread_join(thread, NULL);
}

static __thread int local_zero;
static __thread int local_seven = 7;
static __thread char local_block[10000];

static void *check_local(void *result) {
  bool ok = local_zero == 0 && local_seven == 7 && local_block[9999] == 0;
  local_zero = 1, local_seven = 2, local_block[9999] = 3;
  sched_yield();
  *(bool *)result = ok && local_zero == 1 && local_seven == 2 && local_block[9999] == 3;
  return NULL;
}

group(thread_local) {
  local_zero = 5;
  bool results[4];
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, check_local, &results[i]);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  check(results[0] && results[1] && results[2] && results[3], "each thread has its own thread-local variables");
  check(local_zero == 5 && local_seven == 7, "those of the first thread are untouched");
  uint64_t base = 0;
  check(gives(0, syscall(SYS_arch_prctl, 0x1003, &base)) && base != 0 && *(uint64_t *)base == base,
        "ARCH_GET_FS returns the thread pointer");
  uint64_t gs = 0;
  check(gives(0, syscall(SYS_arch_prctl, 0x1001, 0x123456789000)) && gives(0, syscall(SYS_arch_prctl, 0x1004, &gs)) &&
            gs == 0x123456789000,
        "ARCH_SET_GS and ARCH_GET_GS keep a value");
  sleep_ms(2);
  syscall(SYS_arch_prctl, 0x1004, &gs);
  check(gs == 0x123456789000, "also over a context switch");
  syscall(SYS_arch_prctl, 0x1001, 0);
  check(fails_with(EPERM, syscall(SYS_arch_prctl, 0x1002, 0xffff800000000000)), "ARCH_SET_FS to kernel memory is EPERM");
  check(fails_with(EINVAL, syscall(SYS_arch_prctl, 0x9999, 0)), "an unknown arch_prctl is EINVAL");
}

/* ---- preemption ---- */

static volatile bool spinning, stop_spinning;
static void *spin(void *unused) {
  spinning = true;
  while (!stop_spinning) {
  }
  return unused;
}

group(preemption) {
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, spin, NULL);
  for (int i = 0; i < 5000 && !spinning; i++) sleep_ms(1);
  check(spinning, "a busy thread runs");
  int64_t start = now_ns();
  sleep_ms(10);
  int64_t took = now_ns() - start;
  check(took < 1000 * 1000000L, "three busy threads do not keep a sleeper from waking within a second");
  note("slept 10 ms in %ld us beside three busy threads", took / 1000);
  stop_spinning = true;
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  check(gives(0, sched_yield()), "sched_yield returns 0");
}

/* Each thread keeps its own vector registers over switches, preempted or not. */
static bool keep_vectors(uint64_t seed) {
  uint64_t in[8], out[8];
  for (int i = 0; i < 8; i++) in[i] = seed * 1000003 + i;
  for (int round = 0; round < 200; round++) {
    long yield_number = SYS_sched_yield;
    __asm__ volatile("movups (%[in]), %%xmm0\n\tmovups 16(%[in]), %%xmm7\n\tmovups 32(%[in]), %%xmm12\n\t"
                     "movups 48(%[in]), %%xmm15\n\tsyscall\n\t"
                     "mov $20000, %%ecx\n\t1: dec %%ecx\n\tjnz 1b\n\t"
                     "movups %%xmm0, (%[out])\n\tmovups %%xmm7, 16(%[out])\n\tmovups %%xmm12, 32(%[out])\n\t"
                     "movups %%xmm15, 48(%[out])"
                     : "+a"(yield_number)
                     : [in] "r"(in), [out] "r"(out)
                     : "rcx", "r11", "memory", "xmm0", "xmm7", "xmm12", "xmm15");
    if (memcmp(in, out, sizeof in) != 0) return false;
  }
  return true;
}

__attribute__((target("avx"))) static bool keep_wide_vectors(uint64_t seed) {
  uint64_t in[8], out[8];
  for (int i = 0; i < 8; i++) in[i] = seed * 7777777 + i;
  for (int round = 0; round < 200; round++) {
    long yield_number = SYS_sched_yield;
    __asm__ volatile("vmovups (%[in]), %%ymm3\n\tvmovups 32(%[in]), %%ymm14\n\tsyscall\n\t"
                     "mov $20000, %%ecx\n\t1: dec %%ecx\n\tjnz 1b\n\t"
                     "vmovups %%ymm3, (%[out])\n\tvmovups %%ymm14, 32(%[out])\n\tvzeroupper"
                     : "+a"(yield_number)
                     : [in] "r"(in), [out] "r"(out)
                     : "rcx", "r11", "memory", "xmm3", "xmm14");
    if (memcmp(in, out, sizeof in) != 0) return false;
  }
  return true;
}

static bool keep_x87_control(uint16_t control, uint32_t mxcsr) {
  uint16_t got_control;
  uint32_t got_mxcsr;
  __asm__ volatile("fldcw %0\n\tldmxcsr %1" ::"m"(control), "m"(mxcsr));
  for (int i = 0; i < 20; i++) sched_yield();
  sleep_ms(2);
  __asm__ volatile("fnstcw %0\n\tstmxcsr %1" : "=m"(got_control), "=m"(got_mxcsr));
  return got_control == control && (got_mxcsr & 0xffc0) == (mxcsr & 0xffc0);
}

static void *vector_thread(void *argument) {
  uintptr_t seed = (uintptr_t)argument;
  uintptr_t ok = keep_vectors(seed);
  if (__builtin_cpu_supports("avx")) ok = ok && keep_wide_vectors(seed);
  ok = ok && keep_x87_control(0x037f & ~(uint16_t)(seed % 2 << 8), 0x1f80 | (uint32_t)(seed % 4) << 13);
  return (void *)ok;
}

group(vector_state) {
  pthread_t threads[4];
  for (uintptr_t i = 0; i < 4; i++) pthread_create(&threads[i], NULL, vector_thread, (void *)(i + 1));
  bool ok = true;
  for (int i = 0; i < 4; i++) {
    void *result;
    pthread_join(threads[i], &result);
    ok = ok && result;
  }
  note("avx: %s", __builtin_cpu_supports("avx") ? "yes" : "no");
  check(ok, "four threads keep their SSE, AVX and x87 state over switches");
  check(keep_vectors(99), "and so does the first");
}

/* ---- exit_group with blocked threads: last, as it ends the program's other threads ---- */

static void *block_in_read(void *pipe_end) {
  char byte;
  read(*(int *)pipe_end, &byte, 1);
  return NULL;
}
static void *block_in_futex(void *unused) {
  static uint32_t word;
  for (;;) futex(&word, FUTEX_WAIT, 0, NULL, NULL, 0);
  return unused;
}
static void *block_in_sleep(void *unused) {
  for (;;) sleep_ms(100000);
  return unused;
}
static void *never_end(void *unused) {
  for (;;) {
  }
  return unused;
}

group(exit_with_blocked_threads) {
  static int pipes[2];
  pipe(pipes);
  pthread_t thread;
  bool ok = pthread_create(&thread, NULL, block_in_read, &pipes[0]) == 0 &&
            pthread_create(&thread, NULL, block_in_futex, NULL) == 0 &&
            pthread_create(&thread, NULL, block_in_sleep, NULL) == 0 &&
            pthread_create(&thread, NULL, never_end, NULL) == 0;
  sleep_ms(20);
  check(ok, "the program goes on to exit while threads block in read, futex and sleep, and one is busy");
}
