// Rows of int8 codes to tiles (formats/glc.md, "Layouts") over the vocabulary of lanes: the keys and values of attention,
// which become the second operand of a product.
#pragma once

/// Codes [n][k] to tiles of 16 rows [ceil(n / 16)][k / 4][16][4]; missing rows are zero. k is a multiple of 4.
static void pack_tiles(size_t n, size_t k, const int8_t *codes, size_t stride, int8_t *tiles) {
  for (size_t first = 0; first < n; first += 16) {
    size_t count = n - first < 16 ? n - first : 16;
    for (size_t i = 0; i < k; i += 64) {
      // Four codes are a lane: 16 rows of 16 lanes are transposed, as bits.
      size_t lanes = k - i < 64 ? (k - i) / 4 : 16;
      v16f m[16];
      for (size_t r = 0; r < 16; r++) {
        m[r] = r >= count ? v_zero() : v_load_bits(codes + (first + r) * stride + i, lanes);
      }
      v_transpose(m);
      for (size_t f = 0; f < lanes; f++) v_store_bits(tiles + first * k + 16 * i + 64 * f, m[f]);
    }
  }
}

/// Codes [n][16 * blocks] to tiles of their columns [blocks][N / 4][16][4], N = n rounded up to 64; missing rows are zero.
static void pack_transposed_tiles(size_t n, size_t blocks, const int8_t *codes, size_t stride, int8_t *tiles) {
  static const int8_t zeros[16];
  size_t padded = (n + 63) / 64 * 64;
  for (size_t block = 0; block < blocks; block++) {
    const int8_t *column = codes + 16 * block;
    int8_t *output = tiles + 16 * block * padded;
    size_t i = 0;
    for (; i + 4 <= n; i += 4, output += 64) {
      const int8_t *row = column + i * stride;
      interleave_rows(row, row + stride, row + 2 * stride, row + 3 * stride, output);
    }
    if (i < n) {
      const int8_t *rows[4];
      for (size_t r = 0; r < 4; r++) rows[r] = i + r < n ? column + (i + r) * stride : zeros;
      interleave_rows(rows[0], rows[1], rows[2], rows[3], output);
      i += 4, output += 64;
    }
    if (i < padded) memset(output, 0, 16 * (padded - i));
  }
}
