// The int8 product for AMX, with float steps on AVX-512.
#pragma STDC FP_CONTRACT OFF
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>
#include "kernels.h"

#pragma clang attribute push(                                                                            \
    __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,amx-tile,amx-int8"))), \
    apply_to = function)
#include "lanes_avx512.h"
#include "elementary_body.h"
#include "amx_tiles.h"
#include "product_s8_amx_body.h"

void glck_product_s8_amx(const glck_product_s8 *p) { product_s8_amx(p); }
#pragma clang attribute pop
#endif
