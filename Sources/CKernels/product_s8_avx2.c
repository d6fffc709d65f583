// The int8 product for AVX2. Its byte product takes one unsigned operand and adds pairs in 16 bits with saturation;
// |a| * (w with a's sign) keeps a pair within 2 * 127 * 127 = 32,258, so nothing saturates.
#pragma STDC FP_CONTRACT OFF
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>
#include "kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "lanes_avx2.h"
#include "elementary_body.h"

// 8 accumulators, 2 of weights, the activations twice, the ones, and products on the way: 16 registers.
#define TILE_ROWS 4
#define TILE_BLOCKS 1
#define TILE_ROW_CASES(CASE, blocks) CASE(1, blocks) CASE(2, blocks) CASE(3, blocks) CASE(4, blocks)

LANES __m256i add_products(__m256i sum, __m256i magnitude, __m256i signs, __m256i weights) {
  __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(weights, signs));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

LANES void accumulate(const glck_product_s8 *p, const int8_t *activations, size_t block, int rows, int blocks,
                      int32_t *sums) {
  (void)blocks;
  size_t k = p->k, stride = p->activation_stride;
  const int8_t *tiles = p->tiles + block * k * 16;
  __m256i low[TILE_ROWS], high[TILE_ROWS];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) low[r] = high[r] = _mm256_setzero_si256();
  for (size_t i = 0; i < k; i += 4) {
    __m256i weights_low = _mm256_load_si256((const __m256i *)(tiles + 16 * i));
    __m256i weights_high = _mm256_load_si256((const __m256i *)(tiles + 16 * i + 32));
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      int32_t four;
      memcpy(&four, activations + (size_t)r * stride + i, sizeof four);
      __m256i a = _mm256_set1_epi32(four), magnitude = _mm256_abs_epi8(a);
      low[r] = add_products(low[r], magnitude, a, weights_low);
      high[r] = add_products(high[r], magnitude, a, weights_high);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) i_store(sums + 16 * r, (v16i){low[r], high[r]});
}

#include "product_s8_body.h"

void glck_product_s8_avx2(const glck_product_s8 *p) { product_s8(p); }
#pragma clang attribute pop
#endif
