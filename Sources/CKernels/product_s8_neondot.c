// The int8 product for AArch64's dot products (SDOT, Armv8.2-A). A row of a tile is four operands as it lies: four
// features of four channels each; a lane of a row of activations is the other.
#pragma STDC FP_CONTRACT OFF
#if defined(__aarch64__)
#include <arm_neon.h>
#include <math.h>
#include <string.h>
#include "kernels.h"
#include "weight_fetch.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#include "lanes_neon.h"
#include "elementary_body.h"

// 24 accumulators, 6 of activations, 2 of weights: 32 registers.
#define TILE_ROWS 6
#define TILE_BLOCKS 1
#define TILE_ROW_CASES(CASE, blocks) \
  CASE(1, blocks) CASE(2, blocks) CASE(3, blocks) CASE(4, blocks) CASE(5, blocks) CASE(6, blocks)

// A lane is part of the instruction: a constant, not a variable of an unrolled loop.
#define ADD_TILE_ROW(j)                                                        \
  _Pragma("clang loop unroll(full)") for (int q = 0; q < 4; q++) {             \
    int8x16_t weights = vld1q_s8(tiles + 64 * (j) + 16 * q);                   \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++)          \
        sums[r].quarter[q] = vdotq_laneq_s32(sums[r].quarter[q], weights, a[r], j); \
  }

LANES void accumulate(const glck_product_s8 *p, const int8_t *activations, const int8_t *tiles, size_t block, int rows,
                      int blocks, weight_fetch fetch, v16i *sums) {
  (void)block, (void)blocks, (void)fetch;
  size_t k = p->k, stride = p->activation_stride;
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) sums[r] = i_set1(0);
  for (size_t i = 0; i < k; i += 16, tiles += 256) {
    int8x16_t a[TILE_ROWS];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) a[r] = vld1q_s8(activations + (size_t)r * stride + i);
    ADD_TILE_ROW(0)
    ADD_TILE_ROW(1)
    ADD_TILE_ROW(2)
    ADD_TILE_ROW(3)
  }
}

#include "product_s8_body.h"

void glck_product_s8_neondot(const glck_product_s8 *p) { product_s8(p); }
#pragma clang attribute pop
#endif
