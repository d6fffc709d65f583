// The int8 product in plain C: the oracle.
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"
#include "weight_fetch.h"
#include "lanes_scalar.h"
#include "elementary_body.h"

#define TILE_ROWS 1
#define TILE_BLOCKS 1
#define TILE_ROW_CASES(CASE, blocks) CASE(1, blocks)

LANES void accumulate(const glck_product_s8 *p, const int8_t *activations, const int8_t *tiles, size_t block, int rows,
                      int blocks, weight_fetch fetch, v16i *sums) {
  (void)block, (void)rows, (void)blocks, (void)fetch;
  for (size_t c = 0; c < 16; c++) sums->lane[c] = 0;
  for (size_t i = 0; i < p->k; i += 4)
    for (size_t c = 0; c < 16; c++)
      for (size_t f = 0; f < 4; f++) sums->lane[c] += activations[i + f] * tiles[16 * i + 4 * c + f];
}

#include "product_s8_body.h"

void glck_product_s8_scalar(const glck_product_s8 *p) { product_s8(p); }
