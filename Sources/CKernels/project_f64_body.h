// The projection of relative embeddings at conversion, in binary64, over the vocabulary of lanes.
#pragma once

/// Features at a time: with the vectors of a tile, widened once for all channels, they fill half of a small L1.
enum { PROJECT_FEATURES = 64 };

/// Continues (or, at `start`, begins) the sums of a tile of rows by channels over some features. A sum that is put
/// down between two groups of features stays the same binary64.
LANES void project_tile(size_t rows, size_t k, size_t features, int vectors, int channels, int start,
                        const v16d *x, const float *weights, double *output) {
  v16d sums[PROJECT_VECTORS][PROJECT_CHANNELS];
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++)
#pragma clang loop unroll(full)
    for (int c = 0; c < channels; c++)
      sums[v][c] = start ? d_zero() : d_load(output + (size_t)c * rows + 16 * (size_t)v);
  for (size_t i = 0; i < features; i++) {
    v16d column[PROJECT_VECTORS];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) column[v] = x[i * PROJECT_VECTORS + (size_t)v];
#pragma clang loop unroll(full)
    for (int c = 0; c < channels; c++) {
      v16d weight = d_widen_one(weights + (size_t)c * k + i);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) sums[v][c] = d_add_product(column[v], weight, sums[v][c]);
    }
  }
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++)
#pragma clang loop unroll(full)
    for (int c = 0; c < channels; c++) d_store(output + (size_t)c * rows + 16 * (size_t)v, sums[v][c]);
}

/// All channels for one group of features of one tile of rows.
LANES void project_channels(size_t rows, size_t k, size_t features, int vectors, size_t channels, int start,
                            const v16d *x, const float *weights, double *output) {
  size_t c = 0;
  for (; c + PROJECT_CHANNELS <= channels; c += PROJECT_CHANNELS)
    project_tile(rows, k, features, vectors, PROJECT_CHANNELS, start, x, weights + c * k, output + c * rows);
  for (; c < channels; c++) project_tile(rows, k, features, vectors, 1, start, x, weights + c * k, output + c * rows);
}

static void project_f64(size_t rows, size_t k, size_t channels, const float *x_transposed, const float *weights,
                        const float *bias, double *output) {
  for (size_t row = 0; row < rows; row += 16 * PROJECT_VECTORS) {
    size_t vectors = (rows - row) / 16 < PROJECT_VECTORS ? (rows - row) / 16 : PROJECT_VECTORS;
    // At least one group, so that k = 0 gives zeros.
    for (size_t first = 0; first < k || first == 0; first += PROJECT_FEATURES) {
      size_t features = k - first < PROJECT_FEATURES ? k - first : PROJECT_FEATURES;
      v16d x[PROJECT_FEATURES * PROJECT_VECTORS];
      for (size_t i = 0; i < features; i++)
        for (size_t v = 0; v < vectors; v++)
          x[i * PROJECT_VECTORS + v] = d_widen(x_transposed + (first + i) * rows + row + 16 * v);
      if (vectors == PROJECT_VECTORS)
        project_channels(rows, k, features, PROJECT_VECTORS, channels, first == 0, x, weights + first, output + row);
      else
        project_channels(rows, k, features, 1, channels, first == 0, x, weights + first, output + row);
    }
  }
  for (size_t c = 0; c < channels; c++)
    for (size_t row = 0; row < rows; row += 16) {
      double *y = output + c * rows + row;
      d_store(y, d_add(d_load(y), d_widen_one(bias + c)));
    }
}
