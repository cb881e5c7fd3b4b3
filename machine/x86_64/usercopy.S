// The instructions that touch user memory, and the memory routines gcc expects. user.h has checked the range; a fault
// that kernel_trap cannot fill resumes at the fix-up beside its instruction (user.fixup), which counts what is missing.
// Long ones are `rep movsb` and `rep stosb` where that is fast (traps.c); otherwise blocks go through registers: under
// emulation a page is copied so in 2000 cycles instead of 3000, zeroed in 1100 instead of 2400.
#include "layout.h"

  .macro SMAP opcode
661:
  .byte 0x0f, 0x1f, 0x00 // nop; stac or clac where the processor has SMAP (traps.c)
  .pushsection .smap_sites, "a"
  .quad 661b, \opcode
  .popsection
  .endm
#define ALLOW_USER SMAP 0xcb010f
#define FORBID_USER SMAP 0xca010f

  .macro TRY fixup, instruction:vararg // an instruction with a fix-up, or with none
663:
  \instruction
  .ifnb \fixup
  .pushsection .exception_table, "a"
  .quad 663b, \fixup
  .popsection
  .endif
  .endm

  // Copies rdx bytes from rsi to rdi: at once, in blocks of 32, words, bytes, each with its own fix-up (none in memcpy).
  .macro COPY_FORWARD whole, blocks, words, bytes
  cmp $256, %rdx
  jb 2f
  cmpb $0, cpu_has_fast_strings
  je 2f
  mov %rdx, %rcx
  TRY \whole, rep movsb
  jmp 6f
  .balign 16
1:
  TRY \blocks, mov (%rsi), %rax
  TRY \blocks, mov 8(%rsi), %rcx
  TRY \blocks, mov 16(%rsi), %r8
  TRY \blocks, mov 24(%rsi), %r9
  TRY \blocks, mov %rax, (%rdi)
  TRY \blocks, mov %rcx, 8(%rdi)
  TRY \blocks, mov %r8, 16(%rdi)
  TRY \blocks, mov %r9, 24(%rdi)
  add $32, %rsi
  add $32, %rdi
2:
  sub $32, %rdx
  jae 1b
  add $32, %rdx
3:
  sub $8, %rdx
  jb 4f
  TRY \words, mov (%rsi), %rax
  TRY \words, mov %rax, (%rdi)
  add $8, %rsi
  add $8, %rdi
  jmp 3b
4:
  add $8, %rdx
  jz 6f
5:
  TRY \bytes, mov (%rsi), %al
  TRY \bytes, mov %al, (%rdi)
  inc %rsi
  inc %rdi
  dec %rdx
  jnz 5b
6:
  .endm

  .text
  // user_copy(destination, source, length) → bytes not copied
  .balign 16
  .globl user_copy
user_copy:
  ALLOW_USER
  COPY_FORWARD copy_fault_whole, copy_fault_blocks, copy_fault_words, copy_fault_bytes
  FORBID_USER
  xor %eax, %eax
  ret
copy_fault_blocks:
  add $24, %rdx // the loop has taken off 32 already; go on by bytes up to the very byte
copy_fault_words:
  add $8, %rdx
7:
  TRY copy_fault_bytes, mov (%rsi), %al
  TRY copy_fault_bytes, mov %al, (%rdi)
  inc %rsi
  inc %rdi
  dec %rdx
  jnz 7b
  jmp copy_fault_bytes
copy_fault_whole:
  mov %rcx, %rdx
copy_fault_bytes:
  FORBID_USER
  mov %rdx, %rax
  ret

  // user_clear(destination, length) → bytes not zeroed
  .balign 16
  .globl user_clear
user_clear:
  ALLOW_USER
  xor %eax, %eax
  jmp 2f
1:
  TRY zero_fault_words, mov %rax, (%rdi)
  add $8, %rdi
2:
  sub $8, %rsi
  jae 1b
zero_fault_words:
  add $8, %rsi
  jz 4f
3:
  TRY 4f, mov %al, (%rdi)
  inc %rdi
  dec %rsi
  jnz 3b
4:
  FORBID_USER
  mov %rsi, %rax
  ret

  // user_fetch32(address) → value, or -1
  .globl user_fetch32
user_fetch32:
  ALLOW_USER
  TRY user_refused, mov (%rdi), %eax
  FORBID_USER
  ret
user_refused:
  FORBID_USER
  mov $-1, %rax
  ret

  // user_exchange32(address, expected, desired) → value found, or -1
  .globl user_exchange32
user_exchange32:
  ALLOW_USER
  mov %esi, %eax
  TRY user_refused, lock cmpxchg %edx, (%rdi)
  mov %eax, %eax
  FORBID_USER
  ret

  // user_scan(address, limit) → offset of the first NUL, limit, or -1
  .globl user_scan
user_scan:
  ALLOW_USER
  xor %eax, %eax
1:
  cmp %rsi, %rax
  jae 2f
  TRY user_refused, cmpb $0, (%rdi,%rax)
  je 2f
  inc %rax
  jmp 1b
2:
  FORBID_USER
  ret

  // memcpy(destination, source, length)
  .balign 16
  .globl memcpy
memcpy:
  mov %rdi, %r10
copy_up:
  COPY_FORWARD
  mov %r10, %rax
  ret

  // memmove(destination, source, length)
  .balign 16
  .globl memmove
memmove:
  mov %rdi, %r10
  mov %rdi, %rax
  sub %rsi, %rax
  cmp %rdx, %rax
  jae copy_up
  // The destination begins within the source: from the end down.
1:
  sub $8, %rdx
  jb 2f
  mov (%rsi,%rdx), %rax
  mov %rax, (%rdi,%rdx)
  jmp 1b
2:
  add $8, %rdx
  jz 4f
3:
  mov -1(%rsi,%rdx), %al
  mov %al, -1(%rdi,%rdx)
  dec %rdx
  jnz 3b
4:
  mov %r10, %rax
  ret

  // memset(destination, byte, length)
  .balign 16
  .globl memset
memset:
  mov %rdi, %r10
  movzbl %sil, %eax
  mov $0x0101010101010101, %rcx
  imul %rcx, %rax
  cmp $256, %rdx
  jb 2f
  cmpb $0, cpu_has_fast_strings
  je 2f
  mov %rdx, %rcx
  rep stosb
  jmp 4f
  .balign 16
1:
  .irp offset, 0, 8, 16, 24, 32, 40, 48, 56
  mov %rax, \offset(%rdi)
  .endr
  add $64, %rdi
2:
  sub $64, %rdx
  jae 1b
  add $64, %rdx
  jz 4f
3:
  mov %al, (%rdi)
  inc %rdi
  dec %rdx
  jnz 3b
4:
  mov %r10, %rax
  ret

  // memcmp(left, right, length)
  .balign 16
  .globl memcmp
memcmp:
1:
  sub $8, %rdx
  jb 2f
  mov (%rdi), %rax
  cmp (%rsi), %rax
  jne 5f
  add $8, %rdi
  add $8, %rsi
  jmp 1b
5:
  add $8, %rdx
  jmp 3f
2:
  add $8, %rdx
  jz 4f
3:
  movzbl (%rdi), %eax
  movzbl (%rsi), %ecx
  inc %rdi
  inc %rsi
  sub %ecx, %eax
  jnz 6f
  dec %rdx
  jnz 3b
4:
  xor %eax, %eax
6:
  ret

  .section .note.GNU-stack, "", @progbits
