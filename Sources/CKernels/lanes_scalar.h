// The vocabulary of 16 lanes in plain C: the oracle that every instruction set is tested against. A vocabulary header
// (lanes_*.h) defines the same names for one instruction set; the *_body.h files are written over them once.
#pragma once
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES static inline __attribute__((always_inline))
#define EACH_LANE for (int l = 0; l < 16; l++)

typedef struct {
  float lane[16];
} v16f;
typedef struct {
  int32_t lane[16];
} v16i;
typedef struct {
  double lane[16];
} v16d;

/// Register blocks of the f32 product and of the f64 projection: rows (or vectors of rows) by blocks (or channels).
#define PRODUCT_ROWS 2
#define PRODUCT_BLOCKS 1
#define PROJECT_VECTORS 1
#define PROJECT_CHANNELS 2

#define LANEWISE(expression) \
  {                                        \
    v16f result;                           \
    EACH_LANE result.lane[l] = expression; \
    return result;                         \
  }
LANES v16f v_set1(float a) LANEWISE(a)
LANES v16f v_load(const float *p) LANEWISE(p[l])
/// The first `count` floats (0...16); the other lanes are +0 and their memory is not touched.
LANES v16f v_load_partial(const float *p, size_t count) LANEWISE((size_t)l < count ? p[l] : 0)
LANES v16f v_add(v16f a, v16f b) LANEWISE(a.lane[l] + b.lane[l])
LANES v16f v_sub(v16f a, v16f b) LANEWISE(a.lane[l] - b.lane[l])
LANES v16f v_mul(v16f a, v16f b) LANEWISE(a.lane[l] * b.lane[l])
LANES v16f v_div(v16f a, v16f b) LANEWISE(a.lane[l] / b.lane[l])
/// a b + c, rounded once.
LANES v16f v_fma(v16f a, v16f b, v16f c) LANEWISE(fmaf(a.lane[l], b.lane[l], c.lane[l]))
/// a > b ? a : b, and so also for NaN.
LANES v16f v_max(v16f a, v16f b) LANEWISE(a.lane[l] > b.lane[l] ? a.lane[l] : b.lane[l])
/// a < b ? a : b, and so also for NaN.
LANES v16f v_min(v16f a, v16f b) LANEWISE(a.lane[l] < b.lane[l] ? a.lane[l] : b.lane[l])
LANES v16f v_abs(v16f a) LANEWISE(fabsf(a.lane[l]))
/// To the nearest integer, ties to even.
LANES v16f v_round(v16f a) LANEWISE(rintf(a.lane[l]))
/// a < b ? x : y
LANES v16f v_select_less(v16f a, v16f b, v16f x, v16f y) LANEWISE(a.lane[l] < b.lane[l] ? x.lane[l] : y.lane[l])
/// Lanes from `count` on are replaced by `fill`.
LANES v16f v_fill(v16f a, size_t count, float fill) LANEWISE((size_t)l < count ? a.lane[l] : fill)
LANES v16f v_from_int(v16i a) LANEWISE((float)a.lane[l])
LANES v16f v_load_s8(const int8_t *p) LANEWISE((float)p[l])
/// 16-bit floats, widened exactly: IEEE 754 binary16, and the upper half of a binary32. NaN stays NaN.
LANES float f_from_f16(uint16_t half) {
  // The exponent moves from a bias of 15 to one of 127; a subnormal is a small integer times 2^-24.
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3FF;
  float magnitude = (float)fraction * 0x1p-24f;
  uint32_t bits;
  memcpy(&bits, &magnitude, sizeof bits);
  if (exponent > 0) bits = (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13;
  bits |= sign;
  memcpy(&magnitude, &bits, sizeof magnitude);
  return magnitude;
}
LANES float f_from_bf16(uint16_t half) {
  uint32_t bits = (uint32_t)half << 16;
  float y;
  memcpy(&y, &bits, sizeof y);
  return y;
}
LANES v16f v_load_f16(const uint16_t *p) LANEWISE(f_from_f16(p[l]))
LANES v16f v_load_bf16(const uint16_t *p) LANEWISE(f_from_bf16(p[l]))

/// Byte `feature` (0...3) of each of 16 groups of four.
LANES v16f v_load_tile(const int8_t *p, int feature) LANEWISE((float)p[4 * l + feature])
/// table[index], for indices 0...15.
LANES v16f v_lookup(v16f table, v16i index) LANEWISE(table.lane[index.lane[l] & 15])

LANES v16f v_zero(void) { return v_set1(0); }

LANES void v_store(float *p, v16f a) { EACH_LANE p[l] = a.lane[l]; }

LANES void v_store_partial(float *p, v16f a, size_t count) {
  for (size_t l = 0; l < count; l++) p[l] = a.lane[l];
}

LANES uint32_t float_bits(float a) {
  uint32_t bits;
  memcpy(&bits, &a, sizeof bits);
  return bits;
}

/// 2^(n + shift) for t = ROUNDER + n: the low bits of t become an exponent.
LANES v16f v_power_of_two(v16f t, int shift) {
  v16f y;
  EACH_LANE {
    uint32_t bits = (float_bits(t.lane[l]) << 23) + ((uint32_t)(127 + shift) << 23);
    memcpy(&y.lane[l], &bits, sizeof bits);
  }
  return y;
}

/// For values whose rounding (to nearest, ties to even) is in -128...127.
LANES void v_store_s8(int8_t *p, v16f a) { EACH_LANE p[l] = (int8_t)rintf(a.lane[l]); }

/// N1: 8-4-2-1.
LANES float v_fold_sum(v16f a) {
  for (int width = 8; width > 0; width /= 2)
    for (int l = 0; l < width; l++) a.lane[l] += a.lane[l + width];
  return a.lane[0];
}

LANES float v_fold_max(v16f a) {
  for (int width = 8; width > 0; width /= 2)
    for (int l = 0; l < width; l++) a.lane[l] = a.lane[l] > a.lane[l + width] ? a.lane[l] : a.lane[l + width];
  return a.lane[0];
}

/// The bits of 4 * count bytes; the other lanes are +0.
LANES v16f v_load_bits(const int8_t *p, size_t count) {
  v16f result = {{0}};
  memcpy(result.lane, p, 4 * count);
  return result;
}
LANES void v_store_bits(int8_t *p, v16f a) { memcpy(p, a.lane, 64); }

/// Bytes i of four rows side by side, for i < 16: 64 bytes.
LANES void interleave_rows(const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d, int8_t *output) {
  for (int i = 0; i < 16; i++) {
    output[4 * i] = a[i];
    output[4 * i + 1] = b[i];
    output[4 * i + 2] = c[i];
    output[4 * i + 3] = d[i];
  }
}

/// The multipliers of 16 channels, as s4_unpack takes them.
typedef struct {
  int32_t lane[16];
} s4_factors;
LANES s4_factors s4_load_factors(const uint8_t *multipliers) {
  s4_factors factors;
  EACH_LANE factors.lane[l] = multipliers[l];
  return factors;
}
/// A row of a tile, four features of 16 channels, from its 32 bytes: (n - 8) * multiplier. The output is aligned to 64.
LANES void s4_unpack(const uint8_t *nibbles, s4_factors factors, int8_t *output) {
  for (int j = 0; j < 32; j++) {
    output[j] = (int8_t)(((nibbles[j] & 15) - 8) * factors.lane[j / 4]);
    output[j + 32] = (int8_t)(((nibbles[j] >> 4) - 8) * factors.lane[8 + j / 4]);
  }
}

LANES void v_transpose(v16f m[16]) {
  for (int r = 0; r < 16; r++)
    for (int c = 0; c < r; c++) {
      float swap = m[r].lane[c];
      m[r].lane[c] = m[c].lane[r];
      m[c].lane[r] = swap;
    }
}

#define LANEWISE_INT(expression) \
  {                                        \
    v16i result;                           \
    EACH_LANE result.lane[l] = expression; \
    return result;                         \
  }
LANES v16i i_set1(int32_t a) LANEWISE_INT(a)
LANES v16i i_load(const int32_t *p) LANEWISE_INT(p[l])
LANES v16i i_load_partial(const int32_t *p, size_t count) LANEWISE_INT((size_t)l < count ? p[l] : 0)
/// Wraps around.
LANES v16i i_sub(v16i a, v16i b) LANEWISE_INT((int32_t)((uint32_t)a.lane[l] - (uint32_t)b.lane[l]))
LANES v16i i_max(v16i a, v16i b) LANEWISE_INT(a.lane[l] > b.lane[l] ? a.lane[l] : b.lane[l])
LANES v16i i_magnitude_bits(v16f a) LANEWISE_INT((int32_t)(float_bits(a.lane[l]) & 0x7FFFFFFF))
/// Adds to each lane its group of four bytes.
LANES v16i i_add_fours(v16i a, const int8_t *p)
    LANEWISE_INT(a.lane[l] + p[4 * l] + p[4 * l + 1] + p[4 * l + 2] + p[4 * l + 3])

LANES void i_store(int32_t *p, v16i a) { EACH_LANE p[l] = a.lane[l]; }

LANES int32_t i_fold_max(v16i a) {
  int32_t y = a.lane[0];
  EACH_LANE y = a.lane[l] > y ? a.lane[l] : y;
  return y;
}

/// Whether the first `count` lanes are in 0...15.
LANES int i_below_16(v16i a, size_t count) {
  uint32_t high = 0;
  for (size_t l = 0; l < count; l++) high |= (uint32_t)a.lane[l] & ~15u;
  return high == 0;
}

#define LANEWISE_DOUBLE(expression) \
  {                                        \
    v16d result;                           \
    EACH_LANE result.lane[l] = expression; \
    return result;                         \
  }
LANES v16d d_zero(void) LANEWISE_DOUBLE(0)
LANES v16d d_load(const double *p) LANEWISE_DOUBLE(p[l])
LANES v16d d_widen(const float *p) LANEWISE_DOUBLE(p[l])
LANES v16d d_widen_one(const float *p) LANEWISE_DOUBLE(*p)
LANES v16d d_add(v16d a, v16d b) LANEWISE_DOUBLE(a.lane[l] + b.lane[l])
/// a b + c where a b is exact, so that a fused and a separate addition agree.
LANES v16d d_add_product(v16d a, v16d b, v16d c) LANEWISE_DOUBLE(c.lane[l] + a.lane[l] * b.lane[l])

LANES void d_store(double *p, v16d a) { EACH_LANE p[l] = a.lane[l]; }

LANES float f_sqrt(float a) { return __builtin_sqrtf(a); }
