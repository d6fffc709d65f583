// The int8 product for AVX-VNNI, in 256-bit registers. Its product takes one unsigned operand: activations are offset
// by 128, and the sums start at -128 times the sum of the channel's weights. All within 32 bits that wrap around, so
// exact (N4).
#pragma STDC FP_CONTRACT OFF
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>
#include "kernels.h"
#include "weight_fetch.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)
#include "lanes_avx2.h"
#include "elementary_body.h"

// 12 accumulators (two units of latency 5 need 10), 2 of weights, one of activations: of 16 registers.
#define TILE_ROWS 6
#define TILE_BLOCKS 1
#define TILE_ROW_CASES(CASE, blocks) \
  CASE(1, blocks) CASE(2, blocks) CASE(3, blocks) CASE(4, blocks) CASE(5, blocks) CASE(6, blocks)

// Clang 17, that of Debian 13, leaves a loop here that newer ones unroll, and says so.
#pragma clang diagnostic ignored "-Wpass-failed"

/// Adds the products of `count` features, a multiple of 16 up to 64. The offset is applied here, many at a time,
/// and not to every broadcast of four.
LANES void add_features(const int8_t *activations, size_t stride, const int8_t *weights, size_t count, int rows,
                        v16i *sums) {
  uint8_t offset[TILE_ROWS][64] __attribute__((aligned(64)));
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
    for (size_t i = 0; i < count; i += 16) {
      __m128i a = _mm_loadu_si128((const __m128i *)(activations + (size_t)r * stride + i));
      _mm_store_si128((__m128i *)(offset[r] + i), _mm_xor_si128(a, _mm_set1_epi8(-128)));
    }
  for (size_t i = 0; i < count; i += 4) {
    __m256i low = _mm256_load_si256((const __m256i *)(weights + 16 * i));
    __m256i high = _mm256_load_si256((const __m256i *)(weights + 16 * i + 32));
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      int32_t four;
      memcpy(&four, offset[r] + i, sizeof four);
      __m256i a = _mm256_set1_epi32(four);
      sums[r].low = _mm256_dpbusd_avx_epi32(sums[r].low, a, low);
      sums[r].high = _mm256_dpbusd_avx_epi32(sums[r].high, a, high);
    }
  }
}

LANES void accumulate(const glck_product_s8 *p, const int8_t *activations, const int8_t *tiles, size_t block, int rows,
                      int blocks, weight_fetch fetch, v16i *sums) {
  (void)blocks;
  size_t k = p->k, whole = k / 64 * 64;
  v16i channel_sums = i_load(p->channel_sums + 16 * block);
  v16i start = {_mm256_slli_epi32(channel_sums.low, 7), _mm256_slli_epi32(channel_sums.high, 7)};
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) sums[r] = i_sub(i_set1(0), start);
  for (size_t i = 0; i < whole; i += 64) {
    fetch_step(&fetch);
    add_features(activations + i, p->activation_stride, tiles + 16 * i, 64, rows, sums);
  }
  if (whole < k)
    add_features(activations + whole, p->activation_stride, tiles + 16 * whole, k - whole, rows, sums);
}

#include "product_s8_body.h"

void glck_product_s8_avxvnni(const glck_product_s8 *p) { product_s8(p); }
#pragma clang attribute pop
#endif
