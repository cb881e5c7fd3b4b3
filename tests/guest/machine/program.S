// The ring-3 half of the machine's self-test: a flat binary that runs at 0x400000 with a stack and one data page.
// Calls of checks.as.ts: REPORT(check, passed), DONE, the rest below. Exceptions resume at r15 with the vector in rax.
#define REPORT 1
#define DONE 2
#define CHANGE_R12 3
#define LEAVE_CANONICAL 4
#define LEAVE_CANONICAL_BY_SYSRET 5
#define SET_GS 6
#define TICKS 7
#define COPY 8

#define TEXT 0x400000
#define DATA 0x500000
#define UNMAPPED 0x600000
#define FLAG_TF 0x100
#define FLAG_DF 0x400
#define FLAG_NT 0x4000
#define FLAG_AC 0x40000

  .macro CHECK number, condition
  set\condition %sil
  movzbl %sil, %esi
  mov $\number, %edi
  mov $REPORT, %eax
  syscall
  .endm

  .macro FAULTS number, vector, rax, instruction:vararg
  lea 8f(%rip), %r15
  mov $\rax, %rax
  \instruction
8:
  cmp $\vector, %rax
  CHECK \number, e
  .endm

  .text
  // 1: what a call must keep, it keeps.
  mov $0x1111111111111111, %rbx
  mov $0x2222222222222222, %rbp
  mov $0x3333333333333333, %r12
  mov $0x4444444444444444, %r13
  mov $0x5555555555555555, %r14
  mov $0x6666666666666666, %r15
  mov $0x7777, %edi
  mov $0x8888, %esi
  mov $0x9999, %edx
  mov $0xaaaa, %r10d
  mov $0xbbbb, %r8d
  mov $0xcccc, %r9d
  mov $99, %eax
  syscall
  cmp $-38, %rax
  jne 1f
  add %rbx, %rbp
  add %r12, %r13
  add %r14, %r15
  add %rbp, %r13
  add %r13, %r15
  mov $0x6666666666666665, %rax // 21 × 0x1111111111111111, modulo 2^64
  cmp %rax, %r15
  jne 1f
  add %rsi, %rdi
  add %r10, %rdx
  add %r8, %rdi
  add %r9, %rdx
  add %rdx, %rdi
  cmp $0x7777 + 0x8888 + 0x9999 + 0xaaaa + 0xbbbb + 0xcccc, %rdi
1:
  CHECK 1, e

  // 2: a frame that the kernel changed is loaded whole.
  mov $CHANGE_R12, %eax
  syscall
  cmp $0x1234, %r12
  CHECK 2, e

  // 3, 4: a return to nowhere is the program's fault, by either way out.
  FAULTS 3, 13, LEAVE_CANONICAL, syscall
  FAULTS 4, 13, LEAVE_CANONICAL_BY_SYSRET, syscall

  // 5–13: exceptions carry their vectors.
  xor %ecx, %ecx
  FAULTS 5, 0, -1, div %ecx
  FAULTS 6, 6, -1, ud2
  FAULTS 7, 3, -1, int3
  FAULTS 8, 13, -1, hlt
  FAULTS 9, 14, -1, mov UNMAPPED, %edx
  FAULTS 10, 14, -1, mov 0xffffffffc0001000, %edx
  FAULTS 11, 14, -1, movb $0, TEXT
  mov $DATA, %ecx
  FAULTS 12, 14, -1, jmp *%rcx
  FAULTS 13, 13, -1, int $0x80

  // 14: flags that a program may set do no harm in the kernel and come back.
  pushf
  orq $FLAG_DF | FLAG_NT | FLAG_AC, (%rsp)
  popf
  mov $99, %eax
  syscall
  pushf
  pop %rbx
  push $2
  popf
  and $FLAG_DF | FLAG_NT | FLAG_AC, %ebx
  cmp $FLAG_DF | FLAG_NT | FLAG_AC, %ebx
  CHECK 14, e

  // 15: a single step traps in the program, not in the kernel.
  lea 2f(%rip), %r15
  pushf
  orq $FLAG_TF, (%rsp)
  popf
  nop
2:
  cmp $1, %rax
  CHECK 15, e

  // 16: GS is the program's own, through calls and interrupts; interrupts come, and keep every register.
  mov $SET_GS, %eax
  mov $DATA, %edi
  syscall
  movq $0x4747, DATA
  mov $0x12345678, %rbx
  mov $3000, %ebp // rounds of about a million cycles at most
3:
  mov $100000, %ecx
4:
  cmpq $0x4747, %gs:0
  jne 5f
  cmp $0x12345678, %rbx
  jne 5f
  dec %ecx
  jnz 4b
  mov $TICKS, %eax
  syscall
  cmp $3, %rax
  jae 5f
  dec %ebp
  jnz 3b
5:
  cmp $3, %rax
  CHECK 16, ae

  // 17: copies of the kernel stop at what is not mapped.
  mov $COPY, %eax
  syscall
  test %rax, %rax
  CHECK 17, z

  mov $DONE, %eax
  syscall
  ud2
