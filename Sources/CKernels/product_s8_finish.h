// From the exact sums of the int8 product to its outputs (N4): scales, bias, activation function; over the vocabulary
// of lanes.
#pragma once

/// One of the two products: the activations themselves, or the remainders that are added to their result.
typedef struct {
  const glck_product_s8 *product;
  const int8_t *activations;
  const float *row_scales;
  // What is added to: the output, the bias, or zeros. Row r, channel c is base[r * base_row_step + c * base_step].
  const float *base;
  size_t base_row_step, base_step;
  glck_activation activation;
} product_pass;

static const float product_s8_zeros[16];

LANES product_pass product_s8_first_pass(const glck_product_s8 *p) {
  product_pass pass = {.product = p, .activations = p->activations, .row_scales = p->row_scales,
                       .base = product_s8_zeros};
  if (p->bias) pass.base = p->bias, pass.base_step = 1;
  if (!p->remainders) pass.activation = p->activation;
  return pass;
}

LANES product_pass product_s8_second_pass(const glck_product_s8 *p) {
  return (product_pass){.product = p, .activations = p->remainders, .row_scales = p->remainder_scales,
                        .base = p->output, .base_row_step = p->output_stride, .base_step = 1,
                        .activation = p->activation};
}

/// The activation function: few calls want one, and then it is most of the work.
static void product_s8_follow(const product_pass *pass, size_t row, size_t block, size_t rows, size_t blocks) {
  const glck_product_s8 *p = pass->product;
  for (size_t r = row; r < row + rows; r++) {
    float *output = p->output + r * p->output_stride + 16 * block;
    for (size_t n = 0; n < blocks; n++) v_store(output + 16 * n, v_gelu(v_load(output + 16 * n)));
  }
}

/// Outputs of a tile of rows by blocks from sums[r * pitch + n]. With constants for rows, blocks and pitch the sums
/// may be in registers.
LANES void product_s8_finish(const product_pass *pass, size_t row, size_t block, int rows, int blocks, int pitch,
                             const v16i *sums) {
  const glck_product_s8 *p = pass->product;
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    float *output = p->output + (row + (size_t)r) * p->output_stride + 16 * block;
    const float *base = pass->base + (row + (size_t)r) * pass->base_row_step + 16 * block * pass->base_step;
    v16f row_scale = v_set1(pass->row_scales[row + (size_t)r]);
#pragma clang loop unroll(full)
    for (int n = 0; n < blocks; n++) {
      v16f scale = v_mul(row_scale, v_load(p->channel_scales + 16 * (block + (size_t)n)));
      v16f y = v_fma(v_from_int(sums[r * pitch + n]), scale, v_load(base + 16 * (size_t)n * pass->base_step));
      v_store(output + 16 * n, y);
    }
  }
  if (pass->activation == GLCK_ACTIVATION_GELU)
    product_s8_follow(pass, row, block, (size_t)rows, (size_t)blocks);
}
