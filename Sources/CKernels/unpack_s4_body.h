// int4 weights to the tiles that products take (formats/glc.md, "Encodings"), over the vocabulary of lanes. Products do
// so with the blocks that they are about to meet (product_s8_body.h, product_s8_amx_body.h).
#pragma once
#include "CKernels.h"

/// Where the unpacking of a block of 16 channels has got to.
typedef struct {
  const uint8_t *nibbles, *multipliers;  // what comes next; those of its group
  size_t group_size, left;               // features of a group, and those to come of this one
  int8_t *tiles;                         // where they go
} s4_reader;

LANES s4_reader s4_begin(const glck_tiles_s4 *packed, size_t k, size_t block, int8_t *tiles) {
  size_t groups = (k + packed->group_size - 1) / packed->group_size;
  return (s4_reader){packed->nibbles + block * k * 8, packed->multipliers + block * groups * 16, packed->group_size,
                     packed->group_size, tiles};
}

/// Unpacks the next features, a multiple of 4.
static void s4_read(s4_reader *r, size_t features) {
  while (features > 0) {
    size_t part = features < r->left ? features : r->left;
    s4_factors factors = s4_load_factors(r->multipliers);
    for (size_t i = 0; i < part; i += 4, r->nibbles += 32, r->tiles += 64) s4_unpack(r->nibbles, factors, r->tiles);
    features -= part;
    r->left -= part;
    if (r->left == 0) r->left = r->group_size, r->multipliers += 16;
  }
}

/// Some blocks of a product's weights as tiles: where they lie, or unpacked into its scratch.
LANES const int8_t *tiles_of_blocks(const glck_product_s8 *p, size_t block, size_t blocks) {
  if (!p->packed.nibbles) return p->tiles + block * p->k * 16;
  for (size_t n = 0; n < blocks; n++) {
    s4_reader reader = s4_begin(&p->packed, p->k, block + n, p->scratch + n * p->k * 16);
    s4_read(&reader, p->k);
  }
  return p->scratch;
}
