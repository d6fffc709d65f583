// The int8 product for AVX-512 VNNI. Its product takes one unsigned operand: activations are offset by 128, and the
// sums start at -128 times the sum of the channel's weights. All within 32 bits that wrap around, so exact (N4).
#pragma STDC FP_CONTRACT OFF
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>
#include "kernels.h"
#include "weight_fetch.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), \
                             apply_to = function)
#include "lanes_avx512.h"
#include "elementary_body.h"

// 24 accumulators, 3 of weights, one of activations: of 32 registers. Three blocks of up to 768 features stay in L1.
#define TILE_ROWS 8
#define TILE_BLOCKS 3
#define TILE_ROW_CASES(CASE, blocks)                                                                 \
  CASE(1, blocks) CASE(2, blocks) CASE(3, blocks) CASE(4, blocks) CASE(5, blocks) CASE(6, blocks)    \
  CASE(7, blocks) CASE(8, blocks)

/// Adds the products of `count` features, a multiple of 16 up to 64. The offset is applied here, all of them at a time,
/// and not to every broadcast of four: that would take a fifth of the slots of the two vector units.
LANES void add_features(const int8_t *activations, size_t stride, const int8_t *weights, size_t block_bytes,
                        size_t count, int rows, int blocks, v16i *sums) {
  uint8_t offset[TILE_ROWS][64] __attribute__((aligned(64)));
  __mmask64 features = ~0ull >> (64 - count);
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    __m512i a = _mm512_maskz_loadu_epi8(features, activations + (size_t)r * stride);
    _mm512_store_si512(offset[r], _mm512_xor_si512(a, _mm512_set1_epi8(-128)));
  }
  for (size_t i = 0; i < count; i += 4) {
    v16i w[TILE_BLOCKS];
#pragma clang loop unroll(full)
    for (int n = 0; n < blocks; n++) w[n] = _mm512_load_si512(weights + (size_t)n * block_bytes + 16 * i);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      int32_t four;
      memcpy(&four, offset[r] + i, sizeof four);
      v16i a = _mm512_set1_epi32(four);
#pragma clang loop unroll(full)
      for (int n = 0; n < blocks; n++)
        sums[r * TILE_BLOCKS + n] = _mm512_dpbusd_epi32(sums[r * TILE_BLOCKS + n], a, w[n]);
    }
  }
}

LANES void accumulate(const glck_product_s8 *p, const int8_t *activations, const int8_t *tiles, size_t block, int rows,
                      int blocks, weight_fetch fetch, v16i *sums) {
  size_t k = p->k, whole = k / 64 * 64, stride = p->activation_stride;
#pragma clang loop unroll(full)
  for (int n = 0; n < blocks; n++) {
    v16i start = _mm512_slli_epi32(i_load(p->channel_sums + 16 * (block + (size_t)n)), 7);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) sums[r * TILE_BLOCKS + n] = i_sub(i_set1(0), start);
  }
  for (size_t i = 0; i < whole; i += 64) {
    fetch_step(&fetch);
    add_features(activations + i, stride, tiles + 16 * i, 16 * k, 64, rows, blocks, sums);
  }
  if (whole < k)
    add_features(activations + whole, stride, tiles + 16 * whole, 16 * k, k - whole, rows, blocks, sums);
}

#include "product_s8_body.h"

void glck_product_s8_avx512vnni(const glck_product_s8 *p) { product_s8(p); }
#pragma clang attribute pop
#endif
