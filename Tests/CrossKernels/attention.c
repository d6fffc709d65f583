// The kernels of attention.
#include "harness.h"

/// How the relative columns go with the distance r: never skipping, as buckets do, or anyhow.
enum { LINEAR, LOGARITHMIC, ASCENDING, SCATTERED, FEW, COLUMN_KINDS };

static int32_t column_of(run *r, int kind, int32_t distance, int32_t keys) {
  int32_t far = distance < 0 ? -distance : distance, bucket = far <= 8 ? far : 8 + (far - 8 + 3) / 4;
  switch (kind) {
    case LINEAR: return distance + keys - 1;
    case LOGARITHMIC: return (distance < 0 ? -bucket : bucket) + keys;
    case ASCENDING: return keys - 1 - distance;
    case SCATTERED: return (int32_t)random_below(r, 4 * (uint32_t)keys);
    default: return distance < -2 ? 0 : distance > 1 ? 3 : distance + 2;
  }
}

static void relative_softmax_case(run *r, const glck_kernels *kernels, size_t keys, size_t rows, int kind, int parts,
                                  int together, float magnitude, int awkward) {
  begin_case(r, "keys %zu rows %zu kind %d parts %d together %d magnitude %a awkward %d", keys, rows, kind, parts,
             together, (double)magnitude, awkward);
  uint32_t *positions = guarded(r, rows * sizeof *positions);
  for (size_t i = 0; i < rows; i++) positions[i] = together ? (uint32_t)i : random_below(r, (uint32_t)keys);
  int32_t *columns = guarded(r, (2 * keys - 1) * sizeof *columns), width = 0;
  for (size_t i = 0; i < 2 * keys - 1; i++) {
    columns[i] = column_of(r, kind, (int32_t)(keys - 1) - (int32_t)i, (int32_t)keys);
    if (columns[i] >= width) width = columns[i] + 1;
  }
  size_t stride = keys + 3, length = (rows - 1) * stride + keys, columns_count = (size_t)width;
  glck_relative_softmax p = {
      .rows = rows, .keys = keys, .positions = positions,
      .scores = (awkward ? awkward_floats : random_floats)(r, length, magnitude), .score_stride = stride,
      .query_relative = parts & 1 ? random_floats(r, rows * columns_count, magnitude) : NULL,
      .query_relative_stride = columns_count,
      .key_relative = parts & 2 ? random_floats(r, keys * columns_count, magnitude) : NULL,
      .key_relative_stride = columns_count, .columns = columns, .scale = 0.21f, .row_sums = guarded_floats(r, rows)};
  kernels->relative_softmax(&p);
  result_floats(r, p.scores, length);
  result_floats(r, p.row_sums, rows);
}

static void relative_softmax(run *r, const glck_kernels *kernels) {
  for (const size_t *keys = awkward_lengths; *keys && *keys < 200; keys++)
    for (int kind = 0; kind < COLUMN_KINDS; kind++)
      relative_softmax_case(r, kernels, *keys, *keys < 40 ? *keys : 40, kind, 3, 1, 3, 0);
  for (int parts = 0; parts < 4; parts++) {
    relative_softmax_case(r, kernels, 50, 50, LOGARITHMIC, parts, 1, 3, 0);
    relative_softmax_case(r, kernels, 50, 7, LOGARITHMIC, parts, 0, 3, 0);
    relative_softmax_case(r, kernels, 37, 37, LOGARITHMIC, parts, 1, 500, 0);
    relative_softmax_case(r, kernels, 37, 5, LINEAR, parts, 0, 0, 0);
    relative_softmax_case(r, kernels, 9, 9, LOGARITHMIC, parts, 1, 3, 1);
  }
}

const family attention_families[] = {{"relative_softmax", relative_softmax}, {0}};
