// The f32 product (N4) over the vocabulary of lanes. A tile of rows by blocks is kept in registers: each output is one
// chain of fma over k, and a tile has chains enough to hide their latency.
#pragma once

LANES v16f product_f32_finish(const glck_product_f32 *p, size_t block, v16f y) {
  if (p->bias) y = v_add(y, v_load(p->bias + 16 * block));
  return p->activation == GLCK_ACTIVATION_GELU ? v_gelu(y) : y;
}

LANES void product_f32_tile(const glck_product_f32 *p, size_t row, size_t block, int rows, int blocks) {
  const float *a = p->a + row * p->a_stride, *b = p->b + block * p->b_block_stride;
  size_t k = p->k, a_stride = p->a_stride, b_stride = p->b_stride, b_block_stride = p->b_block_stride;
  v16f sums[PRODUCT_ROWS][PRODUCT_BLOCKS];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int n = 0; n < blocks; n++) sums[r][n] = v_zero();
  for (size_t i = 0; i < k; i++, b += b_stride) {
    v16f columns[PRODUCT_BLOCKS];
#pragma clang loop unroll(full)
    for (int n = 0; n < blocks; n++) columns[n] = v_load(b + (size_t)n * b_block_stride);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      v16f x = v_set1(a[(size_t)r * a_stride + i]);
#pragma clang loop unroll(full)
      for (int n = 0; n < blocks; n++) sums[r][n] = v_fma(x, columns[n], sums[r][n]);
    }
  }
  float *output = p->output + row * p->output_stride + 16 * block;
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int n = 0; n < blocks; n++) v_store(output + (size_t)r * p->output_stride + 16 * n, sums[r][n]);
  if (!p->bias && p->activation == GLCK_ACTIVATION_NONE) return;
  for (size_t r = 0; r < (size_t)rows; r++)
    for (size_t n = 0; n < (size_t)blocks; n++) {
      float *y = output + r * p->output_stride + 16 * n;
      v_store(y, product_f32_finish(p, block + n, v_load(y)));
    }
}

/// All rows for some blocks, in groups as even as can be: a last group of one row would waste most of a tile.
#define PRODUCT_F32_COLUMNS(blocks)                                                        \
  static void product_f32_columns_##blocks(const glck_product_f32 *p, size_t block) {      \
    size_t groups = (p->rows + PRODUCT_ROWS - 1) / PRODUCT_ROWS;                           \
    for (size_t g = 0; g < groups; g++) {                                                  \
      size_t row = g * p->rows / groups, end = (g + 1) * p->rows / groups;                 \
      switch (end - row) {                                                                 \
        case 1: product_f32_tile(p, row, block, 1, blocks); break;                         \
        case 2: product_f32_tile(p, row, block, 2, blocks); break;                         \
        PRODUCT_F32_MORE_ROWS(blocks)                                                      \
      }                                                                                    \
    }                                                                                      \
  }
#if PRODUCT_ROWS > 2
#define PRODUCT_F32_MORE_ROWS(blocks)                                  \
  case 3: product_f32_tile(p, row, block, 3, blocks); break;           \
  case 4: product_f32_tile(p, row, block, 4, blocks); break;           \
  case 5: product_f32_tile(p, row, block, 5, blocks); break;           \
  case 6: product_f32_tile(p, row, block, 6, blocks); break;
#else
#define PRODUCT_F32_MORE_ROWS(blocks)
#endif

PRODUCT_F32_COLUMNS(1)
#if PRODUCT_BLOCKS > 1
PRODUCT_F32_COLUMNS(2)
PRODUCT_F32_COLUMNS(3)
PRODUCT_F32_COLUMNS(4)
#endif

static void product_f32(const glck_product_f32 *p) {
  size_t block = 0;
#if PRODUCT_BLOCKS > 1
  for (; block + 4 <= p->blocks; block += 4) product_f32_columns_4(p, block);
  if (p->blocks - block == 3) {
    product_f32_columns_3(p, block);
    return;
  }
  if (p->blocks - block == 2) {
    product_f32_columns_2(p, block);
    return;
  }
#endif
  for (; block < p->blocks; block++) product_f32_columns_1(p, block);
}
