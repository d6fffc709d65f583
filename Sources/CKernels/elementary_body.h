// exp and the activation functions (N2) over the vocabulary of lanes.
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

/// The distribution function of the normal distribution.
LANES v16f v_phi(v16f x) {
  v16f t = v_min(v_abs(x), v_set1(GLCK_GELU_LIMIT));
  POLYNOMIAL(q, t, GLCK_GELU_COEFFICIENTS, 7)
  v16f w = v_mul(t, q);
  v16f rounded = v_add(w, v_set1(GLCK_ROUNDER));
  v16f f = v_sub(w, v_sub(rounded, v_set1(GLCK_ROUNDER)));
  // Half of the tail 2^w: the half is in the exponent.
  v16f h = v_mul(v_exp2_fraction(f), v_power_of_two(rounded, -1));
  return v_select_less(x, v_zero(), h, v_sub(v_set1(1), h));
}

LANES v16f v_gelu(v16f x) { return v_mul(x, v_phi(x)); }

LANES v16f v_sigmoid(v16f x) { return v_div(v_set1(1), v_add(v_set1(1), v_exp(v_sub(v_zero(), x)))); }

LANES v16f v_tanh(v16f x) {
  v16f u = v_exp(v_mul(v_abs(x), v_set1(-2)));
  v16f y = v_div(v_sub(v_set1(1), u), v_add(v_set1(1), u));
  return v_select_less(x, v_zero(), v_sub(v_zero(), y), y);
}

LANES v16f v_gelu_tanh(v16f x) {
  v16f inner = v_mul(v_mul(x, v_set1(GLCK_GELU_TANH_SCALE)), v_fma(v_mul(x, x), v_set1(GLCK_GELU_TANH_CUBE), v_set1(1)));
  return v_mul(x, v_sigmoid(v_add(inner, inner)));
}

LANES v16f v_mish(v16f x) {
  v16f u = v_exp(v_min(x, v_set1(GLCK_MISH_LIMIT)));
  v16f w = v_mul(u, v_add(u, v_set1(2)));
  return v_mul(x, v_div(w, v_add(w, v_set1(2))));
}

LANES v16f v_laplace(v16f x) {
  v16f z = v_div(v_sub(x, v_set1(GLCK_LAPLACE_MU)), v_set1(GLCK_LAPLACE_SIGMA));
  // The difference is zero, and keeps NaN.
  return v_add(v_phi(z), v_sub(z, z));
}

/// max(0, x), which keeps NaN.
LANES v16f v_relu(v16f x) { return v_max(v_zero(), x); }

LANES v16f v_activation(glck_activation activation, v16f x) {
  switch (activation) {
    case GLCK_ACTIVATION_NONE: return x;
    case GLCK_ACTIVATION_GELU: return v_gelu(x);
    case GLCK_ACTIVATION_GELU_TANH: return v_gelu_tanh(x);
    case GLCK_ACTIVATION_GELU_10: return v_min(v_set1(10), v_max(v_set1(-10), v_gelu(x)));
    case GLCK_ACTIVATION_QUICK_GELU: return v_mul(x, v_sigmoid(v_mul(x, v_set1(GLCK_QUICK_GELU_SCALE))));
    case GLCK_ACTIVATION_RELU: return v_relu(x);
    case GLCK_ACTIVATION_RELU2: return v_mul(v_relu(x), v_relu(x));
    case GLCK_ACTIVATION_RELU6: return v_min(v_set1(6), v_relu(x));
    case GLCK_ACTIVATION_LEAKY_RELU:
      return v_select_less(x, v_zero(), v_mul(x, v_set1(GLCK_LEAKY_RELU_SLOPE)), x);
    case GLCK_ACTIVATION_SIGMOID: return v_sigmoid(x);
    case GLCK_ACTIVATION_SILU: return v_mul(x, v_sigmoid(x));
    case GLCK_ACTIVATION_TANH: return v_tanh(x);
    case GLCK_ACTIVATION_HARDSWISH:
      return v_div(v_mul(x, v_min(v_set1(6), v_relu(v_add(x, v_set1(3))))), v_set1(6));
    case GLCK_ACTIVATION_MISH: return v_mish(x);
    case GLCK_ACTIVATION_LAPLACE: return v_laplace(x);
  }
  return x;
}
