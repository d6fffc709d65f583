// The int8 product for AVX2. Its byte product takes one unsigned operand and adds pairs in 16 bits with saturation, so
// the offset by 128 of VNNI would not be exact. Instead, with m = -1 where a is negative and 0 elsewhere,
//   a w = |a| (w ^ m) - |a| m:   w ^ m is w, or -w - 1
// where |a| (w ^ m) in pairs is within 2 * 127 * 128 = 32,512, so nothing saturates, and the second term depends on the
// row alone. The exclusive or runs on any of three units where vpsignb, with which |a| * sign(w, a) would need no
// second term, runs on the two that multiply.
#pragma STDC FP_CONTRACT OFF
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>
#include "kernels.h"
#include "weight_fetch.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "lanes_avx2.h"
#include "elementary_body.h"

// 12 accumulators, |a|, m, the ones and a product on the way: 16 registers; weights come from memory.
#define TILE_ROWS 3
#define TILE_BLOCKS 2
#define TILE_ROW_CASES(CASE, blocks) CASE(1, blocks) CASE(2, blocks) CASE(3, blocks)

/// |a| and m of up to 64 features of one row.
typedef struct {
  uint8_t magnitudes[64], masks[64];
} signed_features __attribute__((aligned(64)));

/// Splits `count` features, a multiple of 16. Returns the sums of |a| m, in pairs.
LANES __m128i split(const int8_t *activations, size_t count, signed_features *s) {
  __m128i negative = _mm_setzero_si128();
  for (size_t i = 0; i < count; i += 16) {
    __m128i a = _mm_loadu_si128((const __m128i *)(activations + i));
    __m128i magnitude = _mm_abs_epi8(a), mask = _mm_cmpgt_epi8(_mm_setzero_si128(), a);
    _mm_store_si128((__m128i *)(s->magnitudes + i), magnitude);
    _mm_store_si128((__m128i *)(s->masks + i), mask);
    negative = _mm_add_epi16(negative, _mm_maddubs_epi16(magnitude, mask));
  }
  return _mm_madd_epi16(negative, _mm_set1_epi16(1));
}

LANES __m256i add_products(__m256i sum, __m256i magnitude, __m256i mask, const int8_t *weights) {
  __m256i w = _mm256_xor_si256(_mm256_load_si256((const __m256i *)weights), mask);
  return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(magnitude, w), _mm256_set1_epi16(1)));
}

// Clang 17, that of Debian 13, leaves a loop here that newer ones unroll, and says so.
#pragma clang diagnostic ignored "-Wpass-failed"

/// Adds the products of `count` features, a multiple of 16 up to 64.
LANES void add_features(const int8_t *activations, size_t stride, const int8_t *weights, size_t block_bytes,
                        size_t count, int rows, int blocks, __m128i *negative, v16i *sums) {
  signed_features s[TILE_ROWS];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
    negative[r] = _mm_add_epi32(negative[r], split(activations + (size_t)r * stride, count, &s[r]));
  for (size_t i = 0; i < count; i += 4) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      int32_t magnitudes, masks;
      memcpy(&magnitudes, s[r].magnitudes + i, sizeof magnitudes);
      memcpy(&masks, s[r].masks + i, sizeof masks);
      __m256i magnitude = _mm256_set1_epi32(magnitudes), mask = _mm256_set1_epi32(masks);
#pragma clang loop unroll(full)
      for (int n = 0; n < blocks; n++) {
        v16i *sum = sums + r * TILE_BLOCKS + n;
        const int8_t *w = weights + (size_t)n * block_bytes + 16 * i;
        sum->low = add_products(sum->low, magnitude, mask, w);
        sum->high = add_products(sum->high, magnitude, mask, w + 32);
      }
    }
  }
}

LANES void accumulate(const glck_product_s8 *p, const int8_t *activations, const int8_t *tiles, size_t block, int rows,
                      int blocks, weight_fetch fetch, v16i *sums) {
  (void)block;
  size_t k = p->k, whole = k / 64 * 64, stride = p->activation_stride;
  __m128i negative[TILE_ROWS];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    negative[r] = _mm_setzero_si128();
#pragma clang loop unroll(full)
    for (int n = 0; n < blocks; n++) sums[r * TILE_BLOCKS + n] = i_set1(0);
  }
  for (size_t i = 0; i < whole; i += 64) {
    fetch_step(&fetch);
    add_features(activations + i, stride, tiles + 16 * i, 16 * k, 64, rows, blocks, negative, sums);
  }
  if (whole < k)
    add_features(activations + whole, stride, tiles + 16 * whole, 16 * k, k - whole, rows, blocks, negative, sums);
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    __m128i two = _mm_add_epi32(negative[r], _mm_shuffle_epi32(negative[r], 0x4E));
    v16i row = i_set1(_mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xB1))));
#pragma clang loop unroll(full)
    for (int n = 0; n < blocks; n++) sums[r * TILE_BLOCKS + n] = i_sub(sums[r * TILE_BLOCKS + n], row);
  }
}

#include "product_s8_body.h"

void glck_product_s8_avx2(const glck_product_s8 *p) { product_s8(p); }
#pragma clang attribute pop
#endif
