// Quantization of activation rows (N3) over the vocabulary of lanes.
#pragma once

/// The scale of a row and its reciprocal from the largest magnitude's bits.
typedef struct {
  float scale, inverse;
  int finite;
} quantizer;

LANES quantizer make_quantizer(int32_t magnitude_bits) {
  if (magnitude_bits >= 0x7F800000) return (quantizer){0, 0, 0};
  if (magnitude_bits < 0x03800000) return (quantizer){0, 0, 1};
  float largest;
  memcpy(&largest, &magnitude_bits, sizeof largest);
  return (quantizer){largest / 127, 127 / largest, 1};
}

/// x[i...i+16), times the layer's input scales where there are any; lanes from `count` on are +0.
LANES v16f load_scaled(const float *x, const float *scales, size_t i, size_t count) {
  v16f value = count < 16 ? v_load_partial(x + i, count) : v_load(x + i);
  if (scales) value = v_mul(value, count < 16 ? v_load_partial(scales + i, count) : v_load(scales + i));
  return value;
}

/// The largest magnitude among a row's values, as bits.
LANES int32_t row_magnitude(size_t n, const float *x, const float *scales) {
  v16i largest = i_set1(0);
  size_t i = 0;
  for (; i + 16 <= n; i += 16) largest = i_max(largest, i_magnitude_bits(load_scaled(x, scales, i, 16)));
  if (i < n) largest = i_max(largest, i_magnitude_bits(load_scaled(x, scales, i, n - i)));
  return i_fold_max(largest);
}

/// Codes of a row, padded with zeros to a multiple of 64. A zero scale gives zeros. The clamp of N3 never binds:
/// |x| * (127 / a) is below 127.5 when |x| <= a.
LANES void quantize_row(size_t n, const float *x, const float *scales, quantizer by, int8_t *codes) {
  size_t padded = (n + 63) / 64 * 64, i = 0;
  if (by.scale == 0) {
    memset(codes, 0, padded);
    return;
  }
  v16f inverse = v_set1(by.inverse);
  for (; i + 16 <= n; i += 16) v_store_s8(codes + i, v_mul(load_scaled(x, scales, i, 16), inverse));
  if (i < n) {
    v_store_s8(codes + i, v_mul(load_scaled(x, scales, i, n - i), inverse));
    i += 16;
  }
  if (i < padded) memset(codes + i, 0, padded - i);
}

/// What the codes leave over: x - s q.
LANES v16f remainder_of(v16f x, quantizer by) {
  return v_fma(v_set1(-by.scale), v_round(v_mul(x, v_set1(by.inverse))), x);
}

static void quantize_remainder(size_t n, const float *x, const float *scales, quantizer by, int8_t *codes,
                               float *remainder_scale) {
  v16i largest = i_set1(0);
  for (size_t i = 0; i < n; i += 16) {
    size_t count = n - i < 16 ? n - i : 16;
    largest = i_max(largest, i_magnitude_bits(remainder_of(load_scaled(x, scales, i, count), by)));
  }
  quantizer second = make_quantizer(i_fold_max(largest));
  size_t padded = (n + 63) / 64 * 64;
  *remainder_scale = second.scale;
  memset(codes, 0, padded);
  if (second.scale == 0) return;
  for (size_t i = 0; i < n; i += 16) {
    size_t count = n - i < 16 ? n - i : 16;
    v16f left = remainder_of(load_scaled(x, scales, i, count), by);
    v_store_s8(codes + i, v_mul(left, v_set1(second.inverse)));
  }
}

static int quantize(const glck_quantize *q) {
  int failed = 0;
  for (size_t r = 0; r < q->rows; r++) {
    const float *x = q->input + r * q->input_stride;
    quantizer by = make_quantizer(q->row_magnitudes ? (int32_t)q->row_magnitudes[r]
                                                    : row_magnitude(q->n, x, q->input_scales));
    failed |= !by.finite;
    q->row_scales[r] = by.scale;
    quantize_row(q->n, x, q->input_scales, by, q->quantized + r * q->quantized_stride);
    if (q->remainders)
      quantize_remainder(q->n, x, q->input_scales, by, q->remainders + r * q->quantized_stride,
                         q->remainder_scales + r);
  }
  return failed;
}
