// The machine boundary in C: what kernel/trusted/machine/*.ts declares, included before the code made from TypeScript.
// An import `module.name` is the function module_name.
#pragma once
#include "layout.h"

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;

// What the kernel exports to entry.S and boot.S.
void kernel_start(void);
void kernel_boot(u32 info);
void kernel_trap(u32 frame);
void kernel_syscall(u32 frame);
void kernel_threadMain(u32 argument);

#include "cpu.h"
#include "clock.h"
#include "entropy.h"
#include "image.h"
#include "mem.h"
#include "mmio.h"
#include "port.h"
#include "symbols.h"
#include "user.h"
