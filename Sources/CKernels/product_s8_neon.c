// The int8 product for AArch64's Advanced SIMD without its dot products (Cortex-A72 and older). Products of two
// features are added in 16 bits, which 2 * 127 * 127 = 32,258 does not leave, and those of four in 32 bits: an
// accumulator holds two sums a channel, over the first and the second half of every four features.
#pragma STDC FP_CONTRACT OFF
#if defined(__aarch64__)
#include <arm_neon.h>
#include <math.h>
#include <string.h>
#include "kernels.h"
#include "weight_fetch.h"
#include "lanes_neon.h"
#include "elementary_body.h"

// 16 accumulators, 4 of activations, 2 of weights, and products on the way: of 32 registers. A third row's eight
// accumulators would leave no room for those.
#define TILE_ROWS 2
#define TILE_BLOCKS 1
#define TILE_ROW_CASES(CASE, blocks) CASE(1, blocks) CASE(2, blocks)

/// Two rows of a tile, which are eight features.
LANES void add_products(int32x4_t sums[TILE_ROWS][8], const int8_t *activations, size_t stride, const int8_t *tile,
                        int rows) {
  int8x16_t first[TILE_ROWS], second[TILE_ROWS];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    // Each four features once for each of four channels.
    int32x2_t eight = vreinterpret_s32_s8(vld1_s8(activations + (size_t)r * stride));
    first[r] = vreinterpretq_s8_s32(vdupq_lane_s32(eight, 0));
    second[r] = vreinterpretq_s8_s32(vdupq_lane_s32(eight, 1));
  }
#pragma clang loop unroll(full)
  for (int q = 0; q < 4; q++) {
    int8x16_t upper = vld1q_s8(tile + 16 * q), lower = vld1q_s8(tile + 64 + 16 * q);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      int16x8_t low = vmull_s8(vget_low_s8(upper), vget_low_s8(first[r]));
      int16x8_t high = vmull_high_s8(upper, first[r]);
      low = vmlal_s8(low, vget_low_s8(lower), vget_low_s8(second[r]));
      high = vmlal_high_s8(high, lower, second[r]);
      sums[r][2 * q] = vpadalq_s16(sums[r][2 * q], low);
      sums[r][2 * q + 1] = vpadalq_s16(sums[r][2 * q + 1], high);
    }
  }
}

LANES void accumulate(const glck_product_s8 *p, const int8_t *activations, const int8_t *tiles, size_t block, int rows,
                      int blocks, weight_fetch fetch, v16i *sums) {
  (void)block, (void)blocks, (void)fetch;
  size_t k = p->k, stride = p->activation_stride;
  int32x4_t halves[TILE_ROWS][8];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int n = 0; n < 8; n++) halves[r][n] = vdupq_n_s32(0);
  for (size_t i = 0; i < k; i += 16) {
    add_products(halves, activations + i, stride, tiles + 16 * i, rows);
    add_products(halves, activations + i + 8, stride, tiles + 16 * i + 128, rows);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int q = 0; q < 4; q++) sums[r].quarter[q] = vpaddq_s32(halves[r][2 * q], halves[r][2 * q + 1]);
}

#include "product_s8_body.h"

void glck_product_s8_neon(const glck_product_s8 *p) { product_s8(p); }
#endif
