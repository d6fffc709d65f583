// The most f32 products that a core can do: fma on registers alone, with as many independent sums as the f32 product
// has. Over the vocabulary of lanes.
#pragma once

static uint64_t f32_limit(uint64_t iterations) {
  enum { SUMS = PRODUCT_ROWS * PRODUCT_BLOCKS };
  v16f sums[SUMS], a = v_set1(0.5f), b = v_set1(0.25f), sum = v_zero();
#pragma clang loop unroll(full)
  for (int i = 0; i < SUMS; i++) sums[i] = v_set1((float)i);
  for (uint64_t n = 0; n < iterations; n++)
#pragma clang loop unroll(full)
    for (int i = 0; i < SUMS; i++) sums[i] = v_fma(a, b, sums[i]);
#pragma clang loop unroll(full)
  for (int i = 0; i < SUMS; i++) sum = v_add(sum, sums[i]);
  volatile float result = v_fold_sum(sum);
  (void)result;
  return iterations * SUMS * 16;
}
