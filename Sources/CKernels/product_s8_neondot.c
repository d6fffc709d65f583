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

// Half of that for six rows, in assembler for one load of two registers: the compiler makes two of it, and loads ahead
// until it runs out of registers. Operands are the address, the sums of two quarters by rows, and activations.
#define SDOT(sum, row, weights, j) "sdot %" #sum ".4s, v" #weights ".16b, %" #row ".4b[" #j "]\n"
#define ADD_SIX_ROWS(weights, j, s0, s1, s2, s3, s4, s5)                                          \
  SDOT(s0, 13, weights, j) SDOT(s1, 14, weights, j) SDOT(s2, 15, weights, j) SDOT(s3, 16, weights, j) \
      SDOT(s4, 17, weights, j) SDOT(s5, 18, weights, j)
#define SUMS_OF_QUARTER(q)                                                                            \
  "+w"(sums[0].quarter[q]), "+w"(sums[1].quarter[q]), "+w"(sums[2].quarter[q]), "+w"(sums[3].quarter[q]), \
      "+w"(sums[4].quarter[q]), "+w"(sums[5].quarter[q])
#define ADD_HALF_TILE_ROW_OF_SIX(j, q)                                                                    \
  __asm__("ldp q30, q31, [%0], #32\n" ADD_SIX_ROWS(30, j, 1, 2, 3, 4, 5, 6) ADD_SIX_ROWS(31, j, 7, 8, 9, 10, 11, 12) \
          : "+r"(tiles), SUMS_OF_QUARTER(q), SUMS_OF_QUARTER((q) + 1)                                     \
          : "w"(a[0]), "w"(a[1]), "w"(a[2]), "w"(a[3]), "w"(a[4]), "w"(a[5])                              \
          : "memory", "v30", "v31");
#define ADD_TILE_ROW_OF_SIX(j) ADD_HALF_TILE_ROW_OF_SIX(j, 0) ADD_HALF_TILE_ROW_OF_SIX(j, 2)

LANES void accumulate(const glck_product_s8 *p, const int8_t *activations, const int8_t *tiles, size_t block, int rows,
                      int blocks, weight_fetch fetch, v16i *sums) {
  (void)block, (void)blocks, (void)fetch;
  size_t k = p->k, stride = p->activation_stride;
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) sums[r] = i_set1(0);
  for (size_t i = 0; i < k; i += 16) {
    int8x16_t a[TILE_ROWS];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) a[r] = vld1q_s8(activations + (size_t)r * stride + i);
    if (rows == TILE_ROWS) {
      ADD_TILE_ROW_OF_SIX(0) ADD_TILE_ROW_OF_SIX(1) ADD_TILE_ROW_OF_SIX(2) ADD_TILE_ROW_OF_SIX(3)
    } else {
      ADD_TILE_ROW(0) ADD_TILE_ROW(1) ADD_TILE_ROW(2) ADD_TILE_ROW(3)
      tiles += 256;
    }
  }
}

#include "product_s8_body.h"

void glck_product_s8_neondot(const glck_product_s8 *p) { product_s8(p); }
#pragma clang attribute pop
#endif
