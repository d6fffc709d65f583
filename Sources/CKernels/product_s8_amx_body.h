// The int8 product (N4) on tile registers: over amx_tiles.h, which may be emulated, and a vocabulary of lanes.
//
// A group is up to two tiles of rows by two blocks of channels: four registers of sums, so that each tile of
// activations or weights that is loaded is used twice. Weights are tiles of the packed layout as they are; both operands
// are signed, so sums need no correction. Sums go through a buffer in L1, and while one group is multiplied the group
// before it is finished, some rows after each step: the vector units and the tile unit work side by side.
#pragma once
#include "product_s8_finish.h"

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

/// What the weights of the next blocks take, to be fetched into L2 step by step.
typedef struct {
  const int8_t *next, *end;
  size_t lines;  // a step
} amx_ahead;

LANES void amx_multiply(const product_pass *pass, amx_group *group, amx_group *before, size_t second, int tiles,
                        int blocks, amx_ahead *ahead) {
  const glck_product_s8 *p = pass->product;
  size_t k = p->k, whole = k < 64 ? k : k / 64 * 64, stride = p->activation_stride;
  const int8_t *activations = pass->activations + group->row * stride;
  amx_operands o = {{activations, activations + second * stride}, stride, p->tiles + group->block * k * 16, k * 16};
  size_t share = (AMX_GROUP_ROWS * 64 + whole - 1) / whole;
  amx_zero(0), amx_zero(1), amx_zero(2), amx_zero(3);
  for (size_t i = 0; i < whole; i += 64) {
    amx_step(&o, tiles, blocks);
    o.activations[0] += 64, o.activations[1] += 64, o.weights += 1024;
    for (size_t line = 0; line < ahead->lines && ahead->next < ahead->end; line++, ahead->next += 64)
      amx_prefetch(ahead->next);
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
                               size_t block, size_t blocks, amx_ahead *ahead) {
  size_t count = end - row, start = count < AMX_ROWS && end >= AMX_ROWS ? end - AMX_ROWS : row;
  group->row = start, group->next = row - start, group->rows = end - start;
  group->block = block, group->blocks = blocks;
  // The second tile's first row, counted from the first's.
  size_t second = count > AMX_ROWS ? count - AMX_ROWS : 0;
  if (count > AMX_ROWS && blocks == 2)
    amx_multiply(pass, group, before, second, 2, 2, ahead);
  else if (count > AMX_ROWS)
    amx_multiply(pass, group, before, second, 2, 1, ahead);
  else if (blocks == 2)
    amx_multiply(pass, group, before, second, 1, 2, ahead);
  else
    amx_multiply(pass, group, before, second, 1, 1, ahead);
}

static void amx_pass(const product_pass *pass) {
  const glck_product_s8 *p = pass->product;
  size_t panel = AMX_PANEL_BYTES / p->k / AMX_GROUP_ROWS * AMX_GROUP_ROWS, block_bytes = 16 * p->k;
  if (panel == 0) panel = AMX_GROUP_ROWS;
  amx_group groups[2];
  groups[1].next = groups[1].rows = 0;
  int current = 0;
  for (size_t first = 0; first < p->rows; first += panel) {
    size_t last = p->rows - first < panel ? p->rows : first + panel;
    size_t steps = (last - first + AMX_GROUP_ROWS - 1) / AMX_GROUP_ROWS * ((p->k + 63) / 64);
    for (size_t block = 0; block < p->blocks; block += AMX_GROUP_BLOCKS) {
      size_t left = p->blocks - block, blocks = left < AMX_GROUP_BLOCKS ? left : AMX_GROUP_BLOCKS;
      size_t after = left - blocks;
      const int8_t *next = p->tiles + (block + blocks) * block_bytes;
      size_t bytes = (after < AMX_GROUP_BLOCKS ? after : AMX_GROUP_BLOCKS) * block_bytes;
      amx_ahead ahead = {next, next + bytes, (bytes / 64 + steps - 1) / steps};
      for (size_t row = first; row < last; row += AMX_GROUP_ROWS, current ^= 1) {
        size_t end = last - row < AMX_GROUP_ROWS ? last : row + AMX_GROUP_ROWS;
        amx_multiply_group(pass, &groups[current], &groups[current ^ 1], row, end, block, blocks, &ahead);
      }
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
