// The vocabulary of 16 lanes for AVX-512 (F, BW, DQ, VL). Include <immintrin.h> and then this within a target region.
// What each name means is said in lanes_scalar.h.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define LANES static inline __attribute__((always_inline))
#include "lanes_x86.h"

typedef __m512 v16f;
typedef __m512i v16i;
typedef struct {
  __m512d low, high;
} v16d;

#define PRODUCT_ROWS 6
#define PRODUCT_BLOCKS 4
#define PROJECT_VECTORS 2
#define PROJECT_CHANNELS 6

LANES __mmask16 first_lanes(size_t count) { return (__mmask16)((1u << count) - 1); }

LANES v16f v_zero(void) { return _mm512_setzero_ps(); }
LANES v16f v_set1(float a) { return _mm512_set1_ps(a); }
LANES v16f v_load(const float *p) { return _mm512_loadu_ps(p); }
LANES v16f v_load_partial(const float *p, size_t count) { return _mm512_maskz_loadu_ps(first_lanes(count), p); }
LANES void v_store(float *p, v16f a) { _mm512_storeu_ps(p, a); }
LANES void v_store_partial(float *p, v16f a, size_t count) { _mm512_mask_storeu_ps(p, first_lanes(count), a); }
LANES v16f v_add(v16f a, v16f b) { return _mm512_add_ps(a, b); }
LANES v16f v_sub(v16f a, v16f b) { return _mm512_sub_ps(a, b); }
LANES v16f v_mul(v16f a, v16f b) { return _mm512_mul_ps(a, b); }
LANES v16f v_div(v16f a, v16f b) { return _mm512_div_ps(a, b); }
LANES v16f v_fma(v16f a, v16f b, v16f c) { return _mm512_fmadd_ps(a, b, c); }
LANES v16f v_max(v16f a, v16f b) { return _mm512_max_ps(a, b); }
LANES v16f v_min(v16f a, v16f b) { return _mm512_min_ps(a, b); }
LANES v16f v_abs(v16f a) { return _mm512_abs_ps(a); }
LANES v16f v_round(v16f a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
LANES v16f v_select_less(v16f a, v16f b, v16f x, v16f y) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
}
LANES v16f v_fill(v16f a, size_t count, float fill) {
  return _mm512_mask_blend_ps(first_lanes(count), _mm512_set1_ps(fill), a);
}
LANES v16f v_from_int(v16i a) { return _mm512_cvtepi32_ps(a); }
LANES v16f v_load_s8(const int8_t *p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p)));
}
LANES v16f v_load_f16(const uint16_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p)); }
LANES v16f v_load_bf16(const uint16_t *p) {
  __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
  return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}
LANES v16f v_load_tile(const int8_t *p, int feature) {
  __m512i up = _mm512_sll_epi32(_mm512_loadu_si512(p), _mm_cvtsi32_si128(24 - 8 * feature));
  return _mm512_cvtepi32_ps(_mm512_srai_epi32(up, 24));
}
LANES v16f v_lookup(v16f table, v16i index) { return _mm512_permutexvar_ps(index, table); }

LANES v16f v_power_of_two(v16f t, int shift) {
  __m512i exponent = _mm512_slli_epi32(_mm512_castps_si512(t), 23);
  return _mm512_castsi512_ps(_mm512_add_epi32(exponent, _mm512_set1_epi32((127 + shift) << 23)));
}
LANES void v_store_s8(int8_t *p, v16f a) {
  _mm_storeu_si128((__m128i *)p, _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(a)));
}

LANES float v_fold_sum(v16f a) {
  __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
LANES float v_fold_max(v16f a) {
  __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

LANES v16f v_load_bits(const int8_t *p, size_t count) {
  const float *bits = (const float *)(const void *)p;
  return count < 16 ? v_load_partial(bits, count) : v_load(bits);
}
LANES void v_store_bits(int8_t *p, v16f a) { v_store((float *)(void *)p, a); }
LANES void v_transpose(v16f m[16]) {
  v16f s[16], t[16];
#pragma clang loop unroll(full)
  for (int r = 0; r < 16; r += 2) {
    s[r] = _mm512_unpacklo_ps(m[r], m[r + 1]);
    s[r + 1] = _mm512_unpackhi_ps(m[r], m[r + 1]);
  }
  // Four rows by four columns within each 128-bit quarter.
#pragma clang loop unroll(full)
  for (int r = 0; r < 16; r += 4) {
    t[r] = _mm512_shuffle_ps(s[r], s[r + 2], 0x44);
    t[r + 1] = _mm512_shuffle_ps(s[r], s[r + 2], 0xEE);
    t[r + 2] = _mm512_shuffle_ps(s[r + 1], s[r + 3], 0x44);
    t[r + 3] = _mm512_shuffle_ps(s[r + 1], s[r + 3], 0xEE);
  }
  // The quarters themselves, as a 4 by 4 matrix.
#pragma clang loop unroll(full)
  for (int c = 0; c < 4; c++) {
    v16f a = _mm512_shuffle_f32x4(t[c], t[c + 4], 0x88), b = _mm512_shuffle_f32x4(t[c + 8], t[c + 12], 0x88);
    v16f d = _mm512_shuffle_f32x4(t[c], t[c + 4], 0xDD), e = _mm512_shuffle_f32x4(t[c + 8], t[c + 12], 0xDD);
    m[c] = _mm512_shuffle_f32x4(a, b, 0x88);
    m[c + 8] = _mm512_shuffle_f32x4(a, b, 0xDD);
    m[c + 4] = _mm512_shuffle_f32x4(d, e, 0x88);
    m[c + 12] = _mm512_shuffle_f32x4(d, e, 0xDD);
  }
}

// n m of two codes is one product of 16 bits, since it fits a byte; from both bytes 8 m is taken then.
typedef struct {
  __m512i factors, offsets;
} s4_factors;
LANES s4_factors s4_load_factors(const uint8_t *multipliers) {
  __m512i m = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)multipliers));
  __m512i pairs = _mm512_or_si512(m, _mm512_slli_epi32(m, 16));
  return (s4_factors){pairs, _mm512_slli_epi32(_mm512_or_si512(pairs, _mm512_slli_epi32(pairs, 8)), 3)};
}
LANES void s4_unpack(const uint8_t *nibbles, s4_factors factors, int8_t *output) {
  __m512i both = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)nibbles));
  __m512i n = _mm512_srlv_epi32(both, _mm512_set_epi32(4, 4, 4, 4, 4, 4, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0));
  n = _mm512_and_si512(n, _mm512_set1_epi8(15));
  _mm512_store_si512(output, _mm512_sub_epi8(_mm512_mullo_epi16(n, factors.factors), factors.offsets));
}

LANES v16i i_set1(int32_t a) { return _mm512_set1_epi32(a); }
LANES v16i i_load(const int32_t *p) { return _mm512_loadu_si512(p); }
LANES v16i i_load_partial(const int32_t *p, size_t count) { return _mm512_maskz_loadu_epi32(first_lanes(count), p); }
LANES v16i i_sub(v16i a, v16i b) { return _mm512_sub_epi32(a, b); }
LANES v16i i_max(v16i a, v16i b) { return _mm512_max_epi32(a, b); }
LANES v16i i_magnitude_bits(v16f a) {
  return _mm512_and_si512(_mm512_castps_si512(a), _mm512_set1_epi32(0x7FFFFFFF));
}
LANES v16i i_add_fours(v16i a, const int8_t *p) {
  __m512i pairs = _mm512_maddubs_epi16(_mm512_set1_epi8(1), _mm512_loadu_si512(p));
  return _mm512_add_epi32(a, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
}
LANES void i_store(int32_t *p, v16i a) { _mm512_storeu_si512(p, a); }
LANES int32_t i_fold_max(v16i a) { return _mm512_reduce_max_epi32(a); }
LANES int i_below_16(v16i a, size_t count) {
  return (_mm512_cmpge_epu32_mask(a, _mm512_set1_epi32(16)) & first_lanes(count)) == 0;
}

LANES v16d d_zero(void) { return (v16d){_mm512_setzero_pd(), _mm512_setzero_pd()}; }
LANES v16d d_load(const double *p) { return (v16d){_mm512_loadu_pd(p), _mm512_loadu_pd(p + 8)}; }
LANES v16d d_widen(const float *p) {
  return (v16d){_mm512_cvtps_pd(_mm256_loadu_ps(p)), _mm512_cvtps_pd(_mm256_loadu_ps(p + 8))};
}
LANES v16d d_widen_one(const float *p) {
  __m512d a = _mm512_cvtps_pd(_mm256_set1_ps(*p));
  return (v16d){a, a};
}
LANES v16d d_add(v16d a, v16d b) { return (v16d){_mm512_add_pd(a.low, b.low), _mm512_add_pd(a.high, b.high)}; }
LANES v16d d_add_product(v16d a, v16d b, v16d c) {
  return (v16d){_mm512_fmadd_pd(a.low, b.low, c.low), _mm512_fmadd_pd(a.high, b.high, c.high)};
}
LANES void d_store(double *p, v16d a) {
  _mm512_storeu_pd(p, a.low);
  _mm512_storeu_pd(p + 8, a.high);
}

LANES float f_sqrt(float a) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(a))); }
