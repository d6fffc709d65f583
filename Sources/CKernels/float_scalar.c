// Float kernels in plain C, and the scalar table: the oracle.
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"
#include "lanes_scalar.h"
#include "float_kernels.h"

const glck_kernels glck_kernels_scalar = {
    .name = "scalar", .product_s8 = glck_product_s8_scalar, .int8_limit = glck_int8_limit_scalar, FLOAT_KERNELS};

float glck_sigmoid(float z) { return 1 / (1 + v_exp(v_set1(-z)).lane[0]); }
