// The int8 product (N4): everything but the inner loop, which each instruction set's product_s8_*.c brings:
//   TILE_ROWS, TILE_BLOCKS   the largest tile of accumulators
//   accumulate(p, activations, tiles, block, rows, blocks, fetch, sums)   sums[row * TILE_BLOCKS + block] of a tile of
//                                                                         accumulators, from the tiles of its blocks
#pragma once
#include "product_s8_finish.h"
#include "unpack_s4_body.h"
#include "weight_fetch.h"

LANES void product_s8_tile(const product_pass *pass, size_t row, const int8_t *tiles, size_t block, int rows,
                           int blocks, weight_fetch fetch) {
  v16i sums[TILE_ROWS * TILE_BLOCKS];
  const glck_product_s8 *p = pass->product;
  accumulate(p, pass->activations + row * p->activation_stride, tiles, block, rows, blocks, fetch, sums);
  product_s8_finish(pass, row, block, rows, blocks, TILE_BLOCKS, sums);
}

#define PRODUCT_S8_CASE(rows, blocks) \
  case rows: product_s8_tile(pass, row, tiles, block, rows, blocks, fetch); break;

/// All rows for some blocks, in groups as even as can be: a last group of one row would waste most of a tile. The
/// weights of the blocks stay in the cache from group to group.
#define PRODUCT_S8_COLUMNS(blocks)                                                                            \
  static void product_s8_columns_##blocks(const product_pass *pass, const int8_t *tiles, size_t block) {      \
    size_t rows = pass->product->rows, groups = (rows + TILE_ROWS - 1) / TILE_ROWS;                           \
    for (size_t g = 0; g < groups; g++) {                                                                     \
      size_t row = g * rows / groups, end = (g + 1) * rows / groups;                                          \
      weight_fetch fetch = part_to_fetch(pass->product, block, blocks, g, groups);                            \
      switch (end - row) { TILE_ROW_CASES(PRODUCT_S8_CASE, blocks) }                                          \
    }                                                                                                         \
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

static void product_s8_columns(const product_pass *pass, const int8_t *tiles, size_t block, size_t blocks) {
  switch (blocks) {
    case 1: product_s8_columns_1(pass, tiles, block); break;
#if TILE_BLOCKS >= 2
    case 2: product_s8_columns_2(pass, tiles, block); break;
#endif
#if TILE_BLOCKS >= 3
    case 3: product_s8_columns_3(pass, tiles, block); break;
#endif
#if TILE_BLOCKS >= 4
    case 4: product_s8_columns_4(pass, tiles, block); break;
#endif
  }
}

LANES void product_s8(const glck_product_s8 *p) {
  product_pass first = product_s8_first_pass(p), second = product_s8_second_pass(p);
  size_t groups = (p->blocks + TILE_BLOCKS - 1) / TILE_BLOCKS;
  for (size_t g = 0; g < groups; g++) {
    size_t block = g * p->blocks / groups, blocks = (g + 1) * p->blocks / groups - block;
    const int8_t *tiles = tiles_of_blocks(p, block, blocks);
    product_s8_columns(&first, tiles, block, blocks);
    if (p->remainders) product_s8_columns(&second, tiles, block, blocks);
  }
}
