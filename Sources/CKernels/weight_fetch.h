// Weights on their way from memory while others are multiplied. Asked for in one burst they would fill the buffers that
// the product's own loads need, so the driver (product_s8_body.h) spreads them over the groups of rows, and each
// instruction set's inner loop over its features.
#pragma once
#include "CKernels.h"

/// What to ask for while 64 features of one group of rows are multiplied.
typedef struct {
  const int8_t *next;
  size_t lines;
} weight_fetch;

/// Part `g` of `groups` of the blocks behind `blocks` blocks from `block`. Behind the last there is another head's, or
/// nothing of use: asking never faults. Products of few features are those of attention, whose operands are in the cache.
static inline weight_fetch part_to_fetch(const glck_product_s8 *p, size_t block, size_t blocks, size_t g,
                                         size_t groups) {
  size_t steps = p->k / 64;
  if (steps < 4) return (weight_fetch){NULL, 0};
  size_t block_bytes = p->packed.nibbles ? 8 * p->k : 16 * p->k;
  const int8_t *weights = p->packed.nibbles ? (const int8_t *)p->packed.nibbles : p->tiles;
  size_t lines = (blocks * block_bytes / 64 / groups + steps - 1) / steps;
  return (weight_fetch){weights + (block + blocks) * block_bytes + g * lines * steps * 64, lines};
}

/// Asks for the lines of one step.
static inline void fetch_step(weight_fetch *fetch) {
  for (size_t i = 0; i < fetch->lines; i++, fetch->next += 64) __builtin_prefetch(fetch->next, 0, 2);
}
