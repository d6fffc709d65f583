// The int8 product for AArch64's matrix products (SMMLA, FEAT_I8MM): two rows by two channels over eight features.
//
// Both operands are zips of what lies in memory: two rows of activations, two rows of a tile. Zipped in the inner loop
// they would cost three instructions for every four products. So they are zipped once: activations for all blocks,
// into a scratch of 64 KB, and weights for all those rows, into a panel that stays in L1. Both on the stack.
#pragma STDC FP_CONTRACT OFF
#if defined(__aarch64__)
#include <arm_neon.h>
#include <math.h>
#include <string.h>
#include "kernels.h"

#pragma clang attribute push(__attribute__((target("i8mm"))), apply_to = function)
#include "lanes_neon.h"
#include "elementary_body.h"

#include "product_s8_finish.h"
#include "unpack_s4_body.h"

enum {
  STEP = 32,             // features of an iteration of the inner loop
  GROUP_PAIRS = 3,       // pairs of rows in registers: 24 accumulators, 3 of activations, 2 of weights, of 32
  ROWS = 192,            // rows whose activations are zipped together, at most
  ROW_BYTES = 65536,     // and their bytes
  PANEL_FEATURES = 512,  // features of a panel of weights: 8 KB
};

/// What one call works on.
typedef struct {
  int8_t activations[ROW_BYTES] __attribute__((aligned(64)));  // by group of pairs: [k / 8][pairs][2 rows][8 features]
  int8_t panel[16 * PANEL_FEATURES] __attribute__((aligned(64)));  // [k / 8][8 pairs of channels][2 channels][8 features]
  int32_t sums[ROWS / 2][8][4];  // [pairs of rows][pairs of channels][2 rows][2 channels]
} workspace;

LANES size_t padded_features(size_t k) { return (k + STEP - 1) / STEP * STEP; }

LANES int8x16_t zip_low(int8x16_t a, int8x16_t b) {
  return vreinterpretq_s8_s64(vzip1q_s64(vreinterpretq_s64_s8(a), vreinterpretq_s64_s8(b)));
}
LANES int8x16_t zip_high(int8x16_t a, int8x16_t b) {
  return vreinterpretq_s8_s64(vzip2q_s64(vreinterpretq_s64_s8(a), vreinterpretq_s64_s8(b)));
}

/// Zips one pair of rows, of which the second may be missing, into its place in a group of `pairs`.
static void pack_pair(const int8_t *first, const int8_t *second, size_t k, size_t pairs, int8_t *packed) {
  const int8x16_t zeros = vdupq_n_s8(0);
  size_t i = 0;
  for (; i < k; i += 16, packed += 32 * pairs) {
    int8x16_t a = vld1q_s8(first + i), b = second ? vld1q_s8(second + i) : zeros;
    vst1q_s8(packed, zip_low(a, b));
    vst1q_s8(packed + 16 * pairs, zip_high(a, b));
  }
  for (; i < padded_features(k); i += 8, packed += 16 * pairs) vst1q_s8(packed, zeros);
}

/// Zips the rows of a block of tiles in twos: a structure store does just that.
static void pack_panel(const int8_t *tiles, size_t features, int8_t *panel) {
  for (size_t done = 0; done < features; done += 8, tiles += 128, panel += 128) EACH_QUARTER {
      int32x4x2_t rows = {{vreinterpretq_s32_s8(vld1q_s8(tiles + 16 * i)),
                           vreinterpretq_s32_s8(vld1q_s8(tiles + 64 + 16 * i))}};
      vst2q_s32((int32_t *)(void *)(panel + 32 * i), rows);
    }
}

/// Adds the products of some features to the sums of a group.
LANES void accumulate(const int8_t *a, const int8_t *b, size_t features, int pairs, int32_t (*sums)[8][4]) {
  int32x4_t tile[GROUP_PAIRS][8];
#pragma clang loop unroll(full)
  for (int p = 0; p < pairs; p++)
#pragma clang loop unroll(full)
    for (int n = 0; n < 8; n++) tile[p][n] = vld1q_s32(sums[p][n]);
  for (size_t i = 0; i < features; i += STEP)
#pragma clang loop unroll(full)
    for (int eight = 0; eight < STEP / 8; eight++, a += 16 * pairs, b += 128) {
      int8x16_t rows[GROUP_PAIRS];
#pragma clang loop unroll(full)
      for (int p = 0; p < pairs; p++) rows[p] = vld1q_s8(a + 16 * p);
#pragma clang loop unroll(full)
      for (int n = 0; n < 8; n++) {
        int8x16_t channels = vld1q_s8(b + 16 * n);
#pragma clang loop unroll(full)
        for (int p = 0; p < pairs; p++) tile[p][n] = vmmlaq_s32(tile[p][n], rows[p], channels);
      }
    }
#pragma clang loop unroll(full)
  for (int p = 0; p < pairs; p++)
#pragma clang loop unroll(full)
    for (int n = 0; n < 8; n++) vst1q_s32(sums[p][n], tile[p][n]);
}

/// From sums by pairs to rows of sums, and to outputs.
LANES void finish_pair(const product_pass *pass, size_t row, size_t block, int rows, int32_t (*sums)[4]) {
  v16i two[2];
  EACH_QUARTER {
    int64x2_t a = vreinterpretq_s64_s32(vld1q_s32(sums[2 * i])), b = vreinterpretq_s64_s32(vld1q_s32(sums[2 * i + 1]));
    two[0].quarter[i] = vreinterpretq_s32_s64(vzip1q_s64(a, b));
    two[1].quarter[i] = vreinterpretq_s32_s64(vzip2q_s64(a, b));
  }
  product_s8_finish(pass, row, block, rows, 1, 1, two);
}

/// Where group g of `groups` begins when `pairs` are divided as evenly as can be.
LANES size_t group_start(size_t pairs, size_t groups, size_t g) { return g * pairs / groups; }

/// All blocks for some rows.
static void product_s8_rows(const product_pass *pass, workspace *w, size_t row, size_t rows) {
  const glck_product_s8 *p = pass->product;
  size_t k = p->k, padded = padded_features(k), stride = p->activation_stride;
  size_t pairs = (rows + 1) / 2, groups = (pairs + GROUP_PAIRS - 1) / GROUP_PAIRS;
  for (size_t g = 0; g < groups; g++) {
    size_t start = group_start(pairs, groups, g), end = group_start(pairs, groups, g + 1);
    for (size_t pair = start; pair < end; pair++) {
      const int8_t *first = pass->activations + (row + 2 * pair) * stride;
      pack_pair(first, 2 * pair + 1 < rows ? first + stride : NULL, k, end - start,
                w->activations + 2 * padded * start + 16 * (pair - start));
    }
  }
  for (size_t block = 0; block < p->blocks; block++) {
    memset(w->sums, 0, pairs * sizeof w->sums[0]);
    // int4 weights become tiles a panel at a time.
    const int8_t *tiles = p->packed.nibbles ? p->scratch : p->tiles + 16 * block * k;
    s4_reader reader = {0};
    if (p->packed.nibbles) reader = s4_begin(&p->packed, k, block, p->scratch);
    for (size_t i = 0; i < k; i += PANEL_FEATURES) {
      size_t features = k - i < PANEL_FEATURES ? k - i : PANEL_FEATURES, rounded = padded_features(features);
      if (p->packed.nibbles) s4_read(&reader, features);
      pack_panel(tiles + 16 * i, features, w->panel);
      memset(w->panel + 16 * features, 0, 16 * (rounded - features));
      for (size_t g = 0; g < groups; g++) {
        size_t start = group_start(pairs, groups, g), count = group_start(pairs, groups, g + 1) - start;
        const int8_t *a = w->activations + 2 * (padded * start + i * count);
        switch (count) {
          case 1: accumulate(a, w->panel, rounded, 1, w->sums + start); break;
          case 2: accumulate(a, w->panel, rounded, 2, w->sums + start); break;
          case 3: accumulate(a, w->panel, rounded, 3, w->sums + start); break;
        }
      }
    }
    for (size_t pair = 0; pair < rows / 2; pair++) finish_pair(pass, row + 2 * pair, block, 2, w->sums[pair]);
    if (rows % 2) finish_pair(pass, row + rows - 1, block, 1, w->sums[pairs - 1]);
  }
}

static void product_s8_pass(const product_pass *pass) {
  workspace w;
  size_t rows = pass->product->rows, most = ROW_BYTES / padded_features(pass->product->k) / 2 * 2;
  if (most > ROWS) most = ROWS;
  size_t parts = (rows + most - 1) / most;
  for (size_t part = 0; part < parts; part++) {
    size_t row = group_start(rows, parts, part);
    product_s8_rows(pass, &w, row, group_start(rows, parts, part + 1) - row);
  }
}

void glck_product_s8_neoni8mm(const glck_product_s8 *p) {
  // Zipping pays from four rows on (instructions counted), and needs room for a whole group. A processor with these
  // products has the other ones.
  if (p->rows < 4 || p->k == 0 || padded_features(p->k) * 2 * GROUP_PAIRS > ROW_BYTES) {
    glck_product_s8_neondot(p);
    return;
  }
  product_pass pass = product_s8_first_pass(p);
  product_s8_pass(&pass);
  if (!p->remainders) return;
  pass = product_s8_second_pass(p);
  product_s8_pass(&pass);
}
#pragma clang attribute pop
#endif
