// Constants of the elementary functions. Part of formats/numerics.md (section 2): a changed bit is a new revision.
// Derived by Scripts/fit_polynomials.py, which also checks this file (--check).
#pragma once

/// Adding and subtracting 1.5 * 2^23 rounds a small f32 to the nearest integer, ties to even; the sum's low bits are
/// that integer.
#define GLCK_ROUNDER 0x1.8p+23f

/// Beyond these exp is constant: +0 below, exp(88) above.
#define GLCK_EXP_LOW -87.0f
#define GLCK_EXP_HIGH 88.0f

/// log2(e) in two parts.
#define GLCK_EXP_LOG2E_HIGH 0x1.715476p+0f
#define GLCK_EXP_LOG2E_LOW 0x1.4ae0cp-26f

/// 2^f on |f| <= 1/2, from the constant term upward; relative error 1.9e-9. 2^0 is exactly 1.
#define GLCK_EXP2_COEFFICIENTS \
  0x1p+0f, 0x1.62e43p-1f, 0x1.ebfbdap-3f, 0x1.c6aed4p-5f, \
  0x1.3b2dbcp-7f, 0x1.5f457p-10f, 0x1.41d33p-13f

/// Q(t), with t Q(t) = log2(erfc(t / sqrt 2)) on 0 <= t <= limit, from the constant term upward; its part in gelu's
/// absolute error is 2.3e-8.
#define GLCK_GELU_LIMIT 0x1.2p+3f
#define GLCK_GELU_COEFFICIENTS \
  -0x1.26afbap+0f, -0x1.d61f1p-2f, -0x1.b07706p-5f, 0x1.e94244p-8f, \
  -0x1.c490acp-12f, -0x1.1e165cp-14f, 0x1.fdd9c8p-17f, -0x1.ccca92p-21f

/// Constants of activation functions, as transformers has them (activations.py), rounded to f32: sqrt(2 / pi), 0.044715,
/// 1.702, 0.01, 0.707107, 0.282095. Beyond the limit mish(x) is x.
#define GLCK_GELU_TANH_SCALE 0.797884560802865f
#define GLCK_GELU_TANH_CUBE 0.044715f
#define GLCK_QUICK_GELU_SCALE 1.702f
#define GLCK_LEAKY_RELU_SLOPE 0.01f
#define GLCK_LAPLACE_MU 0.707107f
#define GLCK_LAPLACE_SIGMA 0.282095f
#define GLCK_MISH_LIMIT 20.0f
