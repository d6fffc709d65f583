// The f32 product (N4) over the vocabulary of lanes. A tile of rows by blocks is kept in registers: each output is one
// chain of fma over k, and a tile has chains enough to hide their latency. Weights of 16 bits are widened some features
// at a time, for all rows; in between the sums are in the output.
#pragma once

/// Some features of some blocks.
typedef struct {
  const float *b;  // the first of them
  size_t b_stride, b_block_stride;
  size_t first, count;
} product_f32_part;

LANES v16f product_f32_finish(const glck_product_f32 *p, size_t block, v16f y) {
  if (p->bias) y = v_add(y, v_load(p->bias + 16 * block));
  return p->activation == GLCK_ACTIVATION_GELU ? v_gelu(y) : y;
}

LANES void product_f32_tile(const glck_product_f32 *p, const product_f32_part *part, size_t row, size_t block, int rows,
                            int blocks) {
  const float *a = p->a + row * p->a_stride + part->first, *b = part->b;
  size_t count = part->count, a_stride = p->a_stride, b_stride = part->b_stride, b_block_stride = part->b_block_stride;
  float *output = p->output + row * p->output_stride + 16 * block;
  v16f sums[PRODUCT_ROWS][PRODUCT_BLOCKS];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int n = 0; n < blocks; n++)
      sums[r][n] = part->first == 0 ? v_zero() : v_load(output + (size_t)r * p->output_stride + 16 * n);
  for (size_t i = 0; i < count; i++, b += b_stride) {
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
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int n = 0; n < blocks; n++) v_store(output + (size_t)r * p->output_stride + 16 * n, sums[r][n]);
  if (part->first + count < p->k || (!p->bias && p->activation == GLCK_ACTIVATION_NONE)) return;
  for (size_t r = 0; r < (size_t)rows; r++)
    for (size_t n = 0; n < (size_t)blocks; n++) {
      float *y = output + r * p->output_stride + 16 * n;
      v_store(y, product_f32_finish(p, block + n, v_load(y)));
    }
}

/// All rows for some blocks, in groups as even as can be: a last group of one row would waste most of a tile.
#define PRODUCT_F32_COLUMNS(blocks)                                                                                  \
  static void product_f32_columns_##blocks(const glck_product_f32 *p, const product_f32_part *part, size_t block) {  \
    size_t groups = (p->rows + PRODUCT_ROWS - 1) / PRODUCT_ROWS;                                                     \
    for (size_t g = 0; g < groups; g++) {                                                                            \
      size_t row = g * p->rows / groups, end = (g + 1) * p->rows / groups;                                           \
      switch (end - row) {                                                                                           \
        case 1: product_f32_tile(p, part, row, block, 1, blocks); break;                                             \
        case 2: product_f32_tile(p, part, row, block, 2, blocks); break;                                             \
        PRODUCT_F32_MORE_ROWS(blocks)                                                                                \
      }                                                                                                              \
    }                                                                                                                \
  }
#if PRODUCT_ROWS > 2
#define PRODUCT_F32_MORE_ROWS(blocks)                                  \
  case 3: product_f32_tile(p, part, row, block, 3, blocks); break;     \
  case 4: product_f32_tile(p, part, row, block, 4, blocks); break;     \
  case 5: product_f32_tile(p, part, row, block, 5, blocks); break;     \
  case 6: product_f32_tile(p, part, row, block, 6, blocks); break;
#else
#define PRODUCT_F32_MORE_ROWS(blocks)
#endif

PRODUCT_F32_COLUMNS(1)
#if PRODUCT_BLOCKS > 1
PRODUCT_F32_COLUMNS(2)
PRODUCT_F32_COLUMNS(3)
PRODUCT_F32_COLUMNS(4)
#endif

static void product_f32_columns(const glck_product_f32 *p, const product_f32_part *part, size_t block, size_t blocks) {
  switch (blocks) {
    case 1: product_f32_columns_1(p, part, block); break;
#if PRODUCT_BLOCKS > 1
    case 2: product_f32_columns_2(p, part, block); break;
    case 3: product_f32_columns_3(p, part, block); break;
    case 4: product_f32_columns_4(p, part, block); break;
#endif
  }
}

/// Features that are widened at once: 32 KB, which stay in L1.
enum { PRODUCT_F32_FEATURES = 512 / PRODUCT_BLOCKS };

/// Some blocks whose weights are 16-bit floats.
static void product_f32_widened(const glck_product_f32 *p, size_t block, size_t blocks) {
  float panels[PRODUCT_BLOCKS * PRODUCT_F32_FEATURES * 16] __attribute__((aligned(64)));
  const uint16_t *b = (const uint16_t *)p->b + block * p->b_block_stride;
  product_f32_part part = {.b = panels, .b_stride = 16, .b_block_stride = 16 * PRODUCT_F32_FEATURES};
  for (; part.first < p->k || part.first == 0; part.first += PRODUCT_F32_FEATURES) {
    part.count = p->k - part.first < PRODUCT_F32_FEATURES ? p->k - part.first : PRODUCT_F32_FEATURES;
    for (size_t n = 0; n < blocks; n++)
      for (size_t i = 0; i < part.count; i++) {
        const uint16_t *from = b + n * p->b_block_stride + (part.first + i) * p->b_stride;
        v16f wide = p->b_type == GLCK_F16 ? v_load_f16(from) : v_load_bf16(from);
        v_store(panels + n * part.b_block_stride + 16 * i, wide);
      }
    product_f32_columns(p, &part, block, blocks);
  }
}

static void product_f32(const glck_product_f32 *p) {
  for (size_t block = 0, blocks; block < p->blocks; block += blocks) {
    size_t left = p->blocks - block;
    blocks = left < PRODUCT_BLOCKS ? left : PRODUCT_BLOCKS;
    if (p->b_type != GLCK_F32) {
      product_f32_widened(p, block, blocks);
      continue;
    }
    product_f32_part part = {.b = (const float *)p->b + block * p->b_block_stride, .b_stride = p->b_stride,
                             .b_block_stride = p->b_block_stride, .count = p->k};
    product_f32_columns(p, &part, block, blocks);
  }
}
