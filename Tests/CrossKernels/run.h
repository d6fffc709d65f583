// The inside of a run: for harness.c and main.c.
#pragma once
#include "harness.h"

enum { CASES = 2048, BUFFERS = 32, PATTERN = 0xA5 };

typedef struct {
  uint8_t *pages, *usable_start;
  size_t pages_bytes, usable, offset, bytes;
} buffer;

struct run {
  const char *set, *family;
  int at_start;      // where guarded memory lies
  int records;       // whether hashes are written (the first run), or compared with
  uint64_t *hashes;  // [CASES]
  size_t count;      // cases ended
  char label[160];
  uint64_t hash, random;
  buffer buffers[BUFFERS];
  size_t buffers_count;
};

void end_case(run *r);
/// Says which case it was, and ends the program.
void fail(const run *r, const char *what) __attribute__((noreturn));
