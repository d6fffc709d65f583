// SIMD kernels of the engine. What each computes, to the bit, is fixed in formats/numerics.md ("N" below); every
// instruction set gives the same bits. Matrices are row-major; a stride is the distance between rows, in elements.
// Pointers are checked by the caller: no kernel reads or writes outside the ranges stated here.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The revision of formats/numerics.md that these kernels implement.
enum { GLCK_NUMERICS_REVISION = 1 };

/// Channels in a block, floats in a vector of N1, features in a tile.
enum { GLCK_LANES = 16, GLCK_TILE_FEATURES = 64 };

/// Bytes a feature that products with int4 weights unpack them to: four blocks of channels.
enum { GLCK_UNPACKED_BYTES = 64 };

/// The activation functions of N2. Products apply the first two themselves.
typedef enum {
  GLCK_ACTIVATION_NONE = 0,
  GLCK_ACTIVATION_GELU = 1,
  GLCK_ACTIVATION_GELU_TANH,
  GLCK_ACTIVATION_GELU_10,
  GLCK_ACTIVATION_QUICK_GELU,
  GLCK_ACTIVATION_RELU,
  GLCK_ACTIVATION_RELU2,
  GLCK_ACTIVATION_RELU6,
  GLCK_ACTIVATION_LEAKY_RELU,
  GLCK_ACTIVATION_SIGMOID,
  GLCK_ACTIVATION_SILU,
  GLCK_ACTIVATION_TANH,
  GLCK_ACTIVATION_HARDSWISH,
  GLCK_ACTIVATION_MISH,
  GLCK_ACTIVATION_LAPLACE
} glck_activation;

/// int4 weights in tiles (formats/glc.md, "Encodings"): those of int8 are (n - 8) * multiplier.
typedef struct {
  const uint8_t *nibbles;  // [blocks][k / 4][32]: n of byte j of an int8 tile's row and, in the high half, of byte j + 32
  const uint8_t *multipliers;  // [blocks][k / group_size, rounded up][16 channels], in 1...15
  size_t group_size;           // features, a multiple of 4; the last group of a channel may be shorter
} glck_tiles_s4;

/// int8 product with dequantization, bias and activation function (N4).
typedef struct {
  size_t rows;    // activation rows, 0 allowed
  size_t k;       // features: 16...65,536, a multiple of 16
  size_t blocks;  // output channels / 16
  const int8_t *activations;  // [rows][k], values in [-127, 127]
  size_t activation_stride;
  const float *row_scales;    // [rows]
  const int8_t *remainders;   // [rows][k] with the same stride, or NULL
  const float *remainder_scales;  // [rows] when there are remainders
  const int8_t *tiles;           // [blocks][k / 4][16 channels][4 features], 64-byte aligned
  glck_tiles_s4 packed;          // in place of the tiles where its nibbles are not NULL; k is a multiple of 64 then
  int8_t *scratch;               // GLCK_UNPACKED_BYTES * k for them, 64-byte aligned. Calls at the same time need their own
  const int32_t *channel_sums;   // [16 * blocks]: sum of a channel's weights, for kernels that read them
  const float *channel_scales;   // [16 * blocks]
  const float *bias;             // [16 * blocks] or NULL
  glck_activation activation;
  const float *output_scales;  // [16 * blocks] or NULL: the input scales of the layer that the outputs are quantized for,
                               // by which they are multiplied last
  float *output;  // [rows][16 * blocks]
  size_t output_stride;
  uint32_t *row_magnitudes;  // [rows] or NULL: each raised to the largest bits(y) & 0x7FFFFFFF of its outputs, for
                             // glck_quantize. Calls at the same time need arrays of their own
} glck_product_s8;

/// How floats are stored.
typedef enum { GLCK_F32 = 0, GLCK_F16 = 1, GLCK_BF16 = 2 } glck_float;

/// f32 product in panels of 16 columns (N4): output = a * b (+ bias), fma over k in ascending order.
typedef struct {
  size_t rows;
  size_t k;
  size_t blocks;         // columns / 16
  const float *a;        // [rows][k]
  size_t a_stride;
  const void *b;         // column c of block n at feature k is b[n * b_block_stride + k * b_stride + c]
  glck_float b_type;     // of what: 16-bit floats are widened exactly first
  size_t b_stride;
  size_t b_block_stride;
  const float *bias;     // [16 * blocks] or NULL
  glck_activation activation;
  float *output;         // [rows][16 * blocks]
  size_t output_stride;
} glck_product_f32;

/// Row quantization (N3), optionally with the remainder row.
typedef struct {
  size_t rows;
  size_t n;             // features of a row
  const float *input;   // [rows][n]
  size_t input_stride;
  const float *input_scales;  // [n] or NULL
  int8_t *quantized;    // [rows][n rounded up to 64], padded with zeros
  size_t quantized_stride;
  float *row_scales;    // [rows]
  int8_t *remainders;   // as quantized, or NULL
  float *remainder_scales;
  const uint32_t *row_magnitudes;  // [rows]: the largest bits & 0x7FFFFFFF of each row, where known; only without
                                   // input_scales. NULL: found here
} glck_quantize;

/// (Residual +) LayerNorm, optionally with the quantization of its output in the same pass (N5.2, N3).
/// `output` may be `input` or `residual`.
typedef struct {
  size_t rows;
  size_t n;
  const float *input;     // [rows][n]
  size_t input_stride;
  const float *residual;  // [rows][n] or NULL
  size_t residual_stride;
  const float *gain;      // [n]
  const float *bias;      // [n]
  float epsilon;
  float *output;          // [rows][n]
  size_t output_stride;
  const float *input_scales;  // [n] or NULL: of the layer that the quantized row is for
  int8_t *quantized;      // [rows][n rounded up to 64] or NULL
  size_t quantized_stride;
  float *row_scales;      // [rows] when quantized
} glck_layer_norm;

/// Scores of one head for some queries of one text, from their parts to unnormalized probabilities (N5.4).
typedef struct {
  size_t rows;                 // queries
  size_t keys;                 // tokens of the text
  const uint32_t *positions;   // [rows]: each query's position in the text, below keys
  float *scores;               // [rows][keys]: in dot(Q, K), out exp(s - maximum)
  size_t score_stride;
  const float *query_relative;  // [rows][columns]: dot(Q_i, Kr), or NULL
  size_t query_relative_stride;
  const float *key_relative;    // [keys][columns]: dot(K_j, Qr), or NULL
  size_t key_relative_stride;
  // Of both, 15 floats behind the last column of every row are read too, but not used.
  const int32_t *columns;  // [2 * keys - 1 + 15]: columns[j - i + keys - 1] is the relative column of query i and key j;
                           // none is above the one before it, and the last is repeated 15 times
  int columns_skip;        // whether one is more than one below the one before it: slower
  float scale;
  float *row_sums;         // [rows]: z, where value_scales is NULL
  const float *value_scales;  // [keys]: scale of each key's quantized value, or NULL; then the scores that come out are
                              // multiplied by them and quantized (N5.7)
  int8_t *quantized;       // [rows][keys rounded up to 64], padded with zeros
  size_t quantized_stride;
  float *row_scales;       // [rows]: scale / z
  int8_t *remainders;      // as quantized
  float *remainder_scales;  // [rows]: scale / 254 / z
} glck_relative_softmax;

/// The kernels of one instruction set. All are thread-safe and assume the environment of glck_enter().
typedef struct {
  const char *name;  // "scalar", "avx2", "avx512vnni"
  void (*product_s8)(const glck_product_s8 *);
  int reads_channel_sums;  // whether product_s8 does
  void (*product_f32)(const glck_product_f32 *);
  /// Returns nonzero when a row was not finite (N7).
  int (*quantize)(const glck_quantize *);
  /// Returns nonzero when a row was not finite (N7).
  int (*layer_norm)(const glck_layer_norm *);
  /// Returns nonzero when a row that was to be quantized was not finite (N7).
  int (*relative_softmax)(const glck_relative_softmax *);
  /// x[r][c] = x[r][c] / sums[r] for c < n.
  void (*divide_rows)(size_t rows, size_t n, float *x, size_t stride, const float *sums);
  /// output[i] = (float)codes[i] * scale.
  void (*widen_row)(size_t n, const int8_t *codes, float scale, float *output);
  /// The same of an int4 row: byte j of every 32 holds features j and, in the high half, j + 32 of 64;
  /// output[i] = (float)((nibble - 8) * multipliers[i / group_size]) * scale. group_size is a multiple of 32. All bytes of
  /// the last 64 features are read.
  void (*widen_row_s4)(size_t n, const uint8_t *nibbles, const uint8_t *multipliers, size_t group_size, float scale,
                       float *output);
  /// output[i] = values[i], exactly. Subnormals are kept; any NaN gives one.
  void (*widen_floats)(size_t n, glck_float type, const void *values, float *output);
  /// int4 tiles to those of int8, 64-byte aligned; k is a multiple of 4.
  void (*unpack_tiles)(size_t k, size_t blocks, const glck_tiles_s4 *packed, int8_t *tiles);
  /// One block of tiles [k / 4][16][4] and its 16 scales to an f32 panel [k][16]; k is a multiple of 4.
  void (*widen_panel)(size_t k, const int8_t *tiles, const float *scales, float *panel);
  /// sums[16 * b + c] = the sum of all codes of channel c in block b of tiles [blocks][k / 4][16][4]; k is a multiple
  /// of 4, at most 65,536.
  void (*channel_sums)(size_t k, size_t blocks, const int8_t *tiles, int32_t *sums);
  /// Rows [n][k] to panels [ceil(n / 16)][k][16], missing rows zero.
  void (*pack_panels)(size_t n, size_t k, const float *rows, size_t stride, float *panels);
  /// Codes [n][k], k a multiple of 4, to tiles [ceil(n / 16)][k / 4][16][4], missing rows zero.
  void (*pack_tiles)(size_t n, size_t k, const int8_t *codes, size_t stride, int8_t *tiles);
  /// Codes [n][16 * blocks] to tiles of their columns, [blocks][n rounded up to 64 / 4][16][4], missing rows zero.
  void (*pack_transposed_tiles)(size_t n, size_t blocks, const int8_t *codes, size_t stride, int8_t *tiles);
  /// Sum of a[i] * b[i] (N6.6).
  float (*dot)(size_t n, const float *a, const float *b);
  /// x[i] = exp(x[i]), activation(x[i]) (N2); n may be anything.
  void (*exp_rows)(size_t n, float *x);
  void (*activate_rows)(glck_activation activation, size_t n, float *x);
  /// y[i] = fma(factor, x[i], y[i]).
  void (*add_scaled)(size_t n, float factor, const float *x, float *y);
  /// output[c][r] = bias[c] + sum over k, ascending, of x[k][r] * weights[c][k], in binary64: each product exact, each
  /// sum rounded once, bias added last. For the conversion. rows is a multiple of 16.
  void (*project_f64)(size_t rows, size_t k, size_t channels, const float *x_transposed, const float *weights,
                      const float *bias, double *output);
  /// The instructions of the int8 and the f32 product on registers alone, so that measurements have a limit to be
  /// compared with. Return the multiply-accumulates done.
  uint64_t (*int8_limit)(uint64_t iterations);
  uint64_t (*f32_limit)(uint64_t iterations);
} glck_kernels;

/// The number of instruction sets compiled in for this architecture, worst first; index 0 is scalar.
size_t glck_kernels_count(void);
/// The kernels at `index`, or NULL when this machine (processor and operating system) cannot run them.
/// The name is available either way.
const glck_kernels *glck_kernels_at(size_t index);
const char *glck_kernels_name(size_t index);
/// The best kernels that this machine runs.
const glck_kernels *glck_kernels_best(void);

/// 1 / (1 + exp(-z)) (N2), scalar.
float glck_sigmoid(float z);

/// Sets the floating-point environment of N and returns the previous one, for glck_leave().
uint64_t glck_enter(void);
void glck_leave(uint64_t environment);

/// CRC-32 (IEEE 802.3, reflected, as zlib's crc32) of `count` bytes, continuing from `crc` (0 at the start).
uint32_t glck_crc32(uint32_t crc, const void *bytes, size_t count);
/// The same by tables alone: the oracle.
uint32_t glck_crc32_portable(uint32_t crc, const void *bytes, size_t count);

#ifdef __cplusplus
}
#endif
