// The int8 product (N4): everything but the inner loop, which each instruction set's product_s8_*.c brings:
//   TILE_ROWS, TILE_BLOCKS   the largest tile of accumulators
//   accumulate(p, activations, stride, block, rows, blocks, sums)   sums[row * 16 * TILE_BLOCKS + channel] of a tile
#pragma once

/// One of the two products: the activations themselves, or the remainders that are added to their result.
typedef struct {
  const glck_product_s8 *product;
  const int8_t *activations;
  const float *row_scales;
  int adds;
  glck_activation activation;
} product_pass;

/// From exact sums to outputs: scales, bias, activation function.
static void product_s8_finish(const product_pass *pass, size_t row, size_t block, size_t rows, size_t blocks,
                              const int32_t *sums) {
  const glck_product_s8 *p = pass->product;
  for (size_t r = 0; r < rows; r++) {
    v16f row_scale = v_set1(pass->row_scales[row + r]);
    for (size_t n = 0; n < blocks; n++) {
      size_t channel = 16 * (block + n);
      float *output = p->output + (row + r) * p->output_stride + channel;
      v16f sum = v_from_int(i_load(sums + (r * TILE_BLOCKS + n) * 16));
      v16f base = pass->adds ? v_load(output) : p->bias ? v_load(p->bias + channel) : v_zero();
      v16f y = v_fma(sum, v_mul(row_scale, v_load(p->channel_scales + channel)), base);
      v_store(output, pass->activation == GLCK_ACTIVATION_GELU ? v_gelu(y) : y);
    }
  }
}

LANES void product_s8_tile(const product_pass *pass, size_t row, size_t block, int rows, int blocks) {
  int32_t sums[TILE_ROWS * TILE_BLOCKS * 16] __attribute__((aligned(64)));
  const glck_product_s8 *p = pass->product;
  accumulate(p, pass->activations + row * p->activation_stride, block, rows, blocks, sums);
  product_s8_finish(pass, row, block, (size_t)rows, (size_t)blocks, sums);
}

#define PRODUCT_S8_CASE(rows, blocks) \
  case rows: product_s8_tile(pass, row, block, rows, blocks); break;

/// All rows for some blocks, in groups as even as can be: a last group of one row would waste most of a tile. The
/// weights of the blocks stay in the cache from group to group.
#define PRODUCT_S8_COLUMNS(blocks)                                                     \
  static void product_s8_columns_##blocks(const product_pass *pass, size_t block) {    \
    size_t rows = pass->product->rows, groups = (rows + TILE_ROWS - 1) / TILE_ROWS;    \
    for (size_t g = 0; g < groups; g++) {                                              \
      size_t row = g * rows / groups, end = (g + 1) * rows / groups;                   \
      switch (end - row) { TILE_ROW_CASES(PRODUCT_S8_CASE, blocks) }                   \
    }                                                                                  \
  }

PRODUCT_S8_COLUMNS(1)
#if TILE_BLOCKS > 1
PRODUCT_S8_COLUMNS(2)
PRODUCT_S8_COLUMNS(3)
PRODUCT_S8_COLUMNS(4)
#endif

static void product_s8_pass(const product_pass *pass) {
  size_t block = 0, blocks = pass->product->blocks;
#if TILE_BLOCKS > 1
  for (; block + 4 <= blocks; block += 4) product_s8_columns_4(pass, block);
  if (blocks - block == 3) {
    product_s8_columns_3(pass, block);
    return;
  }
  if (blocks - block == 2) {
    product_s8_columns_2(pass, block);
    return;
  }
#endif
  for (; block < blocks; block++) product_s8_columns_1(pass, block);
}

LANES void product_s8(const glck_product_s8 *p) {
  glck_activation first = p->remainders ? GLCK_ACTIVATION_NONE : p->activation;
  product_s8_pass(&(product_pass){p, p->activations, p->row_scales, 0, first});
  if (p->remainders) product_s8_pass(&(product_pass){p, p->remainders, p->remainder_scales, 1, p->activation});
}
