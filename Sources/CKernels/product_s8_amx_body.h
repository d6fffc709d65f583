// The int8 product (N4) on tile registers: over amx_tiles.h, which may be emulated, and a vocabulary of lanes.
//
// A group is up to two tiles of rows by two blocks of channels: four registers of sums, so that each tile of
// activations or weights that is loaded is used twice. Weights are tiles of the packed layout as they are; both operands
// are signed, so sums need no correction. Sums go through a buffer in L1, and while one group is multiplied the group
// before it is finished, some rows after each step: the vector units and the tile unit work side by side.
//
// int4 weights are unpacked the same way: those of the next blocks, into the other half of a scratch, some features
// after each step.
#pragma once
#include "product_s8_finish.h"
#include "unpack_s4_body.h"

enum { AMX_ROWS = 16, AMX_GROUP_ROWS = 32, AMX_GROUP_BLOCKS = 2 };

/// The activations that stay in L2 while all weights pass by.
enum { AMX_PANEL_BYTES = 512 * 1024 };

/// Sums of the rows from `row` on; those from `next` to `rows` are still to be finished.
typedef struct {
  int32_t sums[AMX_GROUP_ROWS][AMX_GROUP_BLOCKS][16] __attribute__((aligned(64)));
  size_t row, block, next, rows, blocks;
} amx_group;

LANES void amx_finish(const product_pass *pass, amx_group *group, size_t rows) {
  for (; rows > 0 && group->next < group->rows; rows--, group->next++) {
    size_t row = group->row + group->next;
    const int32_t *from = group->sums[group->next][0];
    v16i sums[AMX_GROUP_BLOCKS] = {i_load(from)};
    if (group->blocks == 2) {
      sums[1] = i_load(from + 16);
      product_s8_finish(pass, row, group->block, 1, 2, AMX_GROUP_BLOCKS, sums);
    } else {
      product_s8_finish(pass, row, group->block, 1, 1, AMX_GROUP_BLOCKS, sums);
    }
  }
}

/// The operands of one step: up to 64 features of a group.
typedef struct {
  const int8_t *activations[2];  // of its tiles of rows
  size_t stride;
  const int8_t *weights;
  size_t block_bytes;  // from one block to the next
} amx_operands;

LANES void amx_step(const amx_operands *o, int tiles, int blocks) {
  amx_load(4, o->activations[0], o->stride);
  amx_load(6, o->weights, 64);
  amx_add_product(0, 4, 6);
  if (blocks == 2) {
    amx_load(7, o->weights + o->block_bytes, 64);
    amx_add_product(1, 4, 7);
  }
  if (tiles == 2) {
    amx_load(5, o->activations[1], o->stride);
    amx_add_product(2, 5, 6);
    if (blocks == 2) amx_add_product(3, 5, 7);
  }
}

/// The last features of a depth above 64 that is no multiple of it: a step on copies that end with zeros.
static void amx_copied_step(const amx_operands *o, size_t features, size_t rows, int tiles, int blocks) {
  int8_t activations[2][AMX_ROWS][64] __attribute__((aligned(64)));
  int8_t weights[AMX_GROUP_BLOCKS][1024] __attribute__((aligned(64)));
  memset(activations, 0, sizeof activations);
  memset(weights, 0, sizeof weights);
  for (int t = 0; t < tiles; t++)
    for (size_t r = 0; r < rows; r++) memcpy(activations[t][r], o->activations[t] + r * o->stride, features);
  for (int n = 0; n < blocks; n++) memcpy(weights[n], o->weights + (size_t)n * o->block_bytes, 16 * features);
  amx_step(&(amx_operands){{activations[0][0], activations[1][0]}, 64, weights[0], 1024}, tiles, blocks);
}

/// How far ahead of its unpacking a block's int4 weights are asked for, in bytes.
enum { AMX_PACKED_AHEAD = 4096 };

/// The weights of up to two blocks: int8 that lies in the file, or int4 on its way to tiles.
typedef struct {
  const int8_t *tiles;
  s4_reader readers[AMX_GROUP_BLOCKS];
  size_t blocks, unpacked;  // features: all of them where nothing is packed
} amx_weights;

static amx_weights amx_find_weights(const glck_product_s8 *p, size_t block, int half) {
  size_t left = p->blocks - block, bytes = 16 * p->k;
  amx_weights w = {.blocks = left < AMX_GROUP_BLOCKS ? left : AMX_GROUP_BLOCKS, .unpacked = p->k};
  w.tiles = p->packed.nibbles ? p->scratch + (size_t)half * AMX_GROUP_BLOCKS * bytes : p->tiles + block * bytes;
  if (!p->packed.nibbles) return w;
  for (size_t n = 0; n < w.blocks; n++)
    w.readers[n] = s4_begin(&p->packed, p->k, block + n, p->scratch + ((size_t)half * AMX_GROUP_BLOCKS + n) * bytes);
  if (w.blocks > 0) w.unpacked = 0;
  return w;
}

/// Unpacks up to the feature `end`.
static void amx_unpack(amx_weights *w, size_t end) {
  size_t features = end - w->unpacked;
  w->unpacked = end;
  for (size_t n = 0; n < w->blocks; n++) {
    const uint8_t *later = w->readers[n].nibbles + AMX_PACKED_AHEAD;
    for (size_t byte = 0; byte < 8 * features; byte += 64) amx_prefetch(later + byte);
    s4_read(&w->readers[n], features);
  }
}

/// What is done step by step while a pair of blocks is multiplied: the weights of the next are fetched into L2, or
/// unpacked.
typedef struct {
  const int8_t *next, *end;
  size_t lines;  // a step
  amx_weights weights;
  size_t features;  // a step
} amx_ahead;

static amx_ahead amx_look_ahead(const glck_product_s8 *p, size_t block, int half, size_t steps) {
  amx_ahead ahead = {.weights = amx_find_weights(p, block, half), .features = (p->k / 8 + steps - 1) / steps * 8};
  if (p->packed.nibbles) return ahead;
  size_t bytes = ahead.weights.blocks * 16 * p->k;
  ahead.next = ahead.weights.tiles;
  ahead.end = ahead.next + bytes;
  ahead.lines = (bytes / 64 + steps - 1) / steps;
  return ahead;
}

LANES void amx_step_ahead(amx_ahead *ahead, size_t k) {
  for (size_t line = 0; line < ahead->lines && ahead->next < ahead->end; line++, ahead->next += 64)
    amx_prefetch(ahead->next);
  size_t from = ahead->weights.unpacked, left = k - from;
  if (left > 0) amx_unpack(&ahead->weights, from + (left < ahead->features ? left : ahead->features));
}

LANES void amx_multiply(const product_pass *pass, amx_group *group, amx_group *before, amx_weights *weights,
                        size_t second, int tiles, int blocks, amx_ahead *ahead) {
  const glck_product_s8 *p = pass->product;
  size_t k = p->k, whole = k < 64 ? k : k / 64 * 64, stride = p->activation_stride;
  const int8_t *activations = pass->activations + group->row * stride;
  amx_operands o = {{activations, activations + second * stride}, stride, weights->tiles, k * 16};
  size_t share = (AMX_GROUP_ROWS * 64 + whole - 1) / whole;
  amx_zero(0), amx_zero(1), amx_zero(2), amx_zero(3);
  for (size_t i = 0; i < whole; i += 64) {
    // Only the first group of all finds its own weights packed: those of this step are one step old.
    if (weights->unpacked < k && weights->unpacked < i + 128) amx_unpack(weights, k < i + 128 ? k : i + 128);
    amx_step(&o, tiles, blocks);
    o.activations[0] += 64, o.activations[1] += 64, o.weights += 1024;
    amx_step_ahead(ahead, k);
    amx_finish(pass, before, share);
  }
  if (whole < k) amx_copied_step(&o, k - whole, p->rows < AMX_ROWS ? p->rows : AMX_ROWS, tiles, blocks);
  amx_finish(pass, before, AMX_GROUP_ROWS);
  const size_t pitch = sizeof group->sums[0];
  amx_store(0, group->sums[0][0], pitch);
  if (blocks == 2) amx_store(1, group->sums[0][1], pitch);
  // The second tile may start within the first: what they share is the same.
  if (tiles == 2) amx_store(2, group->sums[second][0], pitch);
  if (tiles == 2 && blocks == 2) amx_store(3, group->sums[second][1], pitch);
}

/// Rows from `row` to `end`, at most 32, of one or two blocks. Where fewer than 16 rows are left for a tile it starts
/// earlier, among rows that are finished or in the other tile; only products of fewer rows have smaller tiles.
static void amx_multiply_group(const product_pass *pass, amx_group *group, amx_group *before, size_t row, size_t end,
                               size_t block, amx_weights *weights, amx_ahead *ahead) {
  size_t blocks = weights->blocks;
  size_t count = end - row, start = count < AMX_ROWS && end >= AMX_ROWS ? end - AMX_ROWS : row;
  group->row = start, group->next = row - start, group->rows = end - start;
  group->block = block, group->blocks = blocks;
  // The second tile's first row, counted from the first's.
  size_t second = count > AMX_ROWS ? count - AMX_ROWS : 0;
  if (count > AMX_ROWS && blocks == 2)
    amx_multiply(pass, group, before, weights, second, 2, 2, ahead);
  else if (count > AMX_ROWS)
    amx_multiply(pass, group, before, weights, second, 2, 1, ahead);
  else if (blocks == 2)
    amx_multiply(pass, group, before, weights, second, 1, 2, ahead);
  else
    amx_multiply(pass, group, before, weights, second, 1, 1, ahead);
}

static void amx_pass(const product_pass *pass) {
  const glck_product_s8 *p = pass->product;
  size_t panel = AMX_PANEL_BYTES / p->k / AMX_GROUP_ROWS * AMX_GROUP_ROWS;
  if (panel == 0) panel = AMX_GROUP_ROWS;
  amx_group groups[2];
  groups[1].next = groups[1].rows = 0;
  int current = 0;
  for (size_t first = 0; first < p->rows; first += panel) {
    size_t last = p->rows - first < panel ? p->rows : first + panel;
    size_t steps = (last - first + AMX_GROUP_ROWS - 1) / AMX_GROUP_ROWS * ((p->k + 63) / 64);
    amx_weights weights = amx_find_weights(p, 0, 0);
    int half = 0;
    for (size_t block = 0; block < p->blocks; block += AMX_GROUP_BLOCKS) {
      amx_ahead ahead = amx_look_ahead(p, block + weights.blocks, half ^= 1, steps);
      for (size_t row = first; row < last; row += AMX_GROUP_ROWS, current ^= 1) {
        size_t end = last - row < AMX_GROUP_ROWS ? last : row + AMX_GROUP_ROWS;
        amx_multiply_group(pass, &groups[current], &groups[current ^ 1], row, end, block, &weights, &ahead);
      }
      weights = ahead.weights;
    }
  }
  amx_finish(pass, &groups[current ^ 1], AMX_GROUP_ROWS);
}

LANES void product_s8_amx(const glck_product_s8 *p) {
  if (p->rows == 0) return;
  amx_begin(p->rows < AMX_ROWS ? p->rows : AMX_ROWS, p->k < 64 ? p->k : 64);
  product_pass pass = product_s8_first_pass(p);
  amx_pass(&pass);
  if (p->remainders) {
    pass = product_s8_second_pass(p);
    amx_pass(&pass);
  }
  amx_end();
}
