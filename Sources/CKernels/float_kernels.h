// All float kernels, over whichever vocabulary was included before; their table entries.
#pragma once
#include "elementary_body.h"
#include "quantize_body.h"
#include "layer_norm_body.h"
#include "relative_softmax_body.h"
#include "unpack_s4_body.h"
#include "rows_body.h"
#include "pack_tiles_body.h"
#include "product_f32_body.h"
#include "project_f64_body.h"
#include "limit_f32_body.h"

#define FLOAT_KERNELS                                                                                       \
  .product_f32 = product_f32, .quantize = quantize, .layer_norm = layer_norm,                               \
  .relative_softmax = relative_softmax, .divide_rows = divide_rows, .widen_row = widen_row,                 \
  .widen_row_s4 = widen_row_s4, .widen_floats = widen_floats, .unpack_tiles = unpack_tiles,                 \
  .widen_panel = widen_panel, .pack_panels = pack_panels, .dot = dot, .exp_rows = exp_rows,                 \
  .activate_rows = activate_rows, .add_scaled = add_scaled, .project_f64 = project_f64,                     \
  .channel_sums = channel_sums, .pack_tiles = pack_tiles, .pack_transposed_tiles = pack_transposed_tiles,   \
  .f32_limit = f32_limit
