// (Residual +) LayerNorm with the quantization of its output (N5.2, N3) over the vocabulary of lanes.
//
// Three passes over a row that stays in L1: sum, squares, result and its magnitude; then its codes. A sum in 16 lanes
// is one chain of additions, so several rows go through a pass together to hide the latency.
#pragma once

enum { LAYER_NORM_ROWS = 4 };

/// The rows that go together.
typedef struct {
  const float *input[LAYER_NORM_ROWS], *residual[LAYER_NORM_ROWS];
  float *output[LAYER_NORM_ROWS];
  v16f sum[LAYER_NORM_ROWS], mean[LAYER_NORM_ROWS], factor[LAYER_NORM_ROWS];
  v16i largest[LAYER_NORM_ROWS];
} layer_norm_group;

#define EACH_ROW _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++)

LANES v16f load_lanes(const float *p, size_t count) { return count < 16 ? v_load_partial(p, count) : v_load(p); }

LANES void store_lanes(float *p, v16f a, size_t count) {
  if (count < 16)
    v_store_partial(p, a, count);
  else
    v_store(p, a);
}

/// With a residual the sums go to the output, from where the later passes read them.
LANES void add_up(layer_norm_group *g, int rows, int residual, size_t i, size_t count) {
  EACH_ROW {
    v16f x = load_lanes(g->input[r] + i, count);
    if (residual) store_lanes(g->output[r] + i, x = v_add(x, load_lanes(g->residual[r] + i, count)), count);
    g->sum[r] = v_add(g->sum[r], x);
  }
}

LANES void add_squares(layer_norm_group *g, int rows, size_t i, size_t count) {
  EACH_ROW {
    v16f d = v_sub(load_lanes(g->input[r] + i, count), g->mean[r]);
    if (count < 16) d = v_fill(d, count, 0);
    g->sum[r] = v_fma(d, d, g->sum[r]);
  }
}

LANES void finish(const glck_layer_norm *p, layer_norm_group *g, int rows, size_t i, size_t count) {
  v16f gain = load_lanes(p->gain + i, count), bias = load_lanes(p->bias + i, count);
  EACH_ROW {
    v16f d = v_sub(load_lanes(g->input[r] + i, count), g->mean[r]);
    v16f y = v_fma(v_mul(d, g->factor[r]), gain, bias);
    store_lanes(g->output[r] + i, y, count);
    if (p->input_scales) y = v_mul(y, load_lanes(p->input_scales + i, count));
    if (count < 16) y = v_fill(y, count, 0);
    g->largest[r] = i_max(g->largest[r], i_magnitude_bits(y));
  }
}

LANES int layer_norm_rows(const glck_layer_norm *p, size_t first, int rows) {
  size_t n = p->n, tail = n % 16, whole = n - tail;
  int failed = 0, residual = p->residual != NULL;
  layer_norm_group g;
  EACH_ROW {
    size_t row = first + (size_t)r;
    g.input[r] = p->input + row * p->input_stride;
    g.residual[r] = residual ? p->residual + row * p->residual_stride : NULL;
    g.output[r] = p->output + row * p->output_stride;
    g.sum[r] = v_zero();
    g.largest[r] = i_set1(0);
  }
  if (residual)
    for (size_t i = 0; i < whole; i += 16) add_up(&g, rows, 1, i, 16);
  else
    for (size_t i = 0; i < whole; i += 16) add_up(&g, rows, 0, i, 16);
  if (tail) add_up(&g, rows, residual, whole, tail);
  EACH_ROW {
    g.mean[r] = v_set1(v_fold_sum(g.sum[r]) / (float)n);
    g.sum[r] = v_zero();
    if (residual) g.input[r] = g.output[r];
  }

  for (size_t i = 0; i < whole; i += 16) add_squares(&g, rows, i, 16);
  if (tail) add_squares(&g, rows, whole, tail);
  EACH_ROW {
    float variance = v_fold_sum(g.sum[r]) / (float)n;
    uint32_t bits;
    memcpy(&bits, &variance, sizeof bits);
    failed |= (bits & 0x7F800000) == 0x7F800000;
    g.factor[r] = v_set1(1 / f_sqrt(variance + p->epsilon));
  }

  for (size_t i = 0; i < whole; i += 16) finish(p, &g, rows, i, 16);
  if (tail) finish(p, &g, rows, whole, tail);
  if (!p->quantized) return failed;
  EACH_ROW {
    size_t row = first + (size_t)r;
    quantizer by = make_quantizer(i_fold_max(g.largest[r]));
    failed |= !by.finite;
    p->row_scales[row] = by.scale;
    quantize_row(n, g.output[r], p->input_scales, by, p->quantized + row * p->quantized_stride);
  }
  return failed;
}

static int layer_norm(const glck_layer_norm *p) {
  int failed = 0;
  size_t row = 0;
  for (; row + LAYER_NORM_ROWS <= p->rows; row += LAYER_NORM_ROWS)
    failed |= layer_norm_rows(p, row, LAYER_NORM_ROWS);
  for (; row < p->rows; row++) failed |= layer_norm_rows(p, row, 1);
  return failed;
}
