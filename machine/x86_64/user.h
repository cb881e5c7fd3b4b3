// kernel/trusted/machine/user.ts: the range is checked here, the access made in usercopy.S.
u64 user_copy(u64 destination, u64 source, u64 length);
u64 user_fixup(u64 address);

static inline int user_is_range(u64 address, u64 length) {
  return length <= USER_END && address <= USER_END - length;
}
static inline u64 user_copyIn(u64 destination, u64 source, u64 length) {
  return user_is_range(source, length) ? user_copy(destination, source, length) : length;
}
static inline u64 user_copyOut(u64 destination, u64 source, u64 length) {
  return user_is_range(destination, length) ? user_copy(destination, source, length) : length;
}
static inline u64 user_zero(u64 destination, u64 length) {
  u64 user_clear(u64, u64);
  return user_is_range(destination, length) ? user_clear(destination, length) : length;
}
static inline i64 user_load32(u64 address) {
  i64 user_fetch32(u64);
  return user_is_range(address, 4) ? user_fetch32(address) : -1;
}
static inline i64 user_compareExchange32(u64 address, u32 expected, u32 desired) {
  i64 user_exchange32(u64, u32, u32);
  return user_is_range(address, 4) ? user_exchange32(address, expected, desired) : -1;
}
static inline i64 user_stringLength(u64 address, u64 limit) {
  i64 user_scan(u64, u64);
  if (address >= USER_END) return -1;
  u64 room = USER_END - address;
  i64 length = user_scan(address, limit < room ? limit : room);
  return limit > room && length == (i64)room ? -1 : length;
}
