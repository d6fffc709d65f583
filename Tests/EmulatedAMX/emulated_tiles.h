// amx_tiles.h in plain C, after the pseudo-code of Intel's instruction set reference (LDTILECFG, TILELOADD, TDPBSSD).
// Whoever compares with Bochs: its 3.0 takes the bytes of TDPBSSD as unsigned, and has no XFD, without which Linux does
// not enable tiles.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
  size_t rows, bytes;
  _Alignas(64) int8_t data[16][64];
} emulated_tile;

static _Thread_local struct {
  int configured, faults;
  emulated_tile tiles[8];
} emulated;

static inline int emulated_tile_usable(int tile) {
  int usable = emulated.configured && tile >= 0 && tile < 8 && emulated.tiles[tile].rows > 0;
  emulated.faults += !usable;
  return usable;
}

static inline void amx_begin(size_t rows, size_t features) {
  memset(emulated.tiles, 0, sizeof emulated.tiles);
  for (int t = 0; t < 8; t++) {
    emulated.tiles[t].rows = t < 6 ? rows : features / 4;
    emulated.tiles[t].bytes = t == 4 || t == 5 ? features : 64;
    size_t rows_of_tile = emulated.tiles[t].rows, bytes = emulated.tiles[t].bytes;
    emulated.faults += rows_of_tile < 1 || rows_of_tile > 16 || bytes < 4 || bytes > 64 || bytes % 4 != 0;
  }
  emulated.configured = 1;
}

static inline void amx_end(void) { emulated.configured = 0; }

static inline void amx_zero(int tile) {
  if (emulated_tile_usable(tile)) memset(emulated.tiles[tile].data, 0, sizeof emulated.tiles[tile].data);
}

static inline void amx_load(int tile, const void *p, size_t stride) {
  if (!emulated_tile_usable(tile)) return;
  emulated_tile *t = &emulated.tiles[tile];
  memset(t->data, 0, sizeof t->data);
  for (size_t r = 0; r < t->rows; r++) memcpy(t->data[r], (const int8_t *)p + r * stride, t->bytes);
}

static inline void amx_store(int tile, void *p, size_t stride) {
  if (!emulated_tile_usable(tile)) return;
  const emulated_tile *t = &emulated.tiles[tile];
  for (size_t r = 0; r < t->rows; r++) memcpy((int8_t *)p + r * stride, t->data[r], t->bytes);
}

static inline void amx_add_product(int sums, int activations, int weights) {
  if (!emulated_tile_usable(sums) || !emulated_tile_usable(activations) || !emulated_tile_usable(weights)) return;
  emulated_tile *c = &emulated.tiles[sums];
  const emulated_tile *a = &emulated.tiles[activations], *b = &emulated.tiles[weights];
  emulated.faults += sums == activations || sums == weights || activations == weights;
  emulated.faults += c->rows != a->rows || c->bytes != b->bytes || a->bytes != 4 * b->rows;
  for (size_t m = 0; m < c->rows; m++) {
    int32_t row[16];
    memcpy(row, c->data[m], sizeof row);
    for (size_t k = 0; k < a->bytes / 4; k++)
      for (size_t n = 0; n < c->bytes / 4; n++)
        for (size_t i = 0; i < 4; i++) row[n] += a->data[m][4 * k + i] * b->data[k][4 * n + i];
    memcpy(c->data[m], row, sizeof row);
  }
}

#define amx_prefetch(p) ((void)(p))
