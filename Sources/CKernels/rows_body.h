// Small row kernels over the vocabulary of lanes: elementary functions, division, widening, packing, the head's dot
// product.
#pragma once

static void exp_rows(size_t n, float *x) {
  size_t i = 0;
  for (; i + 16 <= n; i += 16) v_store(x + i, v_exp(v_load(x + i)));
  if (i < n) v_store_partial(x + i, v_exp(v_load_partial(x + i, n - i)), n - i);
}

#define ACTIVATE_ROWS(activation)                                                                            \
  case activation: {                                                                                        \
    for (; i + 16 <= n; i += 16) v_store(x + i, v_activation(activation, v_load(x + i)));                   \
    if (i < n) v_store_partial(x + i, v_activation(activation, v_load_partial(x + i, n - i)), n - i);       \
    break;                                                                                                  \
  }

static void activate_rows(glck_activation activation, size_t n, float *x) {
  size_t i = 0;
  switch (activation) {
    case GLCK_ACTIVATION_NONE: break;
    ACTIVATE_ROWS(GLCK_ACTIVATION_GELU)
    ACTIVATE_ROWS(GLCK_ACTIVATION_GELU_TANH)
    ACTIVATE_ROWS(GLCK_ACTIVATION_GELU_10)
    ACTIVATE_ROWS(GLCK_ACTIVATION_QUICK_GELU)
    ACTIVATE_ROWS(GLCK_ACTIVATION_RELU)
    ACTIVATE_ROWS(GLCK_ACTIVATION_RELU2)
    ACTIVATE_ROWS(GLCK_ACTIVATION_RELU6)
    ACTIVATE_ROWS(GLCK_ACTIVATION_LEAKY_RELU)
    ACTIVATE_ROWS(GLCK_ACTIVATION_SIGMOID)
    ACTIVATE_ROWS(GLCK_ACTIVATION_SILU)
    ACTIVATE_ROWS(GLCK_ACTIVATION_TANH)
    ACTIVATE_ROWS(GLCK_ACTIVATION_HARDSWISH)
    ACTIVATE_ROWS(GLCK_ACTIVATION_MISH)
    ACTIVATE_ROWS(GLCK_ACTIVATION_LAPLACE)
  }
}

static void add_scaled(size_t n, float factor, const float *x, float *y) {
  v16f a = v_set1(factor);
  size_t i = 0;
  for (; i + 16 <= n; i += 16) v_store(y + i, v_fma(a, v_load(x + i), v_load(y + i)));
  if (i < n) v_store_partial(y + i, v_fma(a, v_load_partial(x + i, n - i), v_load_partial(y + i, n - i)), n - i);
}

static void divide_rows(size_t rows, size_t n, float *x, size_t stride, const float *sums) {
  for (size_t r = 0; r < rows; r++) {
    float *row = x + r * stride;
    v16f sum = v_set1(sums[r]);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) v_store(row + i, v_div(v_load(row + i), sum));
    if (i < n) v_store_partial(row + i, v_div(v_load_partial(row + i, n - i), sum), n - i);
  }
}

static void widen_row(size_t n, const int8_t *codes, float scale, float *output) {
  v16f factor = v_set1(scale);
  size_t i = 0;
  for (; i + 16 <= n; i += 16) v_store(output + i, v_mul(v_load_s8(codes + i), factor));
  if (i < n) {
    int8_t last[16] = {0};
    memcpy(last, codes + i, n - i);
    v_store_partial(output + i, v_mul(v_load_s8(last), factor), n - i);
  }
}

/// The features of a row are in the order of a tile's row: 32 of the low nibbles, 32 of the high ones.
static void widen_row_s4(size_t n, const uint8_t *nibbles, const uint8_t *multipliers, size_t group_size, float scale,
                         float *output) {
  for (size_t i = 0; i < n; i += 64, nibbles += 32) {
    uint8_t own[16];
    memset(own, multipliers[i / group_size], 8);
    memset(own + 8, multipliers[(i + 32) / group_size], 8);
    int8_t codes[64] __attribute__((aligned(64)));
    s4_unpack(nibbles, s4_load_factors(own), codes);
    widen_row(n - i < 64 ? n - i : 64, codes, scale, output + i);
  }
}

#define WIDEN_FLOATS(name, load)                                           \
  static void name(size_t n, const uint16_t *values, float *output) {      \
    size_t i = 0;                                                          \
    for (; i + 16 <= n; i += 16) v_store(output + i, load(values + i));    \
    if (i < n) {                                                           \
      uint16_t last[16] = {0};                                             \
      memcpy(last, values + i, (n - i) * sizeof *last);                    \
      v_store_partial(output + i, load(last), n - i);                      \
    }                                                                      \
  }
WIDEN_FLOATS(widen_f16, v_load_f16)
WIDEN_FLOATS(widen_bf16, v_load_bf16)

static void widen_floats(size_t n, glck_float type, const void *values, float *output) {
  switch (type) {
    case GLCK_F32: memcpy(output, values, n * sizeof *output); break;
    case GLCK_F16: widen_f16(n, values, output); break;
    case GLCK_BF16: widen_bf16(n, values, output); break;
  }
}

static void unpack_tiles(size_t k, size_t blocks, const glck_tiles_s4 *packed, int8_t *tiles) {
  for (size_t block = 0; block < blocks; block++) {
    s4_reader reader = s4_begin(packed, k, block, tiles + block * k * 16);
    s4_read(&reader, k);
  }
}

static void widen_panel(size_t k, const int8_t *tiles, const float *scales, float *panel) {
  v16f factor = v_load(scales);
  for (size_t i = 0; i < k; i += 4)
    for (int feature = 0; feature < 4; feature++)
      v_store(panel + 16 * (i + (size_t)feature), v_mul(v_load_tile(tiles + 16 * i, feature), factor));
}

static void channel_sums(size_t k, size_t blocks, const int8_t *tiles, int32_t *sums) {
  for (size_t block = 0; block < blocks; block++) {
    v16i sum = i_set1(0);
    for (size_t i = 0; i < k; i += 4, tiles += 64) sum = i_add_fours(sum, tiles);
    i_store(sums + 16 * block, sum);
  }
}

static void pack_panels(size_t n, size_t k, const float *rows, size_t stride, float *panels) {
  for (size_t first = 0; first < n; first += 16) {
    size_t count = n - first < 16 ? n - first : 16;
    float *panel = panels + first * k;
    for (size_t i = 0; i < k; i += 16) {
      size_t features = k - i < 16 ? k - i : 16;
      v16f m[16];
      for (size_t r = 0; r < 16; r++) {
        const float *row = rows + (first + r) * stride + i;
        m[r] = r >= count ? v_zero() : features < 16 ? v_load_partial(row, features) : v_load(row);
      }
      v_transpose(m);
      for (size_t f = 0; f < features; f++) v_store(panel + 16 * (i + f), m[f]);
    }
  }
}

static float dot(size_t n, const float *a, const float *b) {
  v16f sum = v_zero();
  size_t i = 0;
  for (; i + 16 <= n; i += 16) sum = v_fma(v_load(a + i), v_load(b + i), sum);
  if (i < n) sum = v_fma(v_load_partial(a + i, n - i), v_load_partial(b + i, n - i), sum);
  return v_fold_sum(sum);
}
