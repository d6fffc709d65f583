#include "harness.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "run.h"

const size_t awkward_lengths[] = {1,  2,  3,  4,  5,   7,   8,   9,   15,  16, 17, 31,
                                  32, 33, 63, 64, 65, 127, 128, 129, 255, 257, 0};

void fail(const run *r, const char *what) {
  fprintf(stderr, "error: %s, %s, case %zu (%s): %s\n", r->set, r->family, r->count, r->label, what);
  _exit(1);
}

void require(run *r, int condition, const char *text) {
  if (!condition) fail(r, text);
}

// FNV-1a, by words.
static void add_word(run *r, uint64_t word) { r->hash = (r->hash ^ word) * 0x100000001B3; }

void result_int(run *r, int64_t value) { add_word(r, (uint64_t)value); }

void result_bytes(run *r, const void *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) add_word(r, ((const uint8_t *)bytes)[i]);
}

void result_floats(run *r, const float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, values + i, sizeof bits);
    add_word(r, (bits & 0x7FFFFFFF) > 0x7F800000 ? 0x7FC00000 : bits);
  }
}

void result_doubles(run *r, const double *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint64_t bits;
    memcpy(&bits, values + i, sizeof bits);
    add_word(r, (bits & INT64_MAX) > 0x7FF0000000000000 ? 0x7FF8000000000000 : bits);
  }
}

void end_case(run *r) {
  if (!r->label[0]) return;
  for (size_t b = 0; b < r->buffers_count; b++) {
    buffer *m = &r->buffers[b];
    for (size_t i = 0; i < m->usable; i++)
      if ((i < m->offset || i >= m->offset + m->bytes) && m->usable_start[i] != PATTERN)
        fail(r, "wrote outside of its operands");
    munmap(m->pages, m->pages_bytes);
  }
  r->buffers_count = 0;
  if (r->count >= CASES) fail(r, "more cases than there is room for");
  if (r->records)
    r->hashes[r->count] = r->hash;
  else if (r->hashes[r->count] != r->hash)
    fail(r, "differs from scalar");
  r->count++;
  r->label[0] = 0;
}

void begin_case(run *r, const char *format, ...) {
  end_case(r);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(r->label, sizeof r->label, format, arguments);
  va_end(arguments);
  r->hash = 0xCBF29CE484222325;
  r->random = 0;
  for (const char *c = r->label; *c; c++) r->random = r->random * 31 + (uint8_t)*c;
}

void *guarded(run *r, size_t bytes) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), usable = (bytes + 64 + page - 1) / page * page;
  if (r->buffers_count >= BUFFERS) fail(r, "more operands than there is room for");
  buffer *m = &r->buffers[r->buffers_count++];
  m->bytes = bytes, m->usable = usable, m->pages_bytes = usable + 2 * page;
  m->pages = mmap(NULL, m->pages_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (m->pages == MAP_FAILED) fail(r, "no memory");
  m->usable_start = m->pages + page;
  if (mprotect(m->usable_start, usable, PROT_READ | PROT_WRITE)) fail(r, "no memory");
  memset(m->usable_start, PATTERN, usable);
  m->offset = r->at_start ? 0 : usable - bytes;
  return m->usable_start + m->offset;
}

float *guarded_floats(run *r, size_t count) { return guarded(r, count * sizeof(float)); }

/// SplitMix64.
static uint64_t next(run *r) {
  uint64_t z = r->random += 0x9E3779B97F4A7C15;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return z ^ z >> 31;
}

uint32_t random_below(run *r, uint32_t limit) { return (uint32_t)((next(r) >> 32) * limit >> 32); }

float *random_floats(run *r, size_t count, float magnitude) {
  float *floats = guarded_floats(r, count);
  // 25 bits make an integer that a float holds, so that only the last product is rounded.
  for (size_t i = 0; i < count; i++)
    floats[i] = (float)((int32_t)(next(r) >> 39) - (1 << 24)) * 0x1p-24f * magnitude;
  return floats;
}

float *awkward_floats(run *r, size_t count, float magnitude) {
  static const uint32_t special[] = {
      0x00000000, 0x80000000,                                      // zeros
      0x00000001, 0x80000001, 0x007FFFFF, 0x807FFFFF,              // subnormals
      0x00800000, 0x80800000, 0x037FFFFF, 0x03800000,              // the smallest that are not, and that are quantized
      0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000, 0xFF800000,              // largest, infinities
      0x7FC00000, 0xFFC00000, 0x7F800001, 0xFFFFFFFF,              // NaN, quiet and signalling
      0xC2AE0000, 0xC2AE0001, 0xC2ADFFFF, 0x42B00000, 0x42B00001,  // -87, 88 and neighbours
      0xC2CFF1B5, 0x41100000, 0xC1100000, 0x4B400000, 0xCB400000,  // beyond; gelu's limit; 1.5 * 2^23
  };
  float *floats = random_floats(r, count, magnitude);
  for (size_t i = 0; i < count; i++)
    if (random_below(r, 4) == 0) memcpy(floats + i, special + random_below(r, sizeof special / sizeof *special), 4);
  return floats;
}

int8_t *random_codes(run *r, size_t count, int fixed) {
  int8_t *codes = guarded(r, count);
  for (size_t i = 0; i < count; i++) codes[i] = (int8_t)(fixed == NO_CODE ? (int)random_below(r, 255) - 127 : fixed);
  return codes;
}
