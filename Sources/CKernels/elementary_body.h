// exp and gelu (N2) over the vocabulary of lanes.
#pragma once
#include "elementary.h"

/// Horner's rule with fma; coefficients from the constant upward.
#define POLYNOMIAL(y, x, coefficients, degree)                                        \
  static const float y##_coefficients[] = {coefficients};                             \
  _Static_assert(sizeof y##_coefficients == sizeof(float) * ((degree) + 1), "degree"); \
  v16f y = v_set1(y##_coefficients[degree]);                                          \
  _Pragma("clang loop unroll(full)") for (int i = (degree)-1; i >= 0; i--)            \
    y = v_fma(y, x, v_set1(y##_coefficients[i]));

/// 2^f for |f| <= 1/2.
LANES v16f v_exp2_fraction(v16f f) {
  POLYNOMIAL(p, f, GLCK_EXP2_COEFFICIENTS, 6)
  return p;
}

LANES v16f v_exp(v16f x) {
  v16f limited = v_max(v_set1(GLCK_EXP_LOW), v_min(v_set1(GLCK_EXP_HIGH), x));
  v16f t = v_fma(limited, v_set1(GLCK_EXP_LOG2E_HIGH), v_set1(GLCK_ROUNDER));
  v16f n = v_sub(t, v_set1(GLCK_ROUNDER));
  v16f f = v_fma(limited, v_set1(GLCK_EXP_LOG2E_HIGH), v_sub(v_zero(), n));
  f = v_fma(limited, v_set1(GLCK_EXP_LOG2E_LOW), f);
  v16f y = v_mul(v_exp2_fraction(f), v_power_of_two(t, 0));
  return v_select_less(x, v_set1(GLCK_EXP_LOW), v_zero(), y);
}

LANES v16f v_gelu(v16f x) {
  v16f t = v_min(v_abs(x), v_set1(GLCK_GELU_LIMIT));
  POLYNOMIAL(q, t, GLCK_GELU_COEFFICIENTS, 7)
  v16f w = v_mul(t, q);
  v16f rounded = v_add(w, v_set1(GLCK_ROUNDER));
  v16f f = v_sub(w, v_sub(rounded, v_set1(GLCK_ROUNDER)));
  // Half of the tail 2^w: the half is in the exponent.
  v16f h = v_mul(v_exp2_fraction(f), v_power_of_two(rounded, -1));
  v16f phi = v_select_less(x, v_zero(), h, v_sub(v_set1(1), h));
  return v_mul(x, phi);
}
