// The int8 product (N4): everything but the inner loop, which each instruction set's product_s8_*.c brings:
//   TILE_ROWS, TILE_BLOCKS   the largest tile of accumulators
//   accumulate(p, activations, block, rows, blocks, fetch, sums)   sums[row * TILE_BLOCKS + block] of a tile
#pragma once
#include "product_s8_finish.h"
#include "weight_fetch.h"

LANES void product_s8_tile(const product_pass *pass, size_t row, size_t block, int rows, int blocks,
                           weight_fetch fetch) {
  v16i sums[TILE_ROWS * TILE_BLOCKS];
  const glck_product_s8 *p = pass->product;
  accumulate(p, pass->activations + row * p->activation_stride, block, rows, blocks, fetch, sums);
  product_s8_finish(pass, row, block, rows, blocks, TILE_BLOCKS, sums);
}

#define PRODUCT_S8_CASE(rows, blocks) \
  case rows: product_s8_tile(pass, row, block, rows, blocks, fetch); break;

/// All rows for some blocks, in groups as even as can be: a last group of one row would waste most of a tile. The
/// weights of the blocks stay in the cache from group to group.
#define PRODUCT_S8_COLUMNS(blocks)                                                     \
  static void product_s8_columns_##blocks(const product_pass *pass, size_t block) {    \
    size_t rows = pass->product->rows, groups = (rows + TILE_ROWS - 1) / TILE_ROWS;    \
    for (size_t g = 0; g < groups; g++) {                                              \
      size_t row = g * rows / groups, end = (g + 1) * rows / groups;                   \
      weight_fetch fetch = part_to_fetch(pass->product, block, blocks, g, groups);     \
      switch (end - row) { TILE_ROW_CASES(PRODUCT_S8_CASE, blocks) }                   \
    }                                                                                  \
  }

PRODUCT_S8_COLUMNS(1)
#if TILE_BLOCKS >= 2
PRODUCT_S8_COLUMNS(2)
#endif
#if TILE_BLOCKS >= 3
PRODUCT_S8_COLUMNS(3)
#endif
#if TILE_BLOCKS >= 4
PRODUCT_S8_COLUMNS(4)
#endif

static void product_s8_pass(const product_pass *pass) {
  size_t blocks = pass->product->blocks, groups = (blocks + TILE_BLOCKS - 1) / TILE_BLOCKS;
  for (size_t g = 0; g < groups; g++) {
    size_t block = g * blocks / groups, end = (g + 1) * blocks / groups;
    switch (end - block) {
      case 1: product_s8_columns_1(pass, block); break;
#if TILE_BLOCKS >= 2
      case 2: product_s8_columns_2(pass, block); break;
#endif
#if TILE_BLOCKS >= 3
      case 3: product_s8_columns_3(pass, block); break;
#endif
#if TILE_BLOCKS >= 4
      case 4: product_s8_columns_4(pass, block); break;
#endif
    }
  }
}

LANES void product_s8(const glck_product_s8 *p) {
  product_pass pass = product_s8_first_pass(p);
  product_s8_pass(&pass);
  if (!p->remainders) return;
  pass = product_s8_second_pass(p);
  product_s8_pass(&pass);
}
