// CRC-32 by carry-less multiplication, after Intel's "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ".
// The message is folded: 128 bits times x^distance mod P are added to the 128 bits that lie `distance` further on.
// In reflected order the two constants of a distance d are x^(d + 32) mod P for the first half and x^(d - 32) mod P
// for the second, bit-reversed and shifted left by one.
#if defined(__x86_64__)
#include <immintrin.h>
#include "kernels.h"

#pragma clang attribute push(__attribute__((target("pclmul,sse4.1"))), apply_to = function)

static inline __m128i load(const uint8_t *p) { return _mm_loadu_si128((const __m128i *)p); }

/// `sum` moved on by the constants' distance, added to `next`.
static inline __m128i fold(__m128i sum, __m128i constants, __m128i next) {
  __m128i first = _mm_clmulepi64_si128(sum, constants, 0x00), second = _mm_clmulepi64_si128(sum, constants, 0x11);
  return _mm_xor_si128(_mm_xor_si128(first, second), next);
}

uint32_t glck_crc32_pclmul(uint32_t crc, const uint8_t *p, size_t count) {
  const __m128i by_512 = _mm_set_epi64x(0x1C6E41596, 0x154442BD4);
  const __m128i by_128 = _mm_set_epi64x(0x0CCAA009E, 0x1751997D0);
  __m128i a = _mm_xor_si128(load(p), _mm_cvtsi32_si128((int)~crc));
  __m128i b = load(p + 16), c = load(p + 32), d = load(p + 48);
  for (p += 64, count -= 64; count >= 64; p += 64, count -= 64) {
    a = fold(a, by_512, load(p));
    b = fold(b, by_512, load(p + 16));
    c = fold(c, by_512, load(p + 32));
    d = fold(d, by_512, load(p + 48));
  }
  a = fold(fold(fold(a, by_128, b), by_128, c), by_128, d);
  for (; count >= 16; p += 16, count -= 16) a = fold(a, by_128, load(p));

  // 128 bits to 96, to 64: the first 64 times x^96, then the first 32 of what is left times x^64.
  const __m128i low_32 = _mm_setr_epi32(-1, 0, 0, 0);
  a = _mm_xor_si128(_mm_clmulepi64_si128(a, by_128, 0x10), _mm_srli_si128(a, 8));
  __m128i by_64 = _mm_cvtsi64_si128(0x163CD6124);
  a = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(a, low_32), by_64, 0x00), _mm_srli_si128(a, 4));

  // Barrett's reduction: floor(x^64 / P) and P, both reflected.
  const __m128i barrett = _mm_set_epi64x(0x1F7011641, 0x1DB710641);
  __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(a, low_32), barrett, 0x10);
  __m128i product = _mm_clmulepi64_si128(_mm_and_si128(quotient, low_32), barrett, 0x00);
  return ~(uint32_t)_mm_extract_epi32(_mm_xor_si128(a, product), 1);
}

#pragma clang attribute pop
#endif
