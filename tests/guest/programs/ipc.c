/* System V shared memory, semaphores and message queues: man 7 sysvipc. */
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>

union semun {
  int val;
  void *buf;
  unsigned short *array;
};

enum { PAGE = 4096, KEY = 0x65676701 };

static int status_of(pid_t child) {
  int status = -1;
  return waitpid(child, &status, 0) == child ? status : -1;
}

static unsigned long attached(int id) {
  struct shmid_ds state;
  return shmctl(id, IPC_STAT, &state) == 0 ? state.shm_nattch : ~0ul;
}

group(segments) {
  check(fails_with(ENOENT, shmget(KEY, PAGE, 0600)), "a key that nobody made is ENOENT");
  check(fails_with(EINVAL, shmget(KEY, 0, IPC_CREAT | 0600)), "a segment of no bytes is EINVAL");
  int id = shmget(KEY, 3 * PAGE + 5, IPC_CREAT | IPC_EXCL | 0640);
  require(id >= 0, "a segment is made");
  check(fails_with(EEXIST, shmget(KEY, PAGE, IPC_CREAT | IPC_EXCL | 0600)), "once");
  check(gives(id, shmget(KEY, PAGE, 0600)) && gives(id, shmget(KEY, 0, 0)), "and found by its key");
  check(fails_with(EINVAL, shmget(KEY, 5 * PAGE, 0600)), "not when it is too small");
  struct shmid_ds state;
  check(gives(0, shmctl(id, IPC_STAT, &state)) && state.shm_segsz == 3 * PAGE + 5 && state.shm_cpid == getpid() && state.shm_nattch == 0 && state.shm_perm.__key == KEY && (state.shm_perm.mode & 0777) == 0640, "IPC_STAT tells what it is");
  char *a = shmat(id, NULL, 0), *b = shmat(id, NULL, SHM_RDONLY);
  require(a != (void *)-1 && b != (void *)-1 && a != b, "it attaches twice");
  check(a[0] == 0 && a[3 * PAGE + 100] == 0, "and is zeros to the end of its last page");
  a[PAGE] = 7;
  check(b[PAGE] == 7, "both views are one memory");
  check(attached(id) == 2, "two are attached");
  pid_t child = fork();
  if (child == 0) {
    if (attached(id) != 4) _exit(1);
    a[0] = 9;
    _exit(shmdt(b) == 0 && shmdt(a) == 0 ? 0 : 2);
  }
  check(gives(0, status_of(child)) && a[0] == 9, "a child has both, and can let go of them");
  check(attached(id) == 2, "its attachments went with it");
  check(fails_with(EINVAL, shmdt(a + PAGE)) && fails_with(EINVAL, shmdt(a + 1)), "only the address it attached at detaches it");
  check(gives(0, munmap(a + PAGE, PAGE)) && gives(0, shmdt(a)), "also when part was unmapped");
  check(attached(id) == 1, "one is left");
  check(gives(0, shmctl(id, IPC_RMID, NULL)), "it is removed");
  check(fails_with(ENOENT, shmget(KEY, PAGE, 0600)), "its key is free at once");
  check(gives(0, shmctl(id, IPC_STAT, &state)) && (state.shm_perm.mode & SHM_DEST) != 0 && b[0] == 9, "it lives while it is attached");
  check(gives(0, shmdt(b)) && fails_with(EINVAL, shmctl(id, IPC_STAT, &state)), "and goes with the last");
  check(fails_with(EINVAL, (long)shmat(id, NULL, 0)) && fails_with(EINVAL, shmdt(b)), "nothing is there then");
}

group(segment_places) {
  int id = shmget(IPC_PRIVATE, 2 * PAGE, 0600);
  require(id >= 0, "a private segment is made");
  char *room = mmap(NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  check(fails_with(EINVAL, (long)shmat(id, room, 0)), "a place that is taken is EINVAL");
  check(shmat(id, room, SHM_REMAP) == room, "SHM_REMAP takes it");
  check(fails_with(EINVAL, (long)shmat(id, NULL, SHM_REMAP)), "but needs a place");
  munmap(room + 2 * PAGE, 6 * PAGE);
  check(fails_with(EINVAL, (long)shmat(id, room + 3 * PAGE + 1, 0)), "an address within a page is EINVAL");
  check(shmat(id, room + 3 * PAGE + 1, SHM_RND) == room + 3 * PAGE, "SHM_RND rounds it down");
  room[1] = 3;
  check(room[3 * PAGE + 1] == 3, "and it is the same memory");
  shmctl(id, IPC_RMID, NULL);
  check(gives(0, shmdt(room)) && gives(0, shmdt(room + 3 * PAGE)), "both detach");
}

static int semaphore(int id, int number, int delta, int flags) {
  struct sembuf operation = {(unsigned short)number, (short)delta, (short)flags};
  return semop(id, &operation, 1);
}

static int value_of(int id, int number) { return semctl(id, number, GETVAL); }

static void nap(void) {
  struct timespec time = {0, 100000000};
  nanosleep(&time, NULL);
}

group(semaphores) {
  check(fails_with(EINVAL, semget(IPC_PRIVATE, 0, 0600)) && fails_with(EINVAL, semget(IPC_PRIVATE, 100000, 0600)), "a set has some semaphores");
  int id = semget(IPC_PRIVATE, 3, 0600);
  require(id >= 0, "a set is made");
  check(value_of(id, 0) == 0 && value_of(id, 2) == 0 && fails_with(EINVAL, value_of(id, 3)), "of zeros");
  check(gives(0, semctl(id, 1, SETVAL, (union semun){.val = 5})) && value_of(id, 1) == 5, "SETVAL sets one");
  check(fails_with(ERANGE, semctl(id, 1, SETVAL, (union semun){.val = 40000})), "not beyond 32767");
  unsigned short values[3] = {1, 2, 3};
  check(gives(0, semctl(id, 0, SETALL, (union semun){.array = values})) && value_of(id, 2) == 3, "SETALL sets all");
  values[0] = 0;
  check(gives(0, semctl(id, 0, GETALL, (union semun){.array = values})) && values[0] == 1 && values[1] == 2, "GETALL tells all");
  check(gives(0, semaphore(id, 1, -2, 0)) && value_of(id, 1) == 0 && semctl(id, 1, GETPID) == getpid(), "taking and who took");
  check(fails_with(EAGAIN, semaphore(id, 1, -1, IPC_NOWAIT)) && fails_with(EAGAIN, semaphore(id, 0, 0, IPC_NOWAIT)), "IPC_NOWAIT does not wait");
  struct sembuf both[2] = {{0, 4, 0}, {1, -1, IPC_NOWAIT}};
  check(fails_with(EAGAIN, semop(id, both, 2)) && value_of(id, 0) == 1, "all of the operations happen or none");
  check(fails_with(EFBIG, semaphore(id, 3, 1, 0)) && fails_with(EINVAL, semop(id, both, 0)) && fails_with(E2BIG, semop(id, both, 501)), "bad numbers are told apart");
  check(fails_with(ERANGE, semaphore(id, 0, 32767, 0)), "a value has an end");
  struct timespec short_time = {0, 50000000};
  both[1].sem_flg = 0;
  check(fails_with(EAGAIN, semtimedop(id, &both[1], 1, &short_time)), "semtimedop gives up");

  pid_t child = fork();
  if (child == 0) _exit(semaphore(id, 1, -3, 0) == 0 ? 0 : 1);
  for (int i = 0; i < 50 && semctl(id, 1, GETNCNT) == 0; i++) nap();
  check(semctl(id, 1, GETNCNT) == 1, "one waits for more");
  semaphore(id, 1, 2, 0);
  nap();
  check(value_of(id, 1) == 2 && gives(0, semaphore(id, 1, 1, 0)) && gives(0, status_of(child)) && value_of(id, 1) == 0, "and goes on when there is enough");

  semctl(id, 2, SETVAL, (union semun){.val = 1});
  child = fork();
  if (child == 0) _exit(semaphore(id, 2, 0, 0) == 0 ? 0 : 1);
  for (int i = 0; i < 50 && semctl(id, 2, GETZCNT) == 0; i++) nap();
  check(semctl(id, 2, GETZCNT) == 1 && gives(0, semaphore(id, 2, -1, 0)) && gives(0, status_of(child)), "another waits for zero");

  semctl(id, 0, SETVAL, (union semun){.val = 4});
  child = fork();
  if (child == 0) {
    semaphore(id, 0, -3, SEM_UNDO);
    raise(SIGKILL);
  }
  status_of(child);
  check(value_of(id, 0) == 4, "what a killed process took with SEM_UNDO comes back");

  child = fork();
  if (child == 0) _exit(semaphore(id, 1, -1, 0) < 0 && errno == EIDRM ? 0 : 1);
  for (int i = 0; i < 50 && semctl(id, 1, GETNCNT) == 0; i++) nap();
  struct semid_ds state;
  check(gives(0, semctl(id, 0, IPC_STAT, (union semun){.buf = &state})) && state.sem_nsems == 3 && state.sem_otime != 0, "IPC_STAT tells its size");
  check(gives(0, semctl(id, 0, IPC_RMID)) && gives(0, status_of(child)), "removing it is EIDRM to who waits");
  check(fails_with(EINVAL, semctl(id, 0, GETVAL)), "and EINVAL after");
}

static struct {
  long type;
  char text[9000];
} message;

static long send_text(int id, long type, const char *text, int flags) {
  message.type = type;
  strcpy(message.text, text);
  return msgsnd(id, &message, strlen(text), flags);
}

static bool receives(int id, long type, int flags, const char *text) {
  memset(message.text, 0, 16);
  return msgrcv(id, &message, 100, type, flags) == (ssize_t)strlen(text) && strcmp(message.text, text) == 0;
}

static void interrupted(int number) { (void)number; }

group(queues) {
  int id = msgget(IPC_PRIVATE, 0600);
  require(id >= 0, "a queue is made");
  check(fails_with(EINVAL, send_text(id, 0, "x", 0)) && fails_with(EINVAL, msgsnd(id, &message, 8193, 0)), "types are positive, texts at most 8192 bytes");
  send_text(id, 3, "three", 0), send_text(id, 1, "one", 0), send_text(id, 2, "two", 0), send_text(id, 3, "third", 0);
  struct msqid_ds state;
  check(gives(0, msgctl(id, IPC_STAT, &state)) && state.msg_qnum == 4 && state.msg_lspid == getpid() && state.msg_qbytes == 16384 && state.__msg_cbytes == 16, "IPC_STAT counts them");
  check(receives(id, 2, 0, "two"), "a type is taken by its number");
  check(receives(id, -2, 0, "one"), "a negative one by the lowest up to it");
  check(fails_with(ENOMSG, msgrcv(id, &message, 100, 7, IPC_NOWAIT)) && fails_with(ENOMSG, msgrcv(id, &message, 100, 3, IPC_NOWAIT | MSG_EXCEPT)), "what is not there is ENOMSG");
  check(fails_with(E2BIG, msgrcv(id, &message, 2, 0, 0)) && gives(2, msgrcv(id, &message, 2, 0, MSG_NOERROR)), "too long a text is E2BIG, or cut");
  check(receives(id, 0, 0, "third") && message.type == 3, "the rest in order");
  memset(message.text, 'z', 8192);
  message.type = 1;
  check(gives(0, msgsnd(id, &message, 8192, 0)) && gives(0, msgsnd(id, &message, 8192, 0)) && fails_with(EAGAIN, msgsnd(id, &message, 1, IPC_NOWAIT)), "a queue is full at 16384 bytes");
  pid_t child = fork();
  if (child == 0) _exit(msgsnd(id, &message, 8192, 0) == 0 ? 0 : 1);
  nap();
  check(gives(8192, msgrcv(id, &message, 9000, 0, 0)) && gives(0, status_of(child)), "who waits for room goes on");
  check(gives(8192, msgrcv(id, &message, 9000, 0, 0)) && gives(8192, msgrcv(id, &message, 9000, 0, 0)), "nothing is lost");
  struct sigaction action = {.sa_handler = interrupted, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  alarm(1);
  check(fails_with(EINTR, msgrcv(id, &message, 100, 0, 0)), "a signal ends waiting, SA_RESTART or not");
  child = fork();
  if (child == 0) _exit(msgrcv(id, &message, 100, 0, 0) < 0 && errno == EIDRM ? 0 : 1);
  nap();
  check(gives(0, msgctl(id, IPC_RMID, NULL)) && gives(0, status_of(child)), "removing it is EIDRM to who waits");
}

group(rights) {
  int id = semget(IPC_PRIVATE, 1, 0600), open_to_read = semget(IPC_PRIVATE, 1, 0604);
  int segment = shmget(KEY + 1, PAGE, IPC_CREAT | 0600);
  pid_t child = fork();
  if (child == 0) {
    if (setgid(1000) < 0 || setuid(1000) < 0) _exit(9);
    if (!fails_with(EACCES, semaphore(id, 0, 1, 0))) _exit(1);
    if (!fails_with(EPERM, semctl(id, 0, IPC_RMID))) _exit(2);
    if (!gives(0, semctl(open_to_read, 0, GETVAL)) || !fails_with(EACCES, semaphore(open_to_read, 0, 1, 0))) _exit(3);
    if (!fails_with(EACCES, shmget(KEY + 1, PAGE, 0600)) || !fails_with(EACCES, (long)shmat(segment, NULL, 0))) _exit(4);
    _exit(0);
  }
  check(gives(0, status_of(child)), "other users have the rights that the mode gives them");
  semctl(id, 0, IPC_RMID), semctl(open_to_read, 0, IPC_RMID), shmctl(segment, IPC_RMID, NULL);
}
