// System V inter-process communication: man 7 sysvipc. Linux include/uapi/linux/{ipc,shm,sem,msg}.h, and for x86-64
// include/uapi/asm-generic/{ipcbuf,shmbuf,msgbuf}.h, arch/x86/include/uapi/asm/sembuf.h.

export const IPC_PRIVATE: i32 = 0;
export const IPC_CREAT: u32 = 0o1000;
export const IPC_EXCL: u32 = 0o2000;
export const IPC_NOWAIT: u32 = 0o4000;
export const IPC_RMID: i32 = 0;
export const IPC_SET: i32 = 1;
export const IPC_STAT: i32 = 2;
export const IPC_INFO: i32 = 3;

// shmget, shmat, shmctl: man 2.
export const SHM_HUGETLB: u32 = 0o4000;
export const SHM_RDONLY: u32 = 0o10000;
export const SHM_RND: u32 = 0o20000;
export const SHM_REMAP: u32 = 0o40000;
export const SHM_EXEC: u32 = 0o100000;
export const SHM_LOCK: i32 = 11;
export const SHM_UNLOCK: i32 = 12;
export const SHM_STAT: i32 = 13;
export const SHM_INFO: i32 = 14;
export const SHM_STAT_ANY: i32 = 15;
/** In the mode that IPC_STAT shows. */
export const SHM_DEST: u32 = 0o1000;
export const SHM_LOCKED: u32 = 0o2000;

// semop, semctl: man 2.
export const SEM_UNDO: u32 = 0x1000;
export const SEM_GETPID: i32 = 11;
export const SEM_GETVAL: i32 = 12;
export const SEM_GETALL: i32 = 13;
export const SEM_GETNCNT: i32 = 14;
export const SEM_GETZCNT: i32 = 15;
export const SEM_SETVAL: i32 = 16;
export const SEM_SETALL: i32 = 17;
export const SEM_STAT: i32 = 18;
export const SEM_INFO: i32 = 19;
export const SEM_STAT_ANY: i32 = 20;
/** struct sembuf: u16 number, i16 operation, i16 flags. */
export const SEMBUF_SIZE: i32 = 6;

// msgsnd, msgrcv, msgctl: man 2.
export const MSG_NOERROR: u32 = 0o10000;
export const MSG_EXCEPT: u32 = 0o20000;
export const MSG_COPY: u32 = 0o40000;
export const MSG_STAT: i32 = 11;
export const MSG_INFO: i32 = 12;
export const MSG_STAT_ANY: i32 = 13;

/** struct ipc64_perm, which begins each of the three structures below. */
@unmanaged
export class IpcPermission {
  key: i32 = 0;
  user: u32 = 0;
  group: u32 = 0;
  creatorUser: u32 = 0;
  creatorGroup: u32 = 0;
  mode: u32 = 0;
  sequence: u16 = 0;
  reservedShort: u16 = 0;
  reservedInt: u32 = 0;
  reserved1: u64 = 0;
  reserved2: u64 = 0;
}

/** struct shmid64_ds behind its ipc64_perm. */
@unmanaged
export class SegmentStatus {
  size: u64 = 0;
  attachTime: i64 = 0;
  detachTime: i64 = 0;
  changeTime: i64 = 0;
  creatorProcess: i32 = 0;
  lastProcess: i32 = 0;
  attachCount: u64 = 0;
  reserved1: u64 = 0;
  reserved2: u64 = 0;
}

/** struct semid64_ds behind its ipc64_perm. */
@unmanaged
export class SetStatus {
  operationTime: i64 = 0;
  reserved1: u64 = 0;
  changeTime: i64 = 0;
  reserved2: u64 = 0;
  count: u64 = 0;
  reserved3: u64 = 0;
  reserved4: u64 = 0;
}

/** struct msqid64_ds behind its ipc64_perm. */
@unmanaged
export class QueueStatus {
  sendTime: i64 = 0;
  receiveTime: i64 = 0;
  changeTime: i64 = 0;
  bytes: u64 = 0;
  count: u64 = 0;
  limitBytes: u64 = 0;
  lastSender: i32 = 0;
  lastReceiver: i32 = 0;
  reserved1: u64 = 0;
  reserved2: u64 = 0;
}

export const PERMISSION_SIZE: u64 = 48;
export const SEGMENT_SIZE: u64 = 112;
export const SET_SIZE: u64 = 104;
export const QUEUE_SIZE: u64 = 120;
