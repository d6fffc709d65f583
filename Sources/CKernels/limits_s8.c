// The most exact int8 products that a core can do: each instruction set's sequence (product_s8_*.c) on registers alone,
// with as many independent sums as its kernel has. What a kernel reaches is told in percent of this.
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

/// The compiler may not know what is in `a`: nothing is hoisted out of the loop.
#define FORGET(constraint, a) __asm__ volatile("" : "+" constraint(a))
#define UNROLL _Pragma("clang loop unroll(full)")

/// `count` independent sums, which each iteration changes by `step` (an expression of sums[i] and weights), `products`
/// multiply-accumulates each.
#define RUN_SUMS(count, vector, splat, constraint, products, step)  \
  vector sums[count];                                               \
  UNROLL for (int i = 0; i < (count); i++) sums[i] = splat(i);      \
  for (uint64_t n = 0; n < iterations; n++) UNROLL                  \
    for (int i = 0; i < (count); i++) {                             \
      FORGET(constraint, weights);                                  \
      sums[i] = step;                                               \
    }                                                               \
  UNROLL for (int i = 0; i < (count); i++) FORGET(constraint, sums[i]); \
  return iterations * (count) * (products);

uint64_t glck_int8_limit_scalar(uint64_t iterations) {
  int32_t sums[16] = {0}, weights[16], a = 3, sum = 0;
  for (int c = 0; c < 16; c++) weights[c] = c;
  for (uint64_t i = 0; i < iterations; i++) {
    FORGET("r", a);
    for (int c = 0; c < 16; c++) sums[c] = (int32_t)((uint32_t)sums[c] + (uint32_t)(a * weights[c]));
  }
  for (int c = 0; c < 16; c++) sum ^= sums[c];
  FORGET("r", sum);
  return iterations * 16;
}

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
static inline __m256i add_signed_products(__m256i sum, __m256i magnitude, __m256i mask, __m256i weights) {
  __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_xor_si256(weights, mask));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

uint64_t glck_int8_limit_avx2(uint64_t iterations) {
  __m256i magnitude = _mm256_set1_epi8(3), mask = _mm256_set1_epi8(-1), weights = _mm256_set1_epi8(5);
  RUN_SUMS(12, __m256i, _mm256_set1_epi32, "x", 32, add_signed_products(sums[i], magnitude, mask, weights))
}
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma,avxvnni"))), apply_to = function)
uint64_t glck_int8_limit_avxvnni(uint64_t iterations) {
  __m256i activations = _mm256_set1_epi8(3), weights = _mm256_set1_epi8(5);
  RUN_SUMS(12, __m256i, _mm256_set1_epi32, "x", 32, _mm256_dpbusd_avx_epi32(sums[i], activations, weights))
}
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512vnni"))), apply_to = function)
uint64_t glck_int8_limit_avx512vnni(uint64_t iterations) {
  __m512i activations = _mm512_set1_epi8(3), weights = _mm512_set1_epi8(5);
  RUN_SUMS(24, __m512i, _mm512_set1_epi32, "v", 64, _mm512_dpbusd_epi32(sums[i], activations, weights))
}
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("amx-tile,amx-int8"))), apply_to = function)
#include "amx_tiles.h"
uint64_t glck_int8_limit_amx(uint64_t iterations) {
  amx_begin(16, 64);
  for (uint64_t n = 0; n < iterations; n++) {
    amx_add_product(0, 4, 6);
    amx_add_product(1, 4, 7);
    amx_add_product(2, 5, 6);
    amx_add_product(3, 5, 7);
  }
  amx_end();
  return iterations * 4 * 16 * 16 * 64;
}
#pragma clang attribute pop

#elif defined(__aarch64__)
#include <arm_neon.h>

static inline int32x4_t add_pairs(int32x4_t sum, int8x16_t activations, int8x16_t weights) {
  int16x8_t pairs = vmull_s8(vget_low_s8(activations), vget_low_s8(weights));
  return vpadalq_s16(sum, vmlal_high_s8(pairs, activations, weights));
}

uint64_t glck_int8_limit_neon(uint64_t iterations) {
  int8x16_t activations = vdupq_n_s8(3), weights = vdupq_n_s8(5);
  RUN_SUMS(16, int32x4_t, vdupq_n_s32, "w", 16, add_pairs(sums[i], activations, weights))
}

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
uint64_t glck_int8_limit_neondot(uint64_t iterations) {
  int8x16_t activations = vdupq_n_s8(3), weights = vdupq_n_s8(5);
  RUN_SUMS(24, int32x4_t, vdupq_n_s32, "w", 16, vdotq_laneq_s32(sums[i], weights, activations, 0))
}
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("i8mm"))), apply_to = function)
uint64_t glck_int8_limit_neoni8mm(uint64_t iterations) {
  int8x16_t activations = vdupq_n_s8(3), weights = vdupq_n_s8(5);
  RUN_SUMS(24, int32x4_t, vdupq_n_s32, "w", 32, vmmlaq_s32(sums[i], activations, weights))
}
#pragma clang attribute pop
#endif
