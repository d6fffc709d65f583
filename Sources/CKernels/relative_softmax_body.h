// Scores of one head from their parts to unnormalized probabilities (N5.4), which are quantized where their products
// with the values are in int8 (N5.7), over the vocabulary of lanes.
//
// For one query the relative columns of 16 neighbouring keys are close together, and so are those of 16 neighbouring
// queries for one key: buckets hardly ever skip. So both parts are read as a window of 16 floats and a permutation,
// instead of 16 scattered loads; the key part comes out with queries along the lanes and is transposed, 16 by 16.
#pragma once

/// row[columns[t]] for t < 16. Columns fall by one or stay from one to the next, or they skip.
LANES v16f relative_window(const float *row, const int32_t *columns, int skip) {
  if (skip) {
    float values[16];
    for (int t = 0; t < 16; t++) values[t] = row[columns[t]];
    return v_load(values);
  }
  int32_t base = columns[15];
  return v_lookup(v_load(row + base), i_sub(i_load(columns), i_set1(base)));
}

/// dot(K_j, Qr) for `queries` queries at positions that follow each other up to `last` and `keys` keys from `key`:
/// t[r] holds the keys of the query r before the last, so that the table is read upward.
LANES void key_part(const glck_relative_softmax *p, size_t last, size_t key, size_t keys, int skip, v16f t[16]) {
  const int32_t *columns = p->columns + (p->keys - 1 + key - last);
  size_t stride = p->key_relative_stride;
  const float *relative = p->key_relative + key * stride;
  if (keys == 16) {
#pragma clang loop unroll(full)
    for (size_t j = 0; j < 16; j++) t[j] = relative_window(relative + j * stride, columns + j, skip);
  } else {
    for (size_t j = 0; j < keys; j++) t[j] = relative_window(relative + j * stride, columns + j, skip);
    for (size_t j = keys; j < 16; j++) t[j] = v_zero();
  }
  v_transpose(t);
}

/// The same for one query, one element at a time.
LANES v16f key_part_single(const glck_relative_softmax *p, size_t row, size_t key, size_t keys) {
  const int32_t *columns = p->columns + (p->keys - 1 + key - p->positions[row]);
  const float *relative = p->key_relative + key * p->key_relative_stride;
  float values[16] = {0};
  for (size_t j = 0; j < keys; j++) values[j] = relative[j * p->key_relative_stride + (size_t)columns[j]];
  return v_load(values);
}

/// Scores of 16 queries at positions that follow each other and 16 keys: both parts added in order, scaled, stored; the
/// maximum of each row is kept.
LANES void whole_block(const glck_relative_softmax *p, size_t row, size_t key, v16f maxima[16]) {
  size_t first = p->positions[row], score_stride = p->score_stride, stride = p->query_relative_stride;
  v16f scale = v_set1(p->scale), t[16];
  key_part(p, first + 15, key, 16, 0, t);
  float *scores = p->scores + row * score_stride + key;
  const float *relative = p->query_relative + row * stride;
  const int32_t *columns = p->columns + (p->keys - 1 + key - first);
#pragma clang loop unroll(full)
  for (size_t r = 0; r < 16; r++) {
    v16f c = v_add(v_load(scores + r * score_stride), relative_window(relative + r * stride, columns - r, 0));
    c = v_mul(v_add(c, t[15 - r]), scale);
    v_store(scores + r * score_stride, c);
    maxima[r] = v_max(maxima[r], c);
  }
}

/// The same for up to 16 queries and keys, with what parts there are.
LANES void some_block(const glck_relative_softmax *p, size_t row, size_t queries, size_t key, size_t keys, int together,
                      v16f maxima[16]) {
  v16f scale = v_set1(p->scale), t[16];
  int skip = p->columns_skip;
  if (p->key_relative && together) key_part(p, (size_t)p->positions[row] + queries - 1, key, keys, skip, t);
  for (size_t r = 0; r < queries; r++) {
    float *scores = p->scores + (row + r) * p->score_stride + key;
    v16f c = v_load_partial(scores, keys);
    if (p->query_relative) {
      const int32_t *columns = p->columns + (p->keys - 1 + key - p->positions[row + r]);
      c = v_add(c, relative_window(p->query_relative + (row + r) * p->query_relative_stride, columns, skip));
    }
    if (p->key_relative) c = v_add(c, together ? t[queries - 1 - r] : key_part_single(p, row + r, key, keys));
    c = v_mul(c, scale);
    v_store_partial(scores, c, keys);
    maxima[r] = v_max(maxima[r], v_fill(c, keys, -INFINITY));
  }
}

static void relative_scores(const glck_relative_softmax *p, size_t row, size_t queries, v16f maxima[16]) {
  int together = queries >= 4;
  for (size_t r = 1; r < queries; r++) together &= p->positions[row + r] == p->positions[row] + r;
  int whole = together && !p->columns_skip && queries == 16 && p->query_relative && p->key_relative;
  for (size_t r = 0; r < 16; r++) maxima[r] = v_set1(-INFINITY);
  for (size_t key = 0; key < p->keys; key += 16) {
    size_t keys = p->keys - key < 16 ? p->keys - key : 16;
    if (whole && keys == 16)
      whole_block(p, row, key, maxima);
    else
      some_block(p, row, queries, key, keys, together, maxima);
  }
}

/// exp(score - maximum) of one query, stored; its sum (N1).
static float exponentials(const glck_relative_softmax *p, size_t row, v16f maximum) {
  float *scores = p->scores + row * p->score_stride;
  size_t tail = p->keys % 16, whole = p->keys - tail;
  v16f sum = v_zero();
  for (size_t key = 0; key < whole; key += 16) {
    v16f e = v_exp(v_sub(v_load(scores + key), maximum));
    v_store(scores + key, e);
    sum = v_add(sum, e);
  }
  if (tail) {
    v16f e = v_fill(v_exp(v_sub(v_load_partial(scores + whole, tail), maximum)), tail, 0);
    v_store_partial(scores + whole, e, tail);
    sum = v_add(sum, e);
  }
  return v_fold_sum(sum);
}

/// Codes of a row and of what they leave over, which is at most half a step: its step is a 254th. Both padded with zeros
/// to a multiple of 64.
static void quantize_weighted(size_t n, const float *x, quantizer by, int8_t *codes, int8_t *remainders) {
  size_t padded = (n + 63) / 64 * 64, i = 0;
  if (by.scale == 0) {
    memset(codes, 0, padded);
    memset(remainders, 0, padded);
    return;
  }
  v16f scale = v_set1(-by.scale), inverse = v_set1(by.inverse);
  for (; i < n; i += 16) {
    v16f value = n - i < 16 ? v_load_partial(x + i, n - i) : v_load(x + i), scaled = v_mul(value, inverse);
    v_store_s8(codes + i, scaled);
    // Twice, since the inverse times 254 may be infinite.
    v_store_s8(remainders + i, v_mul(v_mul(v_fma(scale, v_round(scaled), value), inverse), v_set1(254)));
  }
  if (i < padded) memset(codes + i, 0, padded - i);
  if (i < padded) memset(remainders + i, 0, padded - i);
}

/// The same, each times the scale of its value; stored, and quantized (N5.7). Returns nonzero when the row was not finite.
static int quantized_exponentials(const glck_relative_softmax *p, size_t row, v16f maximum) {
  float *scores = p->scores + row * p->score_stride;
  const float *value_scales = p->value_scales;
  size_t tail = p->keys % 16, whole = p->keys - tail;
  v16f sum = v_zero();
  v16i largest = i_set1(0);
  for (size_t key = 0; key < whole; key += 16) {
    v16f e = v_exp(v_sub(v_load(scores + key), maximum)), weighted = v_mul(e, v_load(value_scales + key));
    v_store(scores + key, weighted);
    sum = v_add(sum, e);
    largest = i_max(largest, i_magnitude_bits(weighted));
  }
  if (tail) {
    v16f e = v_fill(v_exp(v_sub(v_load_partial(scores + whole, tail), maximum)), tail, 0);
    v16f weighted = v_mul(e, v_load_partial(value_scales + whole, tail));
    v_store_partial(scores + whole, weighted, tail);
    sum = v_add(sum, e);
    largest = i_max(largest, i_magnitude_bits(weighted));
  }
  quantizer by = make_quantizer(i_fold_max(largest));
  float z = v_fold_sum(sum);
  p->row_scales[row] = by.scale / z;
  p->remainder_scales[row] = by.scale / 254 / z;
  quantize_weighted(p->keys, scores, by, p->quantized + row * p->quantized_stride,
                    p->remainders + row * p->quantized_stride);
  return !by.finite;
}

static int relative_softmax(const glck_relative_softmax *p) {
  if (p->keys == 0) return 0;
  int failed = 0;
  for (size_t row = 0; row < p->rows; row += 16) {
    size_t queries = p->rows - row < 16 ? p->rows - row : 16;
    v16f maxima[16];
    relative_scores(p, row, queries, maxima);
    for (size_t r = 0; r < queries; r++) {
      v16f maximum = v_set1(v_fold_max(maxima[r]));
      if (p->value_scales)
        failed |= quantized_exponentials(p, row + r, maximum);
      else
        p->row_sums[row + r] = exponentials(p, row + r, maximum);
    }
  }
  return failed;
}
