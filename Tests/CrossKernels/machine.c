// What is there once for all instruction sets: the floating-point environment, sigmoid, CRC-32.
#include <string.h>
#include "harness.h"

/// The control register: rounding, flushing of subnormals, traps; on x86 without the flags of what happened.
#if defined(__x86_64__)
#include <immintrin.h>
static uint64_t control(void) { return _mm_getcsr() & ~0x3Fu; }
static void set_control(uint64_t value) { _mm_setcsr((unsigned)value); }
enum { CLEAN = 0x1F80, HOSTILE = 0x1F80 | 0x6000 | 0x8040 };  // towards zero, FTZ and DAZ
#elif defined(__aarch64__)
static uint64_t control(void) {
  uint64_t value;
  __asm__ volatile("mrs %0, fpcr" : "=r"(value));
  return value;
}
static void set_control(uint64_t value) { __asm__ volatile("msr fpcr, %0" : : "r"(value)); }
enum { CLEAN = 0, HOSTILE = 3 << 22 | 1 << 24 | 1 << 25 };  // towards zero, FZ, default NaN
#endif

static void environment(run *r, const glck_kernels *kernels) {
  begin_case(r, "environment");
  // Subnormal factors, and sums that rounding towards zero would end otherwise.
  float *x = random_floats(r, 100, 1e-38f), *y = random_floats(r, 100, 1e-38f);
  REQUIRE(r, control() == CLEAN);
  set_control(HOSTILE);
  uint64_t previous = glck_enter();
  int clean = control() == CLEAN;
  kernels->add_scaled(100, 0.3f, x, y);
  kernels->divide_rows(1, 100, x, 100, &(float){3});
  glck_leave(previous);
  int restored = control() == HOSTILE;
  set_control(CLEAN);
  REQUIRE(r, clean);
  REQUIRE(r, restored);
  result_floats(r, x, 100);
  result_floats(r, y, 100);
}

static void sigmoid(run *r, const glck_kernels *kernels) {
  (void)kernels;
  begin_case(r, "sigmoid");
  float *x = awkward_floats(r, 1000, 30);
  for (size_t i = 0; i < 1000; i++) x[i] = glck_sigmoid(x[i]);
  result_floats(r, x, 1000);
}

static void crc32(run *r, const glck_kernels *kernels) {
  (void)kernels;
  for (size_t n = 0; n < 300; n += n < 140 ? 1 : 13) {
    begin_case(r, "bytes %zu", n);
    int8_t *bytes = random_codes(r, n, NO_CODE);
    uint32_t start = random_below(r, UINT32_MAX), crc = glck_crc32(start, bytes, n);
    REQUIRE(r, crc == glck_crc32_portable(start, bytes, n));
    result_int(r, crc);
  }
  begin_case(r, "check value");
  REQUIRE(r, glck_crc32(0, "123456789", 9) == 0xCBF43926);
}

const family machine_families[] = {{"environment", environment}, {"sigmoid", sigmoid}, {"crc32", crc32}, {0}};
