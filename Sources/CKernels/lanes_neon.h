// The vocabulary of 16 lanes for AArch64's Advanced SIMD (NEON), four registers a vector. Include <arm_neon.h> before.
// What each name means is said in lanes_scalar.h. Maxima, minima and selections are a comparison and a selection
// throughout: FMAX, FMIN, FMAXNM and FMINNM treat NaN (and zeros of both signs) otherwise.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define LANES static inline __attribute__((always_inline))

typedef struct {
  float32x4_t quarter[4];
} v16f;
typedef struct {
  int32x4_t quarter[4];
} v16i;
typedef struct {
  float64x2_t eighth[8];
} v16d;

// 24 accumulators for the f32 product, 16 for the projection, of 32 registers.
#define PRODUCT_ROWS 6
#define PRODUCT_BLOCKS 1
#define PROJECT_VECTORS 1
#define PROJECT_CHANNELS 2

#define EACH_QUARTER _Pragma("clang loop unroll(full)") for (int i = 0; i < 4; i++)
#define EACH_EIGHTH _Pragma("clang loop unroll(full)") for (int i = 0; i < 8; i++)
#define QUARTERWISE(type, expression)        \
  {                                          \
    type y;                                  \
    EACH_QUARTER y.quarter[i] = expression;  \
    return y;                                \
  }

/// How many of the first `count` lanes are in quarter i (or behind it).
LANES size_t lanes_left(size_t count, int i) { return count > 4 * (size_t)i ? count - 4 * (size_t)i : 0; }
/// The first `count` (or all four) lanes of a quarter set.
LANES uint32x4_t first_of_quarter(size_t count) {
  static const uint32_t numbers[4] = {0, 1, 2, 3};
  return vcltq_u32(vld1q_u32(numbers), vdupq_n_u32((uint32_t)count));
}
/// The first `count` (or all four) elements, zeros behind them.
#define LOAD_QUARTER(name, element, vector, suffix)                \
  LANES vector name(const element *p, size_t count) {              \
    if (count >= 4) return vld1q_##suffix(p);                      \
    vector y = vdupq_n_##suffix(0);                                \
    if (count > 0) y = vld1q_lane_##suffix(p, y, 0);               \
    if (count > 1) y = vld1q_lane_##suffix(p + 1, y, 1);           \
    if (count > 2) y = vld1q_lane_##suffix(p + 2, y, 2);           \
    return y;                                                      \
  }
LOAD_QUARTER(load_floats, float, float32x4_t, f32)
LOAD_QUARTER(load_ints, int32_t, int32x4_t, s32)
LANES void store_floats(float *p, float32x4_t a, size_t count) {
  if (count >= 4) {
    vst1q_f32(p, a);
    return;
  }
  if (count > 0) vst1q_lane_f32(p, a, 0);
  if (count > 1) vst1q_lane_f32(p + 1, a, 1);
  if (count > 2) vst1q_lane_f32(p + 2, a, 2);
}

LANES v16f v_set1(float a) QUARTERWISE(v16f, vdupq_n_f32(a))
LANES v16f v_zero(void) { return v_set1(0); }
LANES v16f v_load(const float *p) QUARTERWISE(v16f, vld1q_f32(p + 4 * i))
LANES v16f v_load_partial(const float *p, size_t count)
    QUARTERWISE(v16f, load_floats(p + 4 * i, lanes_left(count, i)))
LANES void v_store(float *p, v16f a) { EACH_QUARTER vst1q_f32(p + 4 * i, a.quarter[i]); }
LANES void v_store_partial(float *p, v16f a, size_t count) {
  EACH_QUARTER store_floats(p + 4 * i, a.quarter[i], lanes_left(count, i));
}
LANES v16f v_add(v16f a, v16f b) QUARTERWISE(v16f, vaddq_f32(a.quarter[i], b.quarter[i]))
LANES v16f v_sub(v16f a, v16f b) QUARTERWISE(v16f, vsubq_f32(a.quarter[i], b.quarter[i]))
LANES v16f v_mul(v16f a, v16f b) QUARTERWISE(v16f, vmulq_f32(a.quarter[i], b.quarter[i]))
LANES v16f v_div(v16f a, v16f b) QUARTERWISE(v16f, vdivq_f32(a.quarter[i], b.quarter[i]))
LANES v16f v_fma(v16f a, v16f b, v16f c) QUARTERWISE(v16f, vfmaq_f32(c.quarter[i], a.quarter[i], b.quarter[i]))
LANES v16f v_max(v16f a, v16f b)
    QUARTERWISE(v16f, vbslq_f32(vcgtq_f32(a.quarter[i], b.quarter[i]), a.quarter[i], b.quarter[i]))
LANES v16f v_min(v16f a, v16f b)
    QUARTERWISE(v16f, vbslq_f32(vcltq_f32(a.quarter[i], b.quarter[i]), a.quarter[i], b.quarter[i]))
LANES v16f v_abs(v16f a) QUARTERWISE(v16f, vabsq_f32(a.quarter[i]))
LANES v16f v_round(v16f a) QUARTERWISE(v16f, vrndnq_f32(a.quarter[i]))
LANES v16f v_select_less(v16f a, v16f b, v16f x, v16f y) {
  EACH_QUARTER y.quarter[i] = vbslq_f32(vcltq_f32(a.quarter[i], b.quarter[i]), x.quarter[i], y.quarter[i]);
  return y;
}
LANES v16f v_fill(v16f a, size_t count, float fill)
    QUARTERWISE(v16f, vbslq_f32(first_of_quarter(lanes_left(count, i)), a.quarter[i], vdupq_n_f32(fill)))
LANES v16f v_from_int(v16i a) QUARTERWISE(v16f, vcvtq_f32_s32(a.quarter[i]))
LANES v16f v_load_s8(const int8_t *p) {
  int8x16_t bytes = vld1q_s8(p);
  int16x8_t low = vmovl_s8(vget_low_s8(bytes)), high = vmovl_high_s8(bytes);
  return (v16f){{vcvtq_f32_s32(vmovl_s16(vget_low_s16(low))), vcvtq_f32_s32(vmovl_high_s16(low)),
                 vcvtq_f32_s32(vmovl_s16(vget_low_s16(high))), vcvtq_f32_s32(vmovl_high_s16(high))}};
}
LANES v16f v_load_f16(const uint16_t *p)
    QUARTERWISE(v16f, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p + 4 * i))))
LANES v16f v_load_bf16(const uint16_t *p)
    QUARTERWISE(v16f, vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p + 4 * i), 16)))
LANES v16f v_load_tile(const int8_t *p, int feature) {
  int32x4_t up = vdupq_n_s32(24 - 8 * feature);
  v16f y;
  EACH_QUARTER {
    int32x4_t four = vshlq_s32(vreinterpretq_s32_s8(vld1q_s8(p + 16 * i)), up);
    y.quarter[i] = vcvtq_f32_s32(vshrq_n_s32(four, 24));
  }
  return y;
}
/// An index becomes those of its four bytes in the table of 64.
LANES v16f v_lookup(v16f table, v16i index) {
  uint8x16x4_t bytes;
  EACH_QUARTER bytes.val[i] = vreinterpretq_u8_f32(table.quarter[i]);
  uint32x4_t first = vdupq_n_u32(0x03020100), step = vdupq_n_u32(0x04040404);
  v16f y;
  EACH_QUARTER {
    uint32x4_t four = vmlaq_u32(first, vreinterpretq_u32_s32(index.quarter[i]), step);
    y.quarter[i] = vreinterpretq_f32_u8(vqtbl4q_u8(bytes, vreinterpretq_u8_u32(four)));
  }
  return y;
}

LANES v16f v_power_of_two(v16f t, int shift) {
  int32x4_t bias = vdupq_n_s32((127 + shift) << 23);
  EACH_QUARTER t.quarter[i] =
      vreinterpretq_f32_s32(vaddq_s32(vshlq_n_s32(vreinterpretq_s32_f32(t.quarter[i]), 23), bias));
  return t;
}
LANES void v_store_s8(int8_t *p, v16f a) {
  v16i n;
  EACH_QUARTER n.quarter[i] = vcvtnq_s32_f32(a.quarter[i]);
  int16x8_t low = vqmovn_high_s32(vqmovn_s32(n.quarter[0]), n.quarter[1]);
  int16x8_t high = vqmovn_high_s32(vqmovn_s32(n.quarter[2]), n.quarter[3]);
  vst1q_s8(p, vqmovn_high_s16(vqmovn_s16(low), high));
}

LANES float v_fold_sum(v16f a) {
  float32x4_t four = vaddq_f32(vaddq_f32(a.quarter[0], a.quarter[2]), vaddq_f32(a.quarter[1], a.quarter[3]));
  float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}
LANES float32x4_t max_of_quarters(float32x4_t a, float32x4_t b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
LANES float v_fold_max(v16f a) {
  float32x4_t four = max_of_quarters(max_of_quarters(a.quarter[0], a.quarter[2]),
                                     max_of_quarters(a.quarter[1], a.quarter[3]));
  float32x4_t two = max_of_quarters(four, vextq_f32(four, four, 2));
  return vgetq_lane_f32(max_of_quarters(two, vextq_f32(two, two, 1)), 0);
}

LANES v16f v_load_bits(const int8_t *p, size_t count) {
  const float *bits = (const float *)(const void *)p;
  return count < 16 ? v_load_partial(bits, count) : v_load(bits);
}
LANES void v_store_bits(int8_t *p, v16f a) { v_store((float *)(void *)p, a); }
LANES void interleave_rows(const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d, int8_t *output) {
  int8x16x4_t rows = {{vld1q_s8(a), vld1q_s8(b), vld1q_s8(c), vld1q_s8(d)}};
  vst4q_s8(output, rows);
}

/// Four rows by four columns: entry and result are the rows.
LANES void transpose_quarter(float32x4_t *a, float32x4_t *b, float32x4_t *c, float32x4_t *d) {
  float64x2_t ab_even = vreinterpretq_f64_f32(vtrn1q_f32(*a, *b)), ab_odd = vreinterpretq_f64_f32(vtrn2q_f32(*a, *b));
  float64x2_t cd_even = vreinterpretq_f64_f32(vtrn1q_f32(*c, *d)), cd_odd = vreinterpretq_f64_f32(vtrn2q_f32(*c, *d));
  *a = vreinterpretq_f32_f64(vtrn1q_f64(ab_even, cd_even));
  *b = vreinterpretq_f32_f64(vtrn1q_f64(ab_odd, cd_odd));
  *c = vreinterpretq_f32_f64(vtrn2q_f64(ab_even, cd_even));
  *d = vreinterpretq_f32_f64(vtrn2q_f64(ab_odd, cd_odd));
}
LANES void v_transpose(v16f m[16]) {
#pragma clang loop unroll(full)
  for (int r = 0; r < 16; r += 4) EACH_QUARTER
    transpose_quarter(&m[r].quarter[i], &m[r + 1].quarter[i], &m[r + 2].quarter[i], &m[r + 3].quarter[i]);
  // The quarters themselves, as a 4 by 4 matrix.
#pragma clang loop unroll(full)
  for (int r = 0; r < 4; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < r; c++)
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) {
        float32x4_t swap = m[4 * r + i].quarter[c];
        m[4 * r + i].quarter[c] = m[4 * c + i].quarter[r];
        m[4 * c + i].quarter[r] = swap;
      }
}

typedef struct {
  int8x16_t quarter[4];
} s4_factors;
LANES s4_factors s4_load_factors(const uint8_t *multipliers) {
  // Each byte four times.
  static const uint8_t first[16] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3};
  uint8x16_t bytes = vld1q_u8(multipliers), index = vld1q_u8(first);
  s4_factors factors;
  EACH_QUARTER factors.quarter[i] =
      vreinterpretq_s8_u8(vqtbl1q_u8(bytes, vaddq_u8(index, vdupq_n_u8((uint8_t)(4 * i)))));
  return factors;
}
LANES void s4_unpack(const uint8_t *nibbles, s4_factors factors, int8_t *output) {
  uint8x16_t first = vld1q_u8(nibbles), second = vld1q_u8(nibbles + 16), mask = vdupq_n_u8(15);
  uint8x16_t n[4] = {vandq_u8(first, mask), vandq_u8(second, mask), vshrq_n_u8(first, 4), vshrq_n_u8(second, 4)};
  EACH_QUARTER {
    int8x16_t codes = vsubq_s8(vreinterpretq_s8_u8(n[i]), vdupq_n_s8(8));
    vst1q_s8(output + 16 * i, vmulq_s8(codes, factors.quarter[i]));
  }
}

LANES v16i i_set1(int32_t a) QUARTERWISE(v16i, vdupq_n_s32(a))
LANES v16i i_load(const int32_t *p) QUARTERWISE(v16i, vld1q_s32(p + 4 * i))
LANES v16i i_load_partial(const int32_t *p, size_t count)
    QUARTERWISE(v16i, load_ints(p + 4 * i, lanes_left(count, i)))
LANES v16i i_sub(v16i a, v16i b) QUARTERWISE(v16i, vsubq_s32(a.quarter[i], b.quarter[i]))
LANES v16i i_max(v16i a, v16i b) QUARTERWISE(v16i, vmaxq_s32(a.quarter[i], b.quarter[i]))
LANES v16i i_magnitude_bits(v16f a)
    QUARTERWISE(v16i, vandq_s32(vreinterpretq_s32_f32(a.quarter[i]), vdupq_n_s32(0x7FFFFFFF)))
LANES v16i i_add_fours(v16i a, const int8_t *p)
    QUARTERWISE(v16i, vpadalq_s16(a.quarter[i], vpaddlq_s8(vld1q_s8(p + 16 * i))))
LANES void i_store(int32_t *p, v16i a) { EACH_QUARTER vst1q_s32(p + 4 * i, a.quarter[i]); }
LANES int32_t i_fold_max(v16i a) {
  return vmaxvq_s32(vmaxq_s32(vmaxq_s32(a.quarter[0], a.quarter[2]), vmaxq_s32(a.quarter[1], a.quarter[3])));
}
LANES int i_below_16(v16i a, size_t count) {
  uint32x4_t high = vdupq_n_u32(0);
  EACH_QUARTER high =
      vorrq_u32(high, vandq_u32(vreinterpretq_u32_s32(a.quarter[i]), first_of_quarter(lanes_left(count, i))));
  return vmaxvq_u32(high) < 16;
}

#define EIGHTHWISE(expression)             \
  {                                        \
    v16d y;                                \
    EACH_EIGHTH y.eighth[i] = expression;  \
    return y;                              \
  }
LANES v16d d_zero(void) EIGHTHWISE(vdupq_n_f64(0))
LANES v16d d_load(const double *p) EIGHTHWISE(vld1q_f64(p + 2 * i))
LANES v16d d_widen(const float *p) EIGHTHWISE(vcvt_f64_f32(vld1_f32(p + 2 * i)))
LANES v16d d_widen_one(const float *p) {
  float64x2_t a = vdupq_n_f64(*p);
  v16d y;
  EACH_EIGHTH y.eighth[i] = a;
  return y;
}
LANES v16d d_add(v16d a, v16d b) EIGHTHWISE(vaddq_f64(a.eighth[i], b.eighth[i]))
LANES v16d d_add_product(v16d a, v16d b, v16d c) EIGHTHWISE(vfmaq_f64(c.eighth[i], a.eighth[i], b.eighth[i]))
LANES void d_store(double *p, v16d a) { EACH_EIGHTH vst1q_f64(p + 2 * i, a.eighth[i]); }

LANES float f_sqrt(float a) { return vget_lane_f32(vsqrt_f32(vdup_n_f32(a)), 0); }
