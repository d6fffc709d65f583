// Kernels over rows: quantization, LayerNorm, elementary functions, and the small ones.
#include <string.h>
#include "harness.h"

static size_t padded(size_t n) { return (n + 63) / 64 * 64; }

typedef struct {
  size_t rows, n;
  int scaled, remainder, awkward;
  float magnitude;
  int known;  // whether the rows' largest magnitudes are given
} quantize_case;

static void quantize_one(run *r, const glck_kernels *kernels, quantize_case c) {
  begin_case(r, "rows %zu n %zu scaled %d remainder %d awkward %d magnitude %a known %d", c.rows, c.n, c.scaled,
             c.remainder, c.awkward, (double)c.magnitude, c.known);
  size_t stride = c.n + 3, code_stride = padded(c.n) + 64, length = (c.rows - 1) * code_stride + padded(c.n);
  size_t input_length = (c.rows - 1) * stride + c.n;
  glck_quantize q = {
      .rows = c.rows, .n = c.n, .input = (c.awkward ? awkward_floats : random_floats)(r, input_length, c.magnitude),
      .input_stride = stride, .input_scales = c.scaled ? random_floats(r, c.n, 2) : NULL,
      .quantized = guarded(r, length), .quantized_stride = code_stride, .row_scales = guarded_floats(r, c.rows),
      .remainders = c.remainder ? guarded(r, length) : NULL,
      .remainder_scales = c.remainder ? guarded_floats(r, c.rows) : NULL};
  if (c.known) {
    uint32_t *magnitudes = guarded(r, c.rows * sizeof *magnitudes);
    for (size_t row = 0; row < c.rows; row++) {
      magnitudes[row] = 0;
      for (size_t i = 0; i < c.n; i++) {
        uint32_t bits;
        memcpy(&bits, q.input + row * stride + i, sizeof bits);
        if ((bits & 0x7FFFFFFF) > magnitudes[row]) magnitudes[row] = bits & 0x7FFFFFFF;
      }
    }
    q.row_magnitudes = magnitudes;
  }
  result_int(r, kernels->quantize(&q) != 0);
  result_bytes(r, q.quantized, length);
  result_floats(r, q.row_scales, c.rows);
  if (!c.remainder) return;
  result_bytes(r, q.remainders, length);
  result_floats(r, q.remainder_scales, c.rows);
}

static void quantize(run *r, const glck_kernels *kernels) {
  static const float magnitudes[] = {0, 1e-44f, 1e-38f, 1e-36f, 1e-35f, 1e37f, 3.4e38f};
  for (const size_t *n = awkward_lengths; *n; n++)
    for (int scaled = 0; scaled < 2; scaled++)
      for (int remainder = 0; remainder < 2; remainder++)
        quantize_one(r, kernels, (quantize_case){3, *n, scaled, remainder, 0, 2, !scaled && *n % 2});
  for (size_t m = 0; m < sizeof magnitudes / sizeof *magnitudes; m++)
    quantize_one(r, kernels, (quantize_case){2, 65, (int)m % 2, 1, 0, magnitudes[m], 0});
  // Short rows, so that some are finite.
  for (size_t n = 1; n <= 20; n++) quantize_one(r, kernels, (quantize_case){9, n, (int)n % 2, 1, 1, 2, (int)n % 2 == 0});
  // Ties, both signs: 127 / 127 is exactly 1.
  begin_case(r, "ties");
  size_t n = 2 * 127 * 4 + 1;
  float *ties = guarded_floats(r, n), scale;
  for (size_t i = 0; i < n; i++) ties[i] = -127 + (float)i * 0.25f;
  float remainder_scale;
  glck_quantize q = {.rows = 1, .n = n, .input = ties, .input_stride = n, .quantized = guarded(r, padded(n)),
                     .quantized_stride = padded(n), .row_scales = &scale, .remainders = guarded(r, padded(n)),
                     .remainder_scales = &remainder_scale};
  REQUIRE(r, kernels->quantize(&q) == 0 && scale == 1);
  for (size_t i = 2; i < n; i += 4) REQUIRE(r, q.quantized[i] % 2 == 0);
  result_bytes(r, q.quantized, padded(n));
  result_bytes(r, q.remainders, padded(n));
  result_floats(r, &remainder_scale, 1);
}

typedef struct {
  size_t rows, n;
  int residual, quantized, scaled, awkward;
  float magnitude;
} layer_norm_case;

static void layer_norm_one(run *r, const glck_kernels *kernels, layer_norm_case c) {
  begin_case(r, "rows %zu n %zu residual %d quantized %d scaled %d awkward %d magnitude %a", c.rows, c.n, c.residual,
             c.quantized, c.scaled, c.awkward, (double)c.magnitude);
  float *(*floats)(run *, size_t, float) = c.awkward ? awkward_floats : random_floats;
  size_t stride = c.n + 5, length = (c.rows - 1) * stride + c.n, code_stride = padded(c.n) + 64;
  size_t codes = (c.rows - 1) * code_stride + padded(c.n);
  glck_layer_norm p = {
      .rows = c.rows, .n = c.n, .input = floats(r, length, c.magnitude), .input_stride = stride,
      .residual = c.residual ? floats(r, length, c.magnitude) : NULL, .residual_stride = stride,
      .gain = random_floats(r, c.n, 2), .bias = random_floats(r, c.n, 1), .epsilon = 1e-7f,
      .output = guarded_floats(r, length), .output_stride = stride,
      .input_scales = c.scaled ? random_floats(r, c.n, 2) : NULL,
      .quantized = c.quantized ? guarded(r, codes) : NULL, .quantized_stride = code_stride,
      .row_scales = c.quantized ? guarded_floats(r, c.rows) : NULL};
  result_int(r, kernels->layer_norm(&p) != 0);
  result_floats(r, p.output, length);
  if (!c.quantized) return;
  result_bytes(r, p.quantized, codes);
  result_floats(r, p.row_scales, c.rows);
}

static void layer_norm(run *r, const glck_kernels *kernels) {
  for (const size_t *n = awkward_lengths; *n; n++)
    for (int form = 0; form < 4; form++)
      layer_norm_one(r, kernels, (layer_norm_case){6, *n, form & 1, form >> 1, form == 3, 0, 3});
  for (size_t rows = 1; rows <= 9; rows++) layer_norm_one(r, kernels, (layer_norm_case){rows, 100, 1, 1, 0, 0, 3});
  for (size_t n = 1; n <= 20; n++) layer_norm_one(r, kernels, (layer_norm_case){9, n, n % 2, 1, 0, 1, 3});
  static const float magnitudes[] = {0, 1e-44f, 1e-38f, 1e-20f, 1e18f, 1e20f, 3e38f};
  for (size_t m = 0; m < sizeof magnitudes / sizeof *magnitudes; m++)
    layer_norm_one(r, kernels, (layer_norm_case){4, 40, 0, 1, 1, 0, magnitudes[m]});
}

static void elementary(run *r, const glck_kernels *kernels) {
  for (const size_t *n = awkward_lengths; *n; n++) {
    begin_case(r, "exp n %zu", *n);
    float *x = awkward_floats(r, *n, 100);
    kernels->exp_rows(*n, x);
    result_floats(r, x, *n);
  }
  for (int activation = GLCK_ACTIVATION_NONE; activation <= GLCK_ACTIVATION_LAPLACE; activation++)
    for (int range = 0; range < 3; range++) {
      size_t n = 4096 + 17 * (size_t)range;
      begin_case(r, "activation %d range %d", activation, range);
      float *x = awkward_floats(r, n, range == 0 ? 1 : range == 1 ? 12 : 120);
      kernels->activate_rows((glck_activation)activation, n, x);
      result_floats(r, x, n);
    }
  // Bit patterns of every exponent and both signs.
  for (int function = 0; function < 2; function++) {
    begin_case(r, "bits, function %d", function);
    size_t n = 1 << 15;
    float *x = guarded_floats(r, n);
    for (size_t i = 0; i < n; i++) {
      uint32_t bits = (uint32_t)i << 17 | random_below(r, 1 << 17);
      memcpy(x + i, &bits, sizeof bits);
    }
    if (function)
      kernels->activate_rows(GLCK_ACTIVATION_GELU, n, x);
    else
      kernels->exp_rows(n, x);
    result_floats(r, x, n);
  }
}

static void small_rows(run *r, const glck_kernels *kernels) {
  for (const size_t *length = awkward_lengths; *length; length++)
    for (int awkward = 0; awkward < 2; awkward++) {
      size_t n = *length, stride = n + 2, all = 2 * stride + n;
      float *(*floats)(run *, size_t, float) = awkward ? awkward_floats : random_floats;
      begin_case(r, "divide n %zu awkward %d", n, awkward);
      float *x = floats(r, all, 3);
      kernels->divide_rows(3, n, x, stride, floats(r, 3, 2));
      result_floats(r, x, all);

      begin_case(r, "add_scaled n %zu awkward %d", n, awkward);
      float *y = floats(r, n, 3);
      kernels->add_scaled(n, -0.7f, floats(r, n, 3), y);
      result_floats(r, y, n);

      begin_case(r, "dot n %zu awkward %d", n, awkward);
      float sum = kernels->dot(n, floats(r, n, 3), floats(r, n, 2));
      result_floats(r, &sum, 1);

      begin_case(r, "widen_row n %zu awkward %d", n, awkward);
      float *wide = guarded_floats(r, n);
      kernels->widen_row(n, random_codes(r, n, NO_CODE), awkward ? 1e-40f : 0.013f, wide);
      result_floats(r, wide, n);
    }
}

static void widen_rows(run *r, const glck_kernels *kernels) {
  static const size_t groups[] = {32, 64, 96, 128, 320};
  for (const size_t *length = awkward_lengths; *length; length++)
    for (size_t g = 0; g < 5; g++) {
      size_t n = *length, group = groups[g], whole = padded(n);
      begin_case(r, "int4 n %zu group %zu", n, group);
      uint8_t *nibbles = guarded(r, whole / 2), *multipliers = guarded(r, (whole + group - 1) / group);
      for (size_t i = 0; i < whole / 2; i++)
        nibbles[i] = (uint8_t)(1 + random_below(r, 15) + 16 * (1 + random_below(r, 15)));
      for (size_t i = 0; i < (whole + group - 1) / group; i++) multipliers[i] = (uint8_t)(1 + random_below(r, 15));
      float *wide = guarded_floats(r, n), scale = 0.0123f;
      kernels->widen_row_s4(n, nibbles, multipliers, group, scale, wide);
      result_floats(r, wide, n);
      for (size_t i = 0; i < n; i++) {
        uint8_t both = nibbles[i / 64 * 32 + i % 32];
        REQUIRE(r, wide[i] == (float)(((i % 64 < 32 ? both & 15 : both >> 4) - 8) * multipliers[i / group]) * scale);
      }
    }
  for (int type = GLCK_F16; type <= GLCK_BF16; type++) {
    // All values there are, and every length of a last vector.
    for (size_t n = 65536; n > 65519; n--) {
      begin_case(r, "floats of type %d n %zu", type, n);
      uint16_t *values = guarded(r, n * sizeof *values);
      for (size_t i = 0; i < n; i++) values[i] = (uint16_t)i;
      float *wide = guarded_floats(r, n);
      kernels->widen_floats(n, (glck_float)type, values, wide);
      result_floats(r, wide, n);
    }
  }
}

const family row_families[] = {{"quantize", quantize},
                               {"layer_norm", layer_norm},
                               {"elementary", elementary},
                               {"small_rows", small_rows},
                               {"widen_rows", widen_rows},
                               {0}};
