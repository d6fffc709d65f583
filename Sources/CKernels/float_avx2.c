// Float kernels for AVX2, FMA and F16C, and the tables that use them.
#pragma STDC FP_CONTRACT OFF
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>
#include "kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "lanes_avx2.h"
#include "float_kernels.h"
#pragma clang attribute pop

const glck_kernels glck_kernels_avx2 = {
    .name = "avx2", .product_s8 = glck_product_s8_avx2, .int8_limit = glck_int8_limit_avx2, FLOAT_KERNELS};
const glck_kernels glck_kernels_avxvnni = {
    .name = "avxvnni", .product_s8 = glck_product_s8_avxvnni, .reads_channel_sums = 1,
    .int8_limit = glck_int8_limit_avxvnni, FLOAT_KERNELS};
#endif
