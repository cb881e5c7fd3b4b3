// Names for addresses: the table that tools/kernel/symbols.ts makes from the linked kernel and puts into .symbols.
//
//   header | blocks of BLOCK rows | nodes | functions | texts | rows
//
// A row covers the code from its address to the next row's; rows are variable-length numbers: the address's distance
// from the row before, the node's distance (zigzag). A node is a line in a function, and the node that it was inlined
// into; node 0 is no code at all. Texts end with a NUL.
#include "imports.h"

#define SYMBOLS_MAGIC 0x324d5953 // "SYM2"
#define BLOCK 64

struct header {
  u32 magic, nodes, functions, texts, streams, count; // the tables' offsets from the start, the number of rows
};
struct block {
  u32 address, stream, node; // first row's address less IMAGE_BASE, its offset in the rows, the node before it
};
struct node {
  u32 parent;
  u16 function, line;
};
struct function {
  u32 name, file;
};

extern const u8 symbols_start[], symbols_end[];

static u32 read_number(const u8 **stream) {
  u32 value = 0, shift = 0, byte;
  do {
    byte = *(*stream)++;
    value |= (byte & 127) << shift;
    shift += 7;
  } while (byte & 128);
  return value;
}

static u32 find_node(const struct header *table, u32 wanted) {
  const struct block *blocks = (const struct block *)(table + 1);
  u32 low = 0, high = (table->count + BLOCK - 1) / BLOCK;
  while (low < high) {
    u32 middle = (low + high) / 2;
    if (blocks[middle].address <= wanted) low = middle + 1;
    else high = middle;
  }
  if (low == 0) return 0;
  const struct block *block = &blocks[low - 1];
  const u8 *stream = symbols_start + table->streams + block->stream;
  u32 address = block->address, node = block->node, row = (low - 1) * BLOCK;
  for (; row < table->count; row++) {
    u32 distance = read_number(&stream), step = read_number(&stream);
    if (address + distance > wanted) break;
    address += distance;
    node += step >> 1 ^ -(step & 1);
  }
  return node;
}

static u32 append(u8 *buffer, u32 capacity, u32 length, const char *text) {
  while (*text && length < capacity) buffer[length++] = *text++;
  return length;
}

u32 symbols_describe(u64 address, u32 depth, u32 buffer, u32 capacity) {
  const struct header *table = (const struct header *)symbols_start;
  if (symbols_end - symbols_start < (long)sizeof *table || table->magic != SYMBOLS_MAGIC) return 0;
  if (address < (u64)image_text_start || address >= (u64)image_text_end) return 0;
  const struct node *nodes = (const struct node *)(symbols_start + table->nodes);
  const struct function *functions = (const struct function *)(symbols_start + table->functions);
  const char *texts = (const char *)symbols_start + table->texts;
  u32 found = find_node(table, address - IMAGE_BASE);
  for (; depth && found; depth--) found = nodes[found].parent;
  if (found == 0) return 0;

  u8 *out = (u8 *)(LINEAR_BASE + buffer);
  const struct function *function = &functions[nodes[found].function];
  u32 length = append(out, capacity, 0, texts + function->name);
  if (texts[function->file] == 0) return length;
  char digits[8], *digit = digits + sizeof digits - 1;
  *digit = 0;
  for (u32 line = nodes[found].line; line; line /= 10) *--digit = '0' + line % 10;
  length = append(out, capacity, length, " (");
  length = append(out, capacity, length, texts + function->file);
  length = append(out, capacity, length, ":");
  length = append(out, capacity, length, digit);
  return append(out, capacity, length, ")");
}
