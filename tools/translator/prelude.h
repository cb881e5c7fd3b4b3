// What translated code stands on: linear memory at a constant base, and the wasm instructions that C has no
// operator for. Included first by every unit.
#pragma once
#include <stdint.h>

typedef uint8_t __attribute__((may_alias)) linear_u8;
typedef uint16_t __attribute__((may_alias, aligned(1))) linear_u16;
typedef uint32_t __attribute__((may_alias, aligned(1))) linear_u32;
typedef uint64_t __attribute__((may_alias, aligned(1))) linear_u64;

// Linear memory begins LINEAR_GUARD bytes after this symbol; the bytes between are never mapped. A symbol, not a number
// cast to a pointer: for those gcc 12 drops stores that are read through another address (-fdse), and it cannot tell
// them from its own variables. The guard makes the distance to a header that stands before an object positive: gcc
// folds only such distances into the displacement (-mcmodel=kernel).
extern uint8_t linear_guard[];
#define LINEAR_GUARD 0x1000l
#define linear_memory (linear_guard + LINEAR_GUARD)

// What is at linear address `address` (u32) plus a constant offset; both fold into the displacement.
#define LINEAR(type, address, offset) (*(linear_##type *)(linear_guard + ((uint64_t)(address) + (LINEAR_GUARD + (offset)))))

#define TRAP() __builtin_trap()
#define HELPER static inline __attribute__((always_inline, artificial, unused))

#define DIVISION(bits, lowest)                                                                      \
  HELPER uint##bits##_t i##bits##_div_u(uint##bits##_t a, uint##bits##_t b) {                       \
    if (b == 0) TRAP();                                                                             \
    return a / b;                                                                                   \
  }                                                                                                 \
  HELPER uint##bits##_t i##bits##_rem_u(uint##bits##_t a, uint##bits##_t b) {                       \
    if (b == 0) TRAP();                                                                             \
    return a % b;                                                                                   \
  }                                                                                                 \
  HELPER uint##bits##_t i##bits##_div_s(uint##bits##_t a, uint##bits##_t b) {                       \
    if (b == 0 || (a == lowest && b == (uint##bits##_t)-1)) TRAP();                                 \
    return (uint##bits##_t)((int##bits##_t)a / (int##bits##_t)b);                                   \
  }                                                                                                 \
  HELPER uint##bits##_t i##bits##_rem_s(uint##bits##_t a, uint##bits##_t b) {                       \
    if (b == 0) TRAP();                                                                             \
    return b == (uint##bits##_t)-1 ? 0 : (uint##bits##_t)((int##bits##_t)a % (int##bits##_t)b);     \
  }                                                                                                 \
  HELPER uint##bits##_t i##bits##_rotl(uint##bits##_t a, uint##bits##_t n) {                        \
    return a << (n & (bits - 1)) | a >> (-n & (bits - 1));                                          \
  }                                                                                                 \
  HELPER uint##bits##_t i##bits##_rotr(uint##bits##_t a, uint##bits##_t n) {                        \
    return a >> (n & (bits - 1)) | a << (-n & (bits - 1));                                          \
  }
DIVISION(32, 0x80000000u)
DIVISION(64, 0x8000000000000000ul)

HELPER uint32_t i32_clz(uint32_t a) { return a ? (uint32_t)__builtin_clz(a) : 32; }
HELPER uint32_t i32_ctz(uint32_t a) { return a ? (uint32_t)__builtin_ctz(a) : 32; }
HELPER uint64_t i64_clz(uint64_t a) { return a ? (uint64_t)__builtin_clzl(a) : 64; }
HELPER uint64_t i64_ctz(uint64_t a) { return a ? (uint64_t)__builtin_ctzl(a) : 64; }

// Bit counts without the popcnt instruction or libgcc (Warren, Hacker's Delight, §5-1).
HELPER uint64_t i64_popcnt(uint64_t a) {
  a -= a >> 1 & 0x5555555555555555ul;
  a = (a & 0x3333333333333333ul) + (a >> 2 & 0x3333333333333333ul);
  a = (a + (a >> 4)) & 0x0f0f0f0f0f0f0f0ful;
  return a * 0x0101010101010101ul >> 56;
}
HELPER uint32_t i32_popcnt(uint32_t a) { return (uint32_t)i64_popcnt(a); }

// Block operations: out of bounds is a page fault, as for every access.
HELPER void linear_copy(uint32_t destination, uint32_t source, uint32_t length) {
  __builtin_memmove(linear_memory + (uint64_t)destination, linear_memory + (uint64_t)source, length);
}
HELPER void linear_fill(uint32_t destination, uint32_t byte, uint32_t length) {
  __builtin_memset(linear_memory + (uint64_t)destination, (int)byte, length);
}

// memory.size and memory.grow, in 64 KiB pages. Where nobody defines them linear memory never grows: the kernel's
// own runtime maps pages itself.
#ifndef LINEAR_GROWS
HELPER uint32_t linear_size(uint32_t initial) { return initial; }
HELPER uint32_t linear_grow(uint32_t pages) { return pages == 0 ? 0 : (uint32_t)-1; }
#endif

#ifndef NO_FLOATS
typedef float __attribute__((may_alias, aligned(1))) linear_f32;
typedef double __attribute__((may_alias, aligned(1))) linear_f64;

#define REINTERPRET(to, from, name)                                                                 \
  HELPER to name(from a) {                                                                          \
    to b;                                                                                           \
    __builtin_memcpy(&b, &a, sizeof b);                                                             \
    return b;                                                                                       \
  }
REINTERPRET(uint32_t, float, i32_reinterpret_f32)
REINTERPRET(uint64_t, double, i64_reinterpret_f64)
REINTERPRET(float, uint32_t, f32_reinterpret_i32)
REINTERPRET(double, uint64_t, f64_reinterpret_i64)

#define FLOATS(type, name, suffix)                                                                  \
  HELPER type name##_abs(type a) { return __builtin_fabs##suffix(a); }                              \
  HELPER type name##_ceil(type a) { return __builtin_ceil##suffix(a); }                             \
  HELPER type name##_floor(type a) { return __builtin_floor##suffix(a); }                           \
  HELPER type name##_trunc(type a) { return __builtin_trunc##suffix(a); }                           \
  HELPER type name##_nearest(type a) { return __builtin_rint##suffix(a); }                          \
  HELPER type name##_sqrt(type a) { return __builtin_sqrt##suffix(a); }                             \
  HELPER type name##_copysign(type a, type b) { return __builtin_copysign##suffix(a, b); }          \
  HELPER type name##_min(type a, type b) {                                                          \
    if (a != a || b != b) return a + b;                                                             \
    return a == b ? (__builtin_signbit(a) ? a : b) : a < b ? a : b;                                 \
  }                                                                                                 \
  HELPER type name##_max(type a, type b) {                                                          \
    if (a != a || b != b) return a + b;                                                             \
    return a == b ? (__builtin_signbit(a) ? b : a) : a > b ? a : b;                                 \
  }
FLOATS(float, f32, f)
FLOATS(double, f64, )

// Truncation: `low` and `high` are the nearest floats outside the integer's range.
#define TRUNCATION(result, integer, from, name, saturating, lowest, highest, low, high)             \
  HELPER result name(from a) {                                                                      \
    if (!(a > (low) && a < (high))) TRAP();                                                         \
    return (result)(integer)a;                                                                      \
  }                                                                                                 \
  HELPER result saturating(from a) {                                                                \
    if (a != a) return 0;                                                                           \
    return a <= (low) ? (result)(lowest) : a >= (high) ? (result)(highest) : (result)(integer)a;    \
  }
TRUNCATION(uint32_t, int32_t, float, i32_trunc_f32_s, i32_trunc_sat_f32_s, INT32_MIN, INT32_MAX, -2147483904.0f, 2147483648.0f)
TRUNCATION(uint32_t, uint32_t, float, i32_trunc_f32_u, i32_trunc_sat_f32_u, 0, UINT32_MAX, -1.0f, 4294967296.0f)
TRUNCATION(uint32_t, int32_t, double, i32_trunc_f64_s, i32_trunc_sat_f64_s, INT32_MIN, INT32_MAX, -2147483649.0, 2147483648.0)
TRUNCATION(uint32_t, uint32_t, double, i32_trunc_f64_u, i32_trunc_sat_f64_u, 0, UINT32_MAX, -1.0, 4294967296.0)
TRUNCATION(uint64_t, int64_t, float, i64_trunc_f32_s, i64_trunc_sat_f32_s, INT64_MIN, INT64_MAX, -9223373136366403584.0f, 9223372036854775808.0f)
TRUNCATION(uint64_t, uint64_t, float, i64_trunc_f32_u, i64_trunc_sat_f32_u, 0, UINT64_MAX, -1.0f, 18446744073709551616.0f)
TRUNCATION(uint64_t, int64_t, double, i64_trunc_f64_s, i64_trunc_sat_f64_s, INT64_MIN, INT64_MAX, -9223372036854777856.0, 9223372036854775808.0)
TRUNCATION(uint64_t, uint64_t, double, i64_trunc_f64_u, i64_trunc_sat_f64_u, 0, UINT64_MAX, -1.0, 18446744073709551616.0)
#endif
