// Float kernels for AArch64's Advanced SIMD, and the tables that use them: instruction sets beyond it differ in the
// int8 product alone.
#pragma STDC FP_CONTRACT OFF
#if defined(__aarch64__)
#include <arm_neon.h>
#include <math.h>
#include <string.h>
#include "kernels.h"
#include "lanes_neon.h"
#include "float_kernels.h"

const glck_kernels glck_kernels_neon = {
    .name = "neon", .product_s8 = glck_product_s8_neon, .int8_limit = glck_int8_limit_neon, FLOAT_KERNELS};
const glck_kernels glck_kernels_neondot = {
    .name = "neondot", .product_s8 = glck_product_s8_neondot, .int8_limit = glck_int8_limit_neondot, FLOAT_KERNELS};
const glck_kernels glck_kernels_neoni8mm = {
    .name = "neoni8mm", .product_s8 = glck_product_s8_neoni8mm, .int8_limit = glck_int8_limit_neoni8mm, FLOAT_KERNELS};
#endif
