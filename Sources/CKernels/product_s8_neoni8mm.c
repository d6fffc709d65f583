// The int8 product for AArch64's matrix products (SMMLA, FEAT_I8MM): two rows by two channels over eight features.
//
// Both operands are zips of what lies in memory: two rows of activations, two rows of a tile. Zipped in the inner loop
// they would cost three instructions for every four products. So they are zipped once: activations for all blocks,
// into a scratch of 192 KB, and weights for all those rows, into a panel that stays in L1. Both on the stack.
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
  STEP = 64,             // features of an iteration of the inner loop
  GROUP_PAIRS = 3,       // pairs of rows in registers: 24 accumulators, 3 of activations, 4 of weights, of 32
  ROWS = 192,            // rows whose activations are zipped together, at most
  ROW_BYTES = 196608,    // and their bytes
  PANEL_FEATURES = 1024,  // features of a panel of weights: 16 KB
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
  static const int8_t no_row[65536];
  const int8x16_t zeros = vdupq_n_s8(0);
  size_t i = 0;
  if (!second) second = no_row;
#pragma clang loop unroll_count(4)
  for (; i < k; i += 16, packed += 32 * pairs) {
    int8x16_t a = vld1q_s8(first + i), b = vld1q_s8(second + i);
    vst1q_s8(packed, zip_low(a, b));
    vst1q_s8(packed + 16 * pairs, zip_high(a, b));
  }
  for (; i < padded_features(k); i += 8, packed += 16 * pairs) vst1q_s8(packed, zeros);
}

/// Zips the rows of a block of tiles in twos.
static void pack_panel(const int8_t *tiles, size_t features, int8_t *panel) {
#pragma clang loop unroll_count(2)
  for (size_t done = 0; done < features; done += 8, tiles += 128, panel += 128) {
    int8x16x4_t upper = vld1q_s8_x4(tiles), lower = vld1q_s8_x4(tiles + 64);
#pragma clang loop unroll(full)
    for (int half = 0; half < 2; half++) {
      int8x16x4_t zipped;
#pragma clang loop unroll(full)
      for (int i = 0; i < 2; i++) {
        int32x4_t u = vreinterpretq_s32_s8(upper.val[2 * half + i]), l = vreinterpretq_s32_s8(lower.val[2 * half + i]);
        zipped.val[2 * i] = vreinterpretq_s8_s32(vzip1q_s32(u, l));
        zipped.val[2 * i + 1] = vreinterpretq_s8_s32(vzip2q_s32(u, l));
      }
      vst1q_s8_x4(panel + 64 * half, zipped);
    }
  }
}

// Eight features of two or three pairs. In assembler for the loads of several registers: loads one by one would be a third
// of the inner loop, and the compiler, given these as intrinsics, loads ahead until it runs out of registers. Operands are
// the two addresses, and then the sums of each pair.
#define SMMLA(sum, row, channels) "smmla %" #sum ".4s, v" #row ".16b, v" #channels ".16b\n"
#define LOAD_FOUR_CHANNELS "ld1 {v28.16b, v29.16b, v30.16b, v31.16b}, [%1], #64\n"
#define ADD_TWO(first, second, channels) SMMLA(first, 25, channels) SMMLA(second, 26, channels)
#define ADD_THREE(first, second, third, channels) ADD_TWO(first, second, channels) SMMLA(third, 27, channels)
#define SUMS_OF_PAIR(s) \
  "+w"(s[0]), "+w"(s[1]), "+w"(s[2]), "+w"(s[3]), "+w"(s[4]), "+w"(s[5]), "+w"(s[6]), "+w"(s[7])

LANES void add_eight_of_two(const int8_t **a, const int8_t **b, int32x4_t (*t)[8]) {
  __asm__("ld1 {v25.16b, v26.16b}, [%0], #32\n"
          LOAD_FOUR_CHANNELS ADD_TWO(2, 10, 28) ADD_TWO(3, 11, 29) ADD_TWO(4, 12, 30) ADD_TWO(5, 13, 31)
          LOAD_FOUR_CHANNELS ADD_TWO(6, 14, 28) ADD_TWO(7, 15, 29) ADD_TWO(8, 16, 30) ADD_TWO(9, 17, 31)
          : "+r"(*a), "+r"(*b), SUMS_OF_PAIR(t[0]), SUMS_OF_PAIR(t[1])
          :
          : "memory", "v25", "v26", "v28", "v29", "v30", "v31");
}

LANES void add_eight_of_three(const int8_t **a, const int8_t **b, int32x4_t (*t)[8]) {
  __asm__("ld1 {v25.16b, v26.16b, v27.16b}, [%0], #48\n"
          LOAD_FOUR_CHANNELS ADD_THREE(2, 10, 18, 28) ADD_THREE(3, 11, 19, 29) ADD_THREE(4, 12, 20, 30) ADD_THREE(5, 13, 21, 31)
          LOAD_FOUR_CHANNELS ADD_THREE(6, 14, 22, 28) ADD_THREE(7, 15, 23, 29) ADD_THREE(8, 16, 24, 30) ADD_THREE(9, 17, 25, 31)
          : "+r"(*a), "+r"(*b), SUMS_OF_PAIR(t[0]), SUMS_OF_PAIR(t[1]), SUMS_OF_PAIR(t[2])
          :
          : "memory", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
}

LANES void add_eight_of_one(const int8_t **a, const int8_t **b, int32x4_t (*t)[8]) {
  int8x16_t row = vld1q_s8(*a);
#pragma clang loop unroll(full)
  for (int n = 0; n < 8; n++) t[0][n] = vmmlaq_s32(t[0][n], row, vld1q_s8(*b + 16 * n));
  *a += 16, *b += 128;
}

/// What a group of pairs does with a panel.
typedef struct {
  const int8_t *a, *b;
  size_t features;
  int32_t (*sums)[8][4];  // of the panels before, unless it is the first; and for the next, unless it is the last
  int is_first, is_last;
  size_t row, block, rows;  // where the outputs are, after the last: the second row of the last pair may be missing
} panel_step;

/// From sums by pairs to rows of sums, and to outputs.
LANES void finish_group(const product_pass *pass, const panel_step *step, int pairs, int32x4_t (*tile)[8]) {
  v16i unzipped[2 * GROUP_PAIRS];
#pragma clang loop unroll(full)
  for (int p = 0; p < pairs; p++) EACH_QUARTER {
      int64x2_t a = vreinterpretq_s64_s32(tile[p][2 * i]), b = vreinterpretq_s64_s32(tile[p][2 * i + 1]);
      unzipped[2 * p].quarter[i] = vreinterpretq_s32_s64(vzip1q_s64(a, b));
      unzipped[2 * p + 1].quarter[i] = vreinterpretq_s32_s64(vzip2q_s64(a, b));
    }
  if (step->rows == 2 * (size_t)pairs) {
    product_s8_finish(pass, step->row, step->block, 2 * pairs, 1, 1, unzipped);
  } else {
    product_s8_finish(pass, step->row, step->block, 2 * pairs - 1, 1, 1, unzipped);
  }
}

/// Adds the products of a panel's features to the sums of a group.
LANES void accumulate(const product_pass *pass, const panel_step *step, int pairs) {
  int32x4_t tile[GROUP_PAIRS][8];
#pragma clang loop unroll(full)
  for (int p = 0; p < pairs; p++)
#pragma clang loop unroll(full)
    for (int n = 0; n < 8; n++) tile[p][n] = step->is_first ? vdupq_n_s32(0) : vld1q_s32(step->sums[p][n]);
  const int8_t *a = step->a, *b = step->b;
  for (size_t i = 0; i < step->features; i += STEP)
#pragma clang loop unroll(full)
    for (int eight = 0; eight < STEP / 8; eight++) switch (pairs) {
        case 1: add_eight_of_one(&a, &b, tile); break;
        case 2: add_eight_of_two(&a, &b, tile); break;
        case 3: add_eight_of_three(&a, &b, tile); break;
      }
  if (step->is_last) {
    finish_group(pass, step, pairs, tile);
    return;
  }
#pragma clang loop unroll(full)
  for (int p = 0; p < pairs; p++)
#pragma clang loop unroll(full)
    for (int n = 0; n < 8; n++) vst1q_s32(step->sums[p][n], tile[p][n]);
}

/// Where group g of `groups` begins when `pairs` are divided as evenly as can be, the larger ones first.
LANES size_t group_start(size_t pairs, size_t groups, size_t g) {
  size_t size = pairs / groups, larger = pairs % groups;
  return g * size + (g < larger ? g : larger);
}

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
        size_t left = rows - 2 * start;
        panel_step step = {.a = w->activations + 2 * (padded * start + i * count), .b = w->panel, .features = rounded,
                           .sums = w->sums + start, .is_first = i == 0, .is_last = i + features == k,
                           .row = row + 2 * start, .block = block, .rows = left < 2 * count ? left : 2 * count};
        switch (count) {
          case 1: accumulate(pass, &step, 1); break;
          case 2: accumulate(pass, &step, 2); break;
          case 3: accumulate(pass, &step, 3); break;
        }
      }
    }
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
