// The kernels of attention.
#include "harness.h"

/// How the relative columns go with the distance r.
enum { LINEAR, LOGARITHMIC, FEW, SKIPPING, COLUMN_KINDS };

static int32_t column_of(int kind, int32_t distance, int32_t keys) {
  int32_t far = distance < 0 ? -distance : distance, bucket = far <= 8 ? far : 8 + (far - 8 + 3) / 4;
  switch (kind) {
    case LINEAR: return distance + keys - 1;
    case LOGARITHMIC: return (distance < 0 ? -bucket : bucket) + keys;
    case SKIPPING: return distance < 0 ? 0 : distance < 5 ? distance : distance < 20 ? 3 * distance : 100;
    default: return distance < -2 ? 0 : distance > 1 ? 3 : distance + 2;
  }
}

enum { F32, QUANTIZED };

static void relative_softmax_case(run *r, const glck_kernels *kernels, int output, size_t keys, size_t rows, int kind,
                                  int parts, int together, float magnitude, int awkward) {
  begin_case(r, "quantized %d keys %zu rows %zu kind %d parts %d together %d magnitude %a awkward %d", output, keys,
             rows, kind, parts, together, (double)magnitude, awkward);
  uint32_t *positions = guarded(r, rows * sizeof *positions);
  for (size_t i = 0; i < rows; i++) positions[i] = together ? (uint32_t)i : random_below(r, (uint32_t)keys);
  int32_t *columns = guarded(r, (2 * keys - 1 + 15) * sizeof *columns), width = 0;
  for (size_t i = 0; i < 2 * keys - 1; i++) {
    columns[i] = column_of(kind, (int32_t)(keys - 1) - (int32_t)i, (int32_t)keys);
    if (columns[i] >= width) width = columns[i] + 1;
  }
  for (size_t i = 0; i < 15; i++) columns[2 * keys - 1 + i] = columns[2 * keys - 2];
  size_t stride = keys + 3, length = (rows - 1) * stride + keys, columns_count = (size_t)width;
  glck_relative_softmax p = {
      .rows = rows, .keys = keys, .positions = positions,
      .scores = (awkward ? awkward_floats : random_floats)(r, length, magnitude), .score_stride = stride,
      .query_relative = parts & 1 ? random_floats(r, rows * columns_count + 15, magnitude) : NULL,
      .query_relative_stride = columns_count,
      .key_relative = parts & 2 ? random_floats(r, keys * columns_count + 15, magnitude) : NULL,
      .key_relative_stride = columns_count, .columns = columns, .columns_skip = kind == SKIPPING, .scale = 0.21f};
  size_t padded = (keys + 63) / 64 * 64, code_length = (rows - 1) * (padded + 64) + padded;
  if (output == F32) {
    p.row_sums = guarded_floats(r, rows);
  } else {
    // Awkward cases have scales about as small as a row that is quantized may be.
    p.value_scales = random_floats(r, keys, awkward ? 1e-34f : 0.05f);
    p.quantized = guarded(r, code_length), p.remainders = guarded(r, code_length);
    p.quantized_stride = padded + 64;
    p.row_scales = guarded_floats(r, rows), p.remainder_scales = guarded_floats(r, rows);
  }
  result_int(r, kernels->relative_softmax(&p) != 0);
  result_floats(r, p.scores, length);
  if (output == F32) {
    result_floats(r, p.row_sums, rows);
    return;
  }
  result_bytes(r, p.quantized, code_length);
  result_bytes(r, p.remainders, code_length);
  result_floats(r, p.row_scales, rows);
  result_floats(r, p.remainder_scales, rows);
}

static void relative_softmax_cases(run *r, const glck_kernels *kernels, int output) {
  for (const size_t *keys = awkward_lengths; *keys && *keys < 200; keys++)
    for (int kind = 0; kind < COLUMN_KINDS; kind++)
      relative_softmax_case(r, kernels, output, *keys, *keys < 40 ? *keys : 40, kind, 3, 1, 3, 0);
  for (int parts = 0; parts < 4; parts++) {
    relative_softmax_case(r, kernels, output, 50, 50, LOGARITHMIC, parts, 1, 3, 0);
    relative_softmax_case(r, kernels, output, 50, 7, LOGARITHMIC, parts, 0, 3, 0);
    relative_softmax_case(r, kernels, output, 37, 37, LOGARITHMIC, parts, 1, 500, 0);
    relative_softmax_case(r, kernels, output, 37, 5, LINEAR, parts, 0, 0, 0);
    for (size_t keys = 1; keys <= 9; keys += 4)
      relative_softmax_case(r, kernels, output, keys, keys, LOGARITHMIC, parts, 1, 3, 1);
  }
}

static void relative_softmax(run *r, const glck_kernels *kernels) { relative_softmax_cases(r, kernels, F32); }
static void quantizing_softmax(run *r, const glck_kernels *kernels) { relative_softmax_cases(r, kernels, QUANTIZED); }

static void pack_tiles(run *r, const glck_kernels *kernels) {
  for (size_t n = 1; n <= 70; n += 3)
    for (size_t k = 4; k <= 140; k += 20) {
      begin_case(r, "tiles n %zu k %zu", n, k);
      size_t stride = k + 5, length = (n + 15) / 16 * 16 * k;
      int8_t *tiles = guarded(r, length);
      kernels->pack_tiles(n, k, random_codes(r, (n - 1) * stride + k, NO_CODE), stride, tiles);
      result_bytes(r, tiles, length);
    }
  for (size_t n = 0; n <= 130; n += 3)
    for (size_t blocks = 1; blocks <= 4; blocks++) {
      begin_case(r, "transposed n %zu blocks %zu", n, blocks);
      size_t stride = 16 * blocks + 5, length = (n + 63) / 64 * 64 * 16 * blocks;
      int8_t *tiles = guarded(r, length);
      kernels->pack_transposed_tiles(n, blocks, random_codes(r, n ? (n - 1) * stride + 16 * blocks : 0, NO_CODE), stride, tiles);
      result_bytes(r, tiles, length);
    }
}

const family attention_families[] = {{"relative_softmax", relative_softmax},
                                     {"quantizing_softmax", quantizing_softmax},
                                     {"pack_tiles", pack_tiles},
                                     {0}};
