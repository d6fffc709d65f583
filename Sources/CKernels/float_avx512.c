// Float kernels for AVX-512 (F, BW, DQ, VL), and the tables that use them.
#pragma STDC FP_CONTRACT OFF
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>
#include "kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))), \
                             apply_to = function)
#include "lanes_avx512.h"
#include "float_kernels.h"
#pragma clang attribute pop

const glck_kernels glck_kernels_avx512vnni = {
    .name = "avx512vnni", .product_s8 = glck_product_s8_avx512vnni, .reads_channel_sums = 1,
    .int8_limit = glck_int8_limit_avx512vnni, FLOAT_KERNELS};
const glck_kernels glck_kernels_amx = {
    .name = "amx", .product_s8 = glck_product_s8_amx, .int8_limit = glck_int8_limit_amx, FLOAT_KERNELS};
#endif
