// From the loader to TypeScript: 32-bit entry for PVH, Multiboot2 and Multiboot1, early page tables, long mode, then
// the exports start() and boot(info). The tables are constants; kernel/boot replaces them with proper W^X ones.
#include "layout.h"

#define XEN_ELFNOTE_PHYS32_ENTRY 18
#define MULTIBOOT2_MAGIC 0xe85250d6
#define MULTIBOOT2_LOADER 0x36d76289
#define MULTIBOOT1_MAGIC 0x1badb002
#define MULTIBOOT1_LOADER 0x2badb002
#define MULTIBOOT1_FLAGS 0x3 // modules page-aligned, memory map wanted

#define PRESENT_WRITABLE 0x003
#define PRESENT_WRITABLE_LARGE 0x083
#define LINEAR_EARLY_PAGES 8192

  .section .note.Xen, "a", @note
  .long 4, 4, XEN_ELFNOTE_PHYS32_ENTRY
  .asciz "Xen"
  .long pvh_start

  // First page of the image. At 0xe00 the record that `egg build` patches to announce the root image.
  .section .boot.header, "aw"
multiboot2_header:
  .long MULTIBOOT2_MAGIC, 0, multiboot2_end - multiboot2_header
  .long -(MULTIBOOT2_MAGIC + (multiboot2_end - multiboot2_header))
  .short 3, 1 // entry address, optional
  .long 12, multiboot_start
  .balign 8
  .short 5, 1 // framebuffer, optional: any size, 32 bits
  .long 20, 0, 0, 32
  .balign 8
  .short 6, 1 // modules on page boundaries, optional
  .long 8
  .short 0, 0
  .long 8
multiboot2_end:

  .org 0xe00
  .globl image_root
image_root:
  .ascii "EGGSROOT"
  .quad 0, 0 // physical address, bytes of the root image
  .quad 0, 0 // physical address, bytes of the command line

  // At file offset 0x1fe0: within the 8192 bytes where GRUB looks, past the 8144 where QEMU does, because QEMU
  // refuses a 64-bit ELF once it has seen this header and would not come to PVH.
  .org 0xfe0
  .long MULTIBOOT1_MAGIC, MULTIBOOT1_FLAGS, -(MULTIBOOT1_MAGIC + MULTIBOOT1_FLAGS)

  // The first 4 GB at 0 and at DIRECT_BASE, the first 1 GB also at IMAGE_BASE, linear memory and the image's stacks.
  .section .boot.tables, "aw"
  .balign 4096
  .globl boot_page_table
boot_page_table:
  .quad direct_directories + PRESENT_WRITABLE
  .fill 255, 8, 0
  .quad direct_directories + PRESENT_WRITABLE
  .fill 254, 8, 0
  .quad image_directories + PRESENT_WRITABLE
direct_directories:
  .set gigabyte, 0
  .rept 4
  .quad direct_pages + gigabyte * 4096 + PRESENT_WRITABLE
  .set gigabyte, gigabyte + 1
  .endr
  .fill 508, 8, 0
image_directories:
  .fill 510, 8, 0
  .quad direct_pages + PRESENT_WRITABLE
  .quad linear_directory + PRESENT_WRITABLE
direct_pages:
  .set page, 0
  .rept 2048
  .quad page * 0x200000 + PRESENT_WRITABLE_LARGE
  .set page, page + 1
  .endr
linear_directory:
  .set table, 0
  .rept LINEAR_EARLY_PAGES / 512
  .quad linear_pages + table * 4096 + PRESENT_WRITABLE
  .set table, table + 1
  .endr
  .fill STACKS_START / 0x200000 - LINEAR_EARLY_PAGES / 512, 8, 0
  .quad stack_pages + PRESENT_WRITABLE
  .fill 512 - STACKS_START / 0x200000 - 1, 8, 0
linear_pages:
  .quad 0 // null faults
  .set page, 1
  .rept LINEAR_EARLY_PAGES - 1
  .quad linear_physical_base + page * 4096 + PRESENT_WRITABLE
  .set page, page + 1
  .endr
stack_pages:
  .set page, 0
  .rept BOOT_STACKS
  .quad 0 // guard
  .rept STACK_SIZE / 4096
  .quad boot_stacks - IMAGE_BASE + page * 4096 + PRESENT_WRITABLE
  .set page, page + 1
  .endr
  .endr
  .balign 4096

  .section .bss.stacks, "aw", @nobits
  .balign 4096
  .globl boot_stacks
boot_stacks:
  .skip BOOT_STACKS * STACK_SIZE

  .section .boot.text, "awx"
  .code32
pvh_start:
  mov $1, %ebp
  jmp 1f
  .globl multiboot_start
multiboot_start:
  mov $2, %ebp
  cmp $MULTIBOOT2_LOADER, %eax
  je 1f
  mov $3, %ebp
  cmp $MULTIBOOT1_LOADER, %eax
  jne 9f
1:
  cli
  cld
  mov %ebx, %esp // the loader's structure
  rdtsc
  mov %eax, %esi
  mov %edx, %edi

  mov $0x80000001, %eax
  cpuid
  bt $29, %edx // long mode
  jnc 9f

  mov $0x6a0, %eax // CR4: PAE, PGE, OSFXSR, OSXMMEXCPT
  mov %eax, %cr4
  mov $boot_page_table, %eax
  mov %eax, %cr3
  mov $0xc0000080, %ecx // EFER: NXE, LME
  rdmsr
  or $0x900, %eax
  wrmsr
  mov $0x80010033, %eax // CR0: PG, WP, NE, ET, MP, PE
  mov %eax, %cr0
  lgdt boot_gdt_pointer
  ljmp $KERNEL_CODE, $2f

9: // Not our loader, or no 64-bit mode: say so on the serial line.
  mov $unsupported, %esi
  mov $0x3f8, %edx
8:
  lodsb
  out %al, %dx
  test %al, %al
  jnz 8b
7:
  hlt
  jmp 7b
unsupported:
  .asciz "eggos: no 64-bit processor, or an unknown loader\r\n"

  .code64
2:
  mov $KERNEL_DATA, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  xor %eax, %eax
  mov %eax, %fs
  mov %eax, %gs
  mov %esp, %ebx
  mov $STACK_TOP(0), %rsp
  shl $32, %rdi
  mov %esi, %eax
  or %rax, %rdi
  push %rdi // BootInfo: ticksAtEntry, address, protocol
  push %rbx
  push %rbp
  lea -LINEAR_BASE(%rsp), %r12d
  xor %ebp, %ebp
  push %rbp
  mov $boot_high, %rax
  jmp *%rax

  .balign 8
boot_gdt:
  .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
boot_gdt_pointer:
  .short 23
  .long boot_gdt

  .text
boot_high:
  call kernel_start
  mov %r12d, %edi
  call kernel_boot
  ud2

  .section .note.GNU-stack, "", @progbits
