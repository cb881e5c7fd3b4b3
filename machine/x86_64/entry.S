// Every way into the kernel and out of it, and the switch between kernel stacks.
//
// The rules, on which each line here depends:
// - The kernel runs with interrupts off; gates are interrupt gates, SYSCALL masks IF.
// - GS holds the program's base in the kernel too. The two swapgs of system-call entry bracket the two instructions that
//   find the kernel stack, so no trap ever asks which GS it interrupted, and NMI, #DF and #MC (which may come between
//   them) run on stacks of their own and touch no GS.
// - Frames lie on kernel stacks, those in linear memory, so a frame is a 32-bit linear offset.
// - A handler that changes a system call's frame beyond rax sets `vector` to something other than SYSCALL_VECTOR:
//   then every register is loaded from the frame, by IRETQ. Otherwise the call returns by SYSRETQ.
#include "layout.h"

  .macro CLAC
661:
  .byte 0x0f, 0x1f, 0x00 // nop; `clac` where the processor has SMAP (traps.c)
  .pushsection .smap_sites, "a"
  .quad 661b, 0xca010f
  .popsection
  .endm

  .macro SAVE_REGISTERS
  .irp register, rdi, rsi, rdx, rcx, rax, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15
  push %\register
  .endr
  .endm

  .text
  // One 16-byte stub a vector: the error code if the CPU pushes none (Intel SDM 3A table 6-1), the vector.
  .balign 16
  .globl trap_vectors
trap_vectors:
  .set vector, 0
  .rept 256
  .balign 16
  .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
  push $0
  .endif
  push $vector
  jmp trap_entry
  .set vector, vector + 1
  .endr

  .balign 16
trap_entry:
  SAVE_REGISTERS
  cld
  CLAC
  lea -LINEAR_BASE(%rsp), %edi
  call kernel_trap
trap_return:
  .irp register, r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi
  pop %\register
  .endr
  add $16, %rsp
return_instruction:
  iretq
  // A frame that IRETQ refuses (a non-canonical rip) becomes a general-protection fault of the program at that rip:
  // the five words are still on the stack.
refused_return:
  push $0
  push $GENERAL_PROTECTION
  jmp trap_entry
  .pushsection .exception_table, "a"
  .quad return_instruction, refused_return
  .popsection

  .balign 16
  .globl syscall_entry
syscall_entry:
  swapgs
  mov %rsp, %gs:TSS_RSP2
  mov %gs:TSS_RSP0, %rsp
  push $USER_DATA
  push %gs:TSS_RSP2
  swapgs
  push %r11
  push $USER_CODE
  push %rcx
  push %rax
  push $SYSCALL_VECTOR
  SAVE_REGISTERS
  lea -LINEAR_BASE(%rsp), %edi
  call kernel_syscall
  cmpl $SYSCALL_VECTOR, FRAME_VECTOR(%rsp)
  jne trap_return
  mov FRAME_RIP(%rsp), %rcx
  mov %rcx, %rdx // SYSRETQ to a non-canonical address faults with the program's stack in ring 0
  shr $47, %rdx
  jnz trap_return
  // rbx, rbp, r12-r15 are what they were: C keeps them.
  add $48, %rsp
  pop %r11
  pop %r10
  pop %r9
  pop %r8
  pop %rax
  add $8, %rsp
  pop %rdx
  pop %rsi
  pop %rdi
  mov FRAME_RSP-FRAME_VECTOR(%rsp), %rsp
  sysretq

  // enterUser(frame)
  .globl enter_user
enter_user:
  mov %edi, %edi
  lea LINEAR_BASE(%rdi), %rsp
  jmp trap_return

  // switchTo(from, to): the stack pointers are kept as linear offsets.
  .balign 16
  .globl switch_to
switch_to:
  .irp register, rbp, rbx, r12, r13, r14, r15
  push %\register
  .endr
  lea -LINEAR_BASE(%rsp), %eax
  mov %eax, LINEAR_BASE(%rdi)
  mov LINEAR_BASE(%rsi), %eax
  lea LINEAR_BASE(%rax), %rsp
  .irp register, r15, r14, r13, r12, rbx, rbp
  pop %\register
  .endr
  ret

  // prepareStack(top, argument) → stack pointer: what switch_to pops, with thread_start as return address.
  .globl prepare_stack
prepare_stack:
  mov %edi, %edi
  xor %ecx, %ecx
  mov $thread_start, %rax
  mov %rcx, LINEAR_BASE-16(%rdi) // 16-byte alignment for the call
  mov %rax, LINEAR_BASE-24(%rdi)
  mov %rcx, LINEAR_BASE-32(%rdi) // rbp: ends a backtrace
  mov %rsi, LINEAR_BASE-40(%rdi) // rbx
  lea -72(%rdi), %eax
  ret
thread_start:
  mov %ebx, %edi
  call kernel_threadMain
  ud2

  .section .note.GNU-stack, "", @progbits
