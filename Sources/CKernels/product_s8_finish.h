// From the exact sums of the int8 product to its outputs (N4): scales, bias, activation function, what the next layer's
// quantization wants; over the vocabulary of lanes.
#pragma once

/// One of the two products: the activations themselves, or the remainders that are added to their result.
typedef struct {
  const glck_product_s8 *product;
  const int8_t *activations;
  const float *row_scales;
  // What is added to: the output, the bias, or zeros. Row r, channel c is base[r * base_row_step + c * base_step].
  const float *base;
  size_t base_row_step, base_step;
  // What follows the sums, or neither of them.
  glck_activation activation;
  const float *output_scales;
  uint32_t *row_magnitudes;
} product_pass;

static const float product_s8_zeros[16];

LANES product_pass product_s8_first_pass(const glck_product_s8 *p) {
  product_pass pass = {.product = p, .activations = p->activations, .row_scales = p->row_scales,
                       .base = product_s8_zeros};
  if (p->bias) pass.base = p->bias, pass.base_step = 1;
  if (!p->remainders) {
    pass.activation = p->activation;
    pass.output_scales = p->output_scales;
    pass.row_magnitudes = p->row_magnitudes;
  }
  return pass;
}

LANES product_pass product_s8_second_pass(const glck_product_s8 *p) {
  return (product_pass){.product = p, .activations = p->remainders, .row_scales = p->remainder_scales,
                        .base = p->output, .base_row_step = p->output_stride, .base_step = 1,
                        .activation = p->activation, .output_scales = p->output_scales,
                        .row_magnitudes = p->row_magnitudes};
}

/// What follows the sum: few calls want it, and then it is most of the work.
static void product_s8_follow(const product_pass *pass, size_t row, size_t block, size_t rows, size_t blocks) {
  const glck_product_s8 *p = pass->product;
  for (size_t r = row; r < row + rows; r++) {
    float *output = p->output + r * p->output_stride + 16 * block;
    v16i largest = i_set1(0);
    for (size_t n = 0; n < blocks; n++) {
      v16f y = v_load(output + 16 * n);
      if (pass->activation == GLCK_ACTIVATION_GELU) y = v_gelu(y);
      if (pass->output_scales) y = v_mul(y, v_load(pass->output_scales + 16 * (block + n)));
      v_store(output + 16 * n, y);
      largest = i_max(largest, i_magnitude_bits(y));
    }
    if (!pass->row_magnitudes) continue;
    uint32_t magnitude = (uint32_t)i_fold_max(largest);
    if (magnitude > pass->row_magnitudes[r]) pass->row_magnitudes[r] = magnitude;
  }
}

/// Outputs of a tile of rows by blocks from sums[r * pitch + n]. With constants for rows, blocks and pitch the sums
/// may be in registers.
LANES void product_s8_finish(const product_pass *pass, size_t row, size_t block, int rows, int blocks, int pitch,
                             const v16i *sums) {
  // An output might be any of these, for all that the compiler knows: they are read once.
  const glck_product_s8 *p = pass->product;
  const float *channel_scales = p->channel_scales + 16 * block, *row_scales = pass->row_scales + row;
  size_t output_step = p->output_stride, base_row_step = pass->base_row_step, base_step = pass->base_step;
  float *output = p->output + row * output_step + 16 * block;
  const float *base = pass->base + row * base_row_step + 16 * block * base_step;
  v16f kept = v_load(channel_scales);
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++, output += output_step, base += base_row_step) {
    v16f row_scale = v_set1(row_scales[r]);
#pragma clang loop unroll(full)
    for (int n = 0; n < blocks; n++) {
      v16f scale = v_mul(row_scale, blocks == 1 ? kept : v_load(channel_scales + 16 * n));
      v16f y = v_fma(v_from_int(sums[r * pitch + n]), scale, v_load(base + 16 * (size_t)n * base_step));
      v_store(output + 16 * n, y);
    }
  }
  if (pass->activation == GLCK_ACTIVATION_GELU || pass->output_scales || pass->row_magnitudes)
    product_s8_follow(pass, row, block, (size_t)rows, (size_t)blocks);
}
