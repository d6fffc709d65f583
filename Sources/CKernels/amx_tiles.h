// The tile registers of AMX that the int8 product uses, as functions. Tests/EmulatedAMX has the same in plain C, so
// that product_s8_amx_body.h is tested on every machine. Include <immintrin.h> and this within a target region.
//
// Eight registers: 0 to 3 hold sums (rows of activations by 16 channels), 4 and 5 activations (rows by 64 features), 6
// and 7 weights (16 groups of four features by 16 channels).
#pragma once
#include <stddef.h>
#include <stdint.h>

/// The operand of ldtilecfg.
typedef struct {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} amx_configuration;

/// Gives the registers their shapes and zeroes them: `rows` (1...16) of activations, `features` (4...64, by fours).
static inline void amx_begin(size_t rows, size_t features) {
  amx_configuration c __attribute__((aligned(64))) = {.palette = 1};
  for (int t = 0; t < 8; t++) {
    c.rows[t] = (uint8_t)(t < 6 ? rows : features / 4);
    c.row_bytes[t] = (uint16_t)(t == 4 || t == 5 ? features : 64);
  }
  _tile_loadconfig(&c);
}

/// Leaves nothing behind: the state of tiles would be saved at every switch of threads.
static inline void amx_end(void) { _tile_release(); }

#define amx_zero(tile) _tile_zero(tile)
/// As many rows and bytes of each as the register has, rows `stride` bytes apart.
#define amx_load(tile, p, stride) _tile_loadd(tile, p, (long)(stride))
#define amx_store(tile, p, stride) _tile_stored(tile, p, (long)(stride))
/// sums += activations (signed) times weights (signed), in 32 bits.
#define amx_add_product(sums, activations, weights) _tile_dpbssd(sums, activations, weights)
/// Into L2.
#define amx_prefetch(p) _mm_prefetch((const char *)(p), _MM_HINT_T1)
