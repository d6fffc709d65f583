// The int8 and f32 products, and the forms that their weights come in.
#include <string.h>
#include "harness.h"

typedef struct {
  size_t rows, k, blocks;
  int remainder, no_bias, gelu, magnitudes, scaled;
  int fixed, activation, weight;  // codes that are all alike, or random ones
  size_t group;                   // int4 with as many features a group, or int8
  int multiplier;                 // of all groups, or random ones
} s8_case;

/// n of 1...15 in both halves, or `fixed` + 8.
static uint8_t *random_nibbles(run *r, size_t count, int fixed) {
  uint8_t *nibbles = guarded(r, count);
  for (size_t i = 0; i < count; i++) {
    uint32_t low = fixed == NO_CODE ? 1 + random_below(r, 15) : (uint32_t)(fixed + 8);
    uint32_t high = fixed == NO_CODE ? 1 + random_below(r, 15) : (uint32_t)(fixed + 8);
    nibbles[i] = (uint8_t)(low | high << 4);
  }
  return nibbles;
}

static glck_tiles_s4 random_packed(run *r, size_t k, size_t blocks, size_t group, int code, int multiplier) {
  size_t groups = (k + group - 1) / group, count = 16 * blocks * groups;
  uint8_t *multipliers = guarded(r, count);
  for (size_t i = 0; i < count; i++) multipliers[i] = (uint8_t)(multiplier ? multiplier : 1 + (int)random_below(r, 15));
  return (glck_tiles_s4){random_nibbles(r, 8 * blocks * k, code), multipliers, group};
}

static void product_s8_case(run *r, const glck_kernels *kernels, s8_case c) {
  begin_case(r, "rows %zu k %zu blocks %zu remainder %d no_bias %d gelu %d magnitudes %d fixed %d activation %d "
             "weight %d%s", c.rows, c.k, c.blocks, c.remainder, c.no_bias, c.gelu, c.magnitudes, c.fixed, c.activation, c.weight,
             c.scaled ? " scaled" : "");
  int activation = c.fixed ? c.activation : NO_CODE;
  // Rows lie apart, and the last ends with its features.
  size_t channels = 16 * c.blocks, stride = c.k + 48, output_stride = channels + 3;
  size_t length = c.rows ? (c.rows - 1) * stride + c.k : 0;
  size_t output_length = c.rows ? (c.rows - 1) * output_stride + channels : 0;
  glck_tiles_s4 packed = {0};
  int8_t *tiles, *scratch = NULL;
  if (c.group) {
    packed = random_packed(r, c.k, c.blocks, c.group, c.fixed ? c.weight : NO_CODE, c.multiplier);
    tiles = guarded(r, channels * c.k);
    scratch = guarded(r, GLCK_UNPACKED_BYTES * c.k);
    kernels->unpack_tiles(c.k, c.blocks, &packed, tiles);
    result_bytes(r, tiles, channels * c.k);
  } else {
    tiles = random_codes(r, channels * c.k, c.fixed ? c.weight : NO_CODE);
  }
  int32_t *sums = guarded(r, channels * sizeof *sums);
  for (size_t n = 0; n < channels; n++) {
    sums[n] = 0;
    for (size_t i = 0; i < c.k; i++) sums[n] += tiles[n / 16 * 16 * c.k + i / 4 * 64 + n % 16 * 4 + i % 4];
  }
  glck_product_s8 p = {
      .rows = c.rows, .k = c.k, .blocks = c.blocks,
      .activations = random_codes(r, length, activation), .activation_stride = stride,
      .row_scales = random_floats(r, c.rows, 0.02f),
      .remainders = c.remainder ? random_codes(r, length, activation) : NULL,
      .remainder_scales = c.remainder ? random_floats(r, c.rows, 0.0001f) : NULL,
      .tiles = tiles, .channel_sums = kernels->reads_channel_sums ? sums : NULL, .channel_scales = random_floats(r, channels, 0.01f),
      .bias = c.no_bias ? NULL : random_floats(r, channels, 1),
      .activation = c.gelu ? GLCK_ACTIVATION_GELU : GLCK_ACTIVATION_NONE,
      .output_scales = c.scaled ? random_floats(r, channels, 3) : NULL,
      .output = guarded_floats(r, output_length), .output_stride = output_stride,
      .row_magnitudes = c.magnitudes ? guarded(r, c.rows * sizeof(uint32_t)) : NULL};
  // Raised, not set: some rows begin with more than they will have.
  if (c.magnitudes)
    for (size_t row = 0; row < c.rows; row++) p.row_magnitudes[row] = row % 4 == 3 ? 0x60000000 : 0;
  kernels->product_s8(&p);
  result_floats(r, p.output, output_length);
  if (c.magnitudes) result_bytes(r, p.row_magnitudes, c.rows * sizeof(uint32_t));
  if (!c.group) return;
  // int4 gives the bits of the int8 weights that it stands for.
  const float *expected = p.output;
  p.output = guarded_floats(r, output_length), p.tiles = NULL, p.packed = packed, p.scratch = scratch;
  kernels->product_s8(&p);
  REQUIRE(r, !memcmp(p.output, expected, output_length * sizeof *expected));
}

#define S8(...) product_s8_case(r, kernels, (s8_case){__VA_ARGS__})

static void product_s8(run *r, const glck_kernels *kernels) {
  for (size_t rows = 0; rows <= 17; rows++) S8(.rows = rows, .k = 64, .blocks = 5);
  for (size_t blocks = 1; blocks <= 9; blocks++) S8(.rows = 7, .k = 128, .blocks = blocks);
  // Any multiple of 16, on both sides of every multiple of 32, and around a panel of 512.
  for (size_t k = 16; k <= 160; k += 16) S8(.rows = 9, .k = k, .blocks = 2);
  for (size_t k = 496; k <= 544; k += 16) S8(.rows = 13, .k = k, .blocks = 1, .remainder = 1);
  for (size_t rows = 1; rows <= 14; rows += 4) {
    S8(.rows = rows, .k = 192, .blocks = 6, .remainder = 1);
    S8(.rows = rows, .k = 192, .blocks = 6, .remainder = 1, .no_bias = 1, .gelu = 1);
    S8(.rows = rows, .k = 192, .blocks = 6, .remainder = 1, .gelu = 1, .magnitudes = 1);
    S8(.rows = rows, .k = 192, .blocks = 7, .no_bias = 1, .magnitudes = 1);
    S8(.rows = rows, .k = 768, .blocks = 3, .gelu = 1);
  }
  S8(.rows = 5, .k = 0, .blocks = 2);
  // More rows than are gone through together, where that is limited by their number or by their bytes.
  S8(.rows = 129, .k = 256, .blocks = 2);
  S8(.rows = 193, .k = 48, .blocks = 1);
  S8(.rows = 385, .k = 16, .blocks = 1);
  S8(.rows = 41, .k = 3072, .blocks = 1);
  S8(.rows = 7, .k = 10912, .blocks = 1);
  S8(.rows = 7, .k = 10928, .blocks = 1);
}

/// Pairs that saturate 16 bits with an unsigned offset, and sums that nearly leave 32 bits.
static void product_s8_extremes(run *r, const glck_kernels *kernels) {
  static const int codes[] = {-127, 127, 0, 1, -1};
  for (size_t a = 0; a < 5; a++)
    for (size_t w = 0; w < 5; w++)
      S8(.rows = 5, .k = 80, .blocks = 4, .fixed = 1, .activation = codes[a], .weight = codes[w]);
  for (size_t a = 0; a < 2; a++)
    for (size_t w = 0; w < 2; w++) {
      S8(.rows = 6, .k = 10912, .blocks = 1, .fixed = 1, .activation = codes[a], .weight = codes[w]);
      S8(.rows = 3, .k = 65536, .blocks = 1, .fixed = 1, .activation = codes[a], .weight = codes[w], .no_bias = 1);
    }
}

/// int4 weights: groups of every width, whole and cut short; and what follows the sums.
static void product_s4(run *r, const glck_kernels *kernels) {
  static const size_t groups[] = {4, 32, 64, 96, 128, 192};
  for (size_t rows = 0; rows <= 33; rows++) S8(.rows = rows, .k = 64, .blocks = 1 + rows % 7, .group = 32);
  for (size_t g = 0; g < 6; g++)
    for (size_t k = 64; k <= 320; k += 64) S8(.rows = 9, .k = k, .blocks = 5, .group = groups[g], .magnitudes = 1);
  for (size_t k = 448; k <= 1088; k += 64) S8(.rows = 7, .k = k, .blocks = 2, .group = k, .remainder = 1, .gelu = 1);
  for (size_t rows = 15; rows <= 65; rows += rows < 17 ? 1 : 8)
    S8(.rows = rows, .k = 832, .blocks = 7, .group = 128, .remainder = (int)rows % 2);
  for (size_t code = 0; code < 2; code++)
    for (size_t multiplier = 1; multiplier <= 15; multiplier += 14)
      S8(.rows = 6, .k = 128, .blocks = 4, .group = 64, .multiplier = (int)multiplier, .fixed = 1, .activation = -127,
         .weight = code ? 7 : -7);
  S8(.rows = 3, .k = 65536, .blocks = 1, .group = 128, .multiplier = 15, .fixed = 1, .activation = 127, .weight = -7);
  // The scales of the next layer, with and without what else follows.
  for (int form = 0; form < 16; form++)
    S8(.rows = 11, .k = 128, .blocks = 5, .scaled = 1, .gelu = form & 1, .magnitudes = form >> 1 & 1,
       .remainder = form >> 2 & 1, .group = form >> 3 ? 64 : 0);
}

static void unpack_tiles(run *r, const glck_kernels *kernels) {
  for (size_t k = 4; k <= 140; k += 8)
    for (size_t group = 4; group <= 68; group += 32) {
      begin_case(r, "k %zu group %zu", k, group);
      size_t blocks = k % 3, count = 16 * blocks * k;
      glck_tiles_s4 packed = random_packed(r, k, blocks, group, NO_CODE, 0);
      int8_t *tiles = guarded(r, count);
      kernels->unpack_tiles(k, blocks, &packed, tiles);
      result_bytes(r, tiles, count);
      // Whose nibble and multiplier a code is, by the definition.
      for (size_t i = 0; i < count; i++) {
        size_t block = i / (16 * k), byte = i % 64, feature = i % (16 * k) / 64 * 4 + byte % 4;
        uint8_t both = packed.nibbles[i / 64 * 32 + byte % 32];
        size_t at = (block * ((k + group - 1) / group) + feature / group) * 16 + byte / 4;
        REQUIRE(r, tiles[i] == ((byte < 32 ? both & 15 : both >> 4) - 8) * packed.multipliers[at]);
      }
    }
}

/// Panels of 16-bit floats: the bits of the same panels in f32.
static void product_halves(run *r, const glck_kernels *kernels) {
  for (size_t k = 0; k <= 600; k += k < 130 ? 13 : 127)
    for (int type = GLCK_F16; type <= GLCK_BF16; type++) {
      size_t rows = 1 + k % 8, blocks = 1 + k % 6, count = 16 * blocks * k;
      begin_case(r, "k %zu type %d", k, type);
      uint16_t *halves = guarded(r, count * sizeof *halves);
      for (size_t i = 0; i < count; i++) {
        // Not infinite, nor NaN.
        uint32_t exponent = type == GLCK_F16 ? random_below(r, 31) : 110 + random_below(r, 20);
        halves[i] = (uint16_t)(random_below(r, 2) << 15 | exponent << (type == GLCK_F16 ? 10 : 7) |
                               random_below(r, type == GLCK_F16 ? 1024 : 128));
      }
      float *wide = guarded_floats(r, count), *expected = guarded_floats(r, rows * 16 * blocks);
      kernels->widen_floats(count, (glck_float)type, halves, wide);
      glck_product_f32 p = {.rows = rows, .k = k, .blocks = blocks, .a = random_floats(r, rows * k, 2), .a_stride = k,
                            .b = wide, .b_stride = 16, .b_block_stride = 16 * k,
                            .bias = k % 2 ? random_floats(r, 16 * blocks, 1) : NULL,
                            .activation = k % 3 ? GLCK_ACTIVATION_GELU : GLCK_ACTIVATION_NONE, .output = expected,
                            .output_stride = 16 * blocks};
      kernels->product_f32(&p);
      result_floats(r, expected, rows * 16 * blocks);
      p.b = halves, p.b_type = (glck_float)type, p.output = guarded_floats(r, rows * 16 * blocks);
      kernels->product_f32(&p);
      REQUIRE(r, !memcmp(p.output, expected, rows * 16 * blocks * sizeof *expected));
    }
}

static void product_f32_case(run *r, const glck_kernels *kernels, size_t rows, size_t k, size_t blocks, int bias,
                             int gelu, int awkward) {
  begin_case(r, "rows %zu k %zu blocks %zu bias %d gelu %d awkward %d", rows, k, blocks, bias, gelu, awkward);
  size_t a_stride = k + 5, b_stride = 18, b_block_stride = k * b_stride + 7, output_stride = 16 * blocks + 3;
  size_t a_length = rows ? (rows - 1) * a_stride + k : 0;
  size_t b_length = k ? (blocks - 1) * b_block_stride + (k - 1) * b_stride + 16 : 0;
  size_t output_length = rows ? (rows - 1) * output_stride + 16 * blocks : 0;
  glck_product_f32 p = {
      .rows = rows, .k = k, .blocks = blocks, .a = (awkward ? awkward_floats : random_floats)(r, a_length, 2),
      .a_stride = a_stride, .b = random_floats(r, b_length, 2), .b_stride = b_stride,
      .b_block_stride = b_block_stride, .bias = bias ? random_floats(r, 16 * blocks, 1) : NULL,
      .activation = gelu ? GLCK_ACTIVATION_GELU : GLCK_ACTIVATION_NONE, .output = guarded_floats(r, output_length),
      .output_stride = output_stride};
  kernels->product_f32(&p);
  result_floats(r, p.output, output_length);
}

static void product_f32(run *r, const glck_kernels *kernels) {
  for (size_t rows = 0; rows <= 14; rows++) product_f32_case(r, kernels, rows, 33, 5, rows % 2, 0, 0);
  for (size_t blocks = 1; blocks <= 9; blocks++) product_f32_case(r, kernels, 7, 20, blocks, 1, 1, 0);
  for (size_t k = 0; k <= 17; k++) product_f32_case(r, kernels, 3, k, 2, 0, k % 2, 0);
  for (size_t rows = 1; rows <= 13; rows += 3) product_f32_case(r, kernels, rows, 5, 3, 1, 1, 1);
}

static void project_f64(run *r, const glck_kernels *kernels) {
  static const size_t features[] = {0, 1, 3, 63, 64, 65, 130};
  for (size_t rows = 0; rows <= 80; rows += 16)
    for (size_t f = 0; f < 7; f++) {
      size_t k = features[f], channels = 1 + (rows / 16 + f * 3) % 13;
      begin_case(r, "rows %zu k %zu channels %zu", rows, k, channels);
      double *output = guarded(r, rows * channels * sizeof *output);
      float *x = random_floats(r, rows * k, 3), *weights = random_floats(r, channels * k, 2);
      kernels->project_f64(rows, k, channels, x, weights, random_floats(r, channels, 1), output);
      result_doubles(r, output, rows * channels);
    }
}

static void channel_sums(run *r, const glck_kernels *kernels) {
  for (size_t k = 0; k <= 140; k += 4)
    for (int extreme = 0; extreme < 2; extreme++) {
      size_t blocks = k % 5;
      begin_case(r, "k %zu extreme %d", k, extreme);
      int32_t *sums = guarded(r, 16 * blocks * sizeof *sums);
      kernels->channel_sums(k, blocks, random_codes(r, 16 * k * blocks, extreme ? -128 : NO_CODE), sums);
      result_bytes(r, sums, 16 * blocks * sizeof *sums);
    }
  begin_case(r, "k 65536");
  int32_t *sums = guarded(r, 16 * sizeof *sums);
  kernels->channel_sums(65536, 1, random_codes(r, 1 << 20, -127), sums);
  for (size_t c = 0; c < 16; c++) REQUIRE(r, sums[c] == -127 * 65536);
}

static void panels(run *r, const glck_kernels *kernels) {
  for (size_t k = 0; k <= 132; k += 12) {
    begin_case(r, "widen k %zu", k);
    float *panel = guarded_floats(r, 16 * k);
    kernels->widen_panel(k, random_codes(r, 16 * k, NO_CODE), random_floats(r, 16, 0.1f), panel);
    result_floats(r, panel, 16 * k);
  }
  for (size_t n = 1; n <= 40; n += 3)
    for (size_t k = 1; k <= 70; k += 23) {
      begin_case(r, "pack n %zu k %zu", n, k);
      size_t stride = k + 3, length = (n + 15) / 16 * 16 * k;
      float *packed = guarded_floats(r, length);
      kernels->pack_panels(n, k, awkward_floats(r, (n - 1) * stride + k, 2), stride, packed);
      result_floats(r, packed, length);
    }
}

const family product_families[] = {{"product_s8", product_s8},
                                   {"product_s8_extremes", product_s8_extremes},
                                   {"product_s4", product_s4},
                                   {"unpack_tiles", unpack_tiles},
                                   {"product_halves", product_halves},
                                   {"product_f32", product_f32},
                                   {"project_f64", project_f64},
                                   {"channel_sums", channel_sums},
                                   {"panels", panels},
                                   {0}};
