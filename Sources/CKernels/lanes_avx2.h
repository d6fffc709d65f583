// The vocabulary of 16 lanes for AVX2, FMA and F16C, two registers a vector. Include <immintrin.h> and then this within a
// target region. What each name means is said in lanes_scalar.h.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define LANES static inline __attribute__((always_inline))
#include "lanes_x86.h"

typedef struct {
  __m256 low, high;
} v16f;
typedef struct {
  __m256i low, high;
} v16i;
typedef struct {
  __m256d quarter[4];
} v16d;

#define PRODUCT_ROWS 6
#define PRODUCT_BLOCKS 1
#define PROJECT_VECTORS 1
#define PROJECT_CHANNELS 3

// A window over this, ending `count` in, has its first `count` lanes set.
static const int32_t lanes_mask_source[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

LANES v16i first_lanes(size_t count) {
  const int32_t *p = lanes_mask_source + 16 - count;
  return (v16i){_mm256_loadu_si256((const __m256i *)p), _mm256_loadu_si256((const __m256i *)(p + 8))};
}

LANES v16f v_zero(void) { return (v16f){_mm256_setzero_ps(), _mm256_setzero_ps()}; }
LANES v16f v_set1(float a) { return (v16f){_mm256_set1_ps(a), _mm256_set1_ps(a)}; }
LANES v16f v_load(const float *p) { return (v16f){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
LANES v16f v_load_partial(const float *p, size_t count) {
  v16i mask = first_lanes(count);
  return (v16f){_mm256_maskload_ps(p, mask.low), _mm256_maskload_ps(p + 8, mask.high)};
}
LANES void v_store(float *p, v16f a) {
  _mm256_storeu_ps(p, a.low);
  _mm256_storeu_ps(p + 8, a.high);
}
LANES void v_store_partial(float *p, v16f a, size_t count) {
  v16i mask = first_lanes(count);
  _mm256_maskstore_ps(p, mask.low, a.low);
  _mm256_maskstore_ps(p + 8, mask.high, a.high);
}
LANES v16f v_add(v16f a, v16f b) { return (v16f){_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)}; }
LANES v16f v_sub(v16f a, v16f b) { return (v16f){_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)}; }
LANES v16f v_mul(v16f a, v16f b) { return (v16f){_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)}; }
LANES v16f v_div(v16f a, v16f b) { return (v16f){_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)}; }
LANES v16f v_fma(v16f a, v16f b, v16f c) {
  return (v16f){_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
LANES v16f v_max(v16f a, v16f b) { return (v16f){_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)}; }
LANES v16f v_min(v16f a, v16f b) { return (v16f){_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)}; }
LANES v16f v_abs(v16f a) {
  __m256 sign = _mm256_set1_ps(-0.0f);
  return (v16f){_mm256_andnot_ps(sign, a.low), _mm256_andnot_ps(sign, a.high)};
}
LANES v16f v_round(v16f a) {
  return (v16f){_mm256_round_ps(a.low, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
                _mm256_round_ps(a.high, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
LANES v16f v_select_less(v16f a, v16f b, v16f x, v16f y) {
  return (v16f){_mm256_blendv_ps(y.low, x.low, _mm256_cmp_ps(a.low, b.low, _CMP_LT_OQ)),
                _mm256_blendv_ps(y.high, x.high, _mm256_cmp_ps(a.high, b.high, _CMP_LT_OQ))};
}
LANES v16f v_fill(v16f a, size_t count, float fill) {
  v16i mask = first_lanes(count);
  __m256 other = _mm256_set1_ps(fill);
  return (v16f){_mm256_blendv_ps(other, a.low, _mm256_castsi256_ps(mask.low)),
                _mm256_blendv_ps(other, a.high, _mm256_castsi256_ps(mask.high))};
}
LANES v16f v_from_int(v16i a) { return (v16f){_mm256_cvtepi32_ps(a.low), _mm256_cvtepi32_ps(a.high)}; }
LANES v16f v_load_s8(const int8_t *p) {
  __m128i bytes = _mm_loadu_si128((const __m128i *)p);
  return (v16f){_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)),
                _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(bytes, 8)))};
}
LANES v16f v_load_f16(const uint16_t *p) {
  return (v16f){_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)),
                _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(p + 8)))};
}
LANES __m256 widen_bf16_half(const uint16_t *p) {
  __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
  return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
LANES v16f v_load_bf16(const uint16_t *p) { return (v16f){widen_bf16_half(p), widen_bf16_half(p + 8)}; }
LANES v16f v_load_tile(const int8_t *p, int feature) {
  __m128i shift = _mm_cvtsi32_si128(24 - 8 * feature);
  __m256i low = _mm256_sll_epi32(_mm256_loadu_si256((const __m256i *)p), shift);
  __m256i high = _mm256_sll_epi32(_mm256_loadu_si256((const __m256i *)(p + 32)), shift);
  return (v16f){_mm256_cvtepi32_ps(_mm256_srai_epi32(low, 24)), _mm256_cvtepi32_ps(_mm256_srai_epi32(high, 24))};
}
LANES __m256 lookup_half(v16f table, __m256i index) {
  __m256 low = _mm256_permutevar8x32_ps(table.low, index), high = _mm256_permutevar8x32_ps(table.high, index);
  return _mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32(index, 28)));
}
LANES v16f v_lookup(v16f table, v16i index) {
  return (v16f){lookup_half(table, index.low), lookup_half(table, index.high)};
}

LANES v16f v_power_of_two(v16f t, int shift) {
  __m256i bias = _mm256_set1_epi32((127 + shift) << 23);
  __m256i low = _mm256_slli_epi32(_mm256_castps_si256(t.low), 23);
  __m256i high = _mm256_slli_epi32(_mm256_castps_si256(t.high), 23);
  return (v16f){_mm256_castsi256_ps(_mm256_add_epi32(low, bias)), _mm256_castsi256_ps(_mm256_add_epi32(high, bias))};
}
LANES void v_store_s8(int8_t *p, v16f a) {
  __m256i words = _mm256_packs_epi32(_mm256_cvtps_epi32(a.low), _mm256_cvtps_epi32(a.high));
  words = _mm256_permute4x64_epi64(words, 0xD8);
  __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storeu_si128((__m128i *)p, bytes);
}

LANES float v_fold_sum(v16f a) {
  __m256 eight = _mm256_add_ps(a.low, a.high);
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
LANES float v_fold_max(v16f a) {
  __m256 eight = _mm256_max_ps(a.low, a.high);
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

/// Row r of the result, one 8 by 8 quarter: r[i] is row i of the quarter on entry and on return.
LANES void transpose_quarter(__m256 r[8]) {
  __m256 s[8], t[8];
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i += 2) {
    s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i += 4) {
    t[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
    t[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xEE);
    t[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    t[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xEE);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    r[i] = _mm256_permute2f128_ps(t[i], t[i + 4], 0x20);
    r[i + 4] = _mm256_permute2f128_ps(t[i], t[i + 4], 0x31);
  }
}
LANES v16f v_load_bits(const int8_t *p, size_t count) {
  const float *bits = (const float *)(const void *)p;
  return count < 16 ? v_load_partial(bits, count) : v_load(bits);
}
LANES void v_store_bits(int8_t *p, v16f a) { v_store((float *)(void *)p, a); }
LANES void v_transpose(v16f m[16]) {
  __m256 a[8], b[8], c[8], d[8];
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++) {
    a[i] = m[i].low;
    b[i] = m[i].high;
    c[i] = m[i + 8].low;
    d[i] = m[i + 8].high;
  }
  transpose_quarter(a);
  transpose_quarter(b);
  transpose_quarter(c);
  transpose_quarter(d);
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++) {
    m[i] = (v16f){a[i], c[i]};
    m[i + 8] = (v16f){b[i], d[i]};
  }
}

// n m of two codes is one product of 16 bits, since it fits a byte; from both bytes 8 m is taken then.
typedef struct {
  __m256i factors, offsets;
} s4_half;
typedef struct {
  s4_half low, high;
} s4_factors;
LANES s4_half s4_half_of(__m128i multipliers) {
  __m256i m = _mm256_cvtepu8_epi32(multipliers), pairs = _mm256_or_si256(m, _mm256_slli_epi32(m, 16));
  return (s4_half){pairs, _mm256_slli_epi32(_mm256_or_si256(pairs, _mm256_slli_epi32(pairs, 8)), 3)};
}
LANES s4_factors s4_load_factors(const uint8_t *multipliers) {
  __m128i bytes = _mm_loadu_si128((const __m128i *)multipliers);
  return (s4_factors){s4_half_of(bytes), s4_half_of(_mm_srli_si128(bytes, 8))};
}
LANES __m256i s4_product(__m256i n, s4_half half) {
  n = _mm256_and_si256(n, _mm256_set1_epi8(15));
  return _mm256_sub_epi8(_mm256_mullo_epi16(n, half.factors), half.offsets);
}
LANES void s4_unpack(const uint8_t *nibbles, s4_factors factors, int8_t *output) {
  __m256i n = _mm256_loadu_si256((const __m256i *)nibbles);
  _mm256_store_si256((__m256i *)output, s4_product(n, factors.low));
  _mm256_store_si256((__m256i *)(output + 32), s4_product(_mm256_srli_epi16(n, 4), factors.high));
}

LANES v16i i_set1(int32_t a) { return (v16i){_mm256_set1_epi32(a), _mm256_set1_epi32(a)}; }
LANES v16i i_load(const int32_t *p) {
  return (v16i){_mm256_loadu_si256((const __m256i *)p), _mm256_loadu_si256((const __m256i *)(p + 8))};
}
LANES v16i i_load_partial(const int32_t *p, size_t count) {
  v16i mask = first_lanes(count);
  return (v16i){_mm256_maskload_epi32(p, mask.low), _mm256_maskload_epi32(p + 8, mask.high)};
}
LANES v16i i_sub(v16i a, v16i b) { return (v16i){_mm256_sub_epi32(a.low, b.low), _mm256_sub_epi32(a.high, b.high)}; }
LANES v16i i_max(v16i a, v16i b) { return (v16i){_mm256_max_epi32(a.low, b.low), _mm256_max_epi32(a.high, b.high)}; }
LANES v16i i_magnitude_bits(v16f a) {
  __m256i mask = _mm256_set1_epi32(0x7FFFFFFF);
  return (v16i){_mm256_and_si256(_mm256_castps_si256(a.low), mask), _mm256_and_si256(_mm256_castps_si256(a.high), mask)};
}
LANES __m256i add_fours_half(__m256i a, const int8_t *p) {
  __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), _mm256_loadu_si256((const __m256i *)p));
  return _mm256_add_epi32(a, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
LANES v16i i_add_fours(v16i a, const int8_t *p) {
  return (v16i){add_fours_half(a.low, p), add_fours_half(a.high, p + 32)};
}
LANES void i_store(int32_t *p, v16i a) {
  _mm256_storeu_si256((__m256i *)p, a.low);
  _mm256_storeu_si256((__m256i *)(p + 8), a.high);
}
LANES int32_t i_fold_max(v16i a) {
  __m256i eight = _mm256_max_epi32(a.low, a.high);
  __m128i four = _mm_max_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
  __m128i two = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  return _mm_cvtsi128_si32(_mm_max_epi32(two, _mm_shuffle_epi32(two, 0xB1)));
}
LANES int i_below_16(v16i a, size_t count) {
  v16i mask = first_lanes(count);
  __m256i either = _mm256_or_si256(_mm256_and_si256(a.low, mask.low), _mm256_and_si256(a.high, mask.high));
  return _mm256_testz_si256(either, _mm256_set1_epi32(~15));
}

#define EACH_QUARTER _Pragma("clang loop unroll(full)") for (int i = 0; i < 4; i++)
LANES v16d d_zero(void) {
  v16d y;
  EACH_QUARTER y.quarter[i] = _mm256_setzero_pd();
  return y;
}
LANES v16d d_load(const double *p) {
  v16d y;
  EACH_QUARTER y.quarter[i] = _mm256_loadu_pd(p + 4 * i);
  return y;
}
LANES v16d d_widen(const float *p) {
  v16d y;
  EACH_QUARTER y.quarter[i] = _mm256_cvtps_pd(_mm_loadu_ps(p + 4 * i));
  return y;
}
LANES v16d d_widen_one(const float *p) {
  v16d y;
  __m256d a = _mm256_cvtps_pd(_mm_set1_ps(*p));
  EACH_QUARTER y.quarter[i] = a;
  return y;
}
LANES v16d d_add(v16d a, v16d b) {
  EACH_QUARTER a.quarter[i] = _mm256_add_pd(a.quarter[i], b.quarter[i]);
  return a;
}
LANES v16d d_add_product(v16d a, v16d b, v16d c) {
  EACH_QUARTER c.quarter[i] = _mm256_fmadd_pd(a.quarter[i], b.quarter[i], c.quarter[i]);
  return c;
}
LANES void d_store(double *p, v16d a) { EACH_QUARTER _mm256_storeu_pd(p + 4 * i, a.quarter[i]); }

LANES float f_sqrt(float a) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(a))); }
