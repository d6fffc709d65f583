// One int8 product, so that its instructions can be counted by an emulator: count_products SET ROWS FEATURES CHANNELS TIMES int8|int4
// The difference between running it once and not at all is the product alone.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "CKernels.h"

static void *memory(size_t bytes) {
  void *found = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!found) exit(70);
  memset(found, 1, bytes);
  return found;
}

int main(int count, char **arguments) {
  if (count != 7) return 64;
  size_t rows = strtoul(arguments[2], NULL, 10), k = strtoul(arguments[3], NULL, 10);
  size_t blocks = strtoul(arguments[4], NULL, 10) / 16, times = strtoul(arguments[5], NULL, 10);
  int is_int4 = strcmp(arguments[6], "int4") == 0;
  const glck_kernels *kernels = NULL;
  for (size_t i = 0; i < glck_kernels_count(); i++)
    if (strcmp(glck_kernels_name(i), arguments[1]) == 0) kernels = glck_kernels_at(i);
  if (!kernels) {
    fprintf(stderr, "error: %s does not run here\n", arguments[1]);
    return 64;
  }
  size_t n = 16 * blocks;
  float *output = memory(4 * rows * n);
  glck_product_s8 product = {
      .rows = rows, .k = k, .blocks = blocks, .activations = memory(rows * k), .activation_stride = k,
      .row_scales = memory(4 * rows), .channel_sums = memory(4 * n), .channel_scales = memory(4 * n),
      .output = output, .output_stride = n};
  if (is_int4) {
    product.packed = (glck_tiles_s4){memory(n * k / 2), memory(n * k / 64), 64};
    product.scratch = memory(GLCK_UNPACKED_BYTES * k);
  } else {
    product.tiles = memory(n * k);
  }
  for (size_t i = 0; i < times; i++) kernels->product_s8(&product);
  printf("%g\n", (double)output[0]);
  return 0;
}
