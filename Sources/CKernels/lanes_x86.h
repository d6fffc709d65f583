// Words that the vocabularies of AVX2 and AVX-512 share: 128-bit registers are enough for them. Included by both, within
// their target regions.
#pragma once

LANES void interleave_rows(const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d, int8_t *output) {
  __m128i first = _mm_loadu_si128((const __m128i *)a), second = _mm_loadu_si128((const __m128i *)b);
  __m128i third = _mm_loadu_si128((const __m128i *)c), fourth = _mm_loadu_si128((const __m128i *)d);
  __m128i low = _mm_unpacklo_epi8(first, second), high = _mm_unpackhi_epi8(first, second);
  __m128i low2 = _mm_unpacklo_epi8(third, fourth), high2 = _mm_unpackhi_epi8(third, fourth);
  __m128i *to = (__m128i *)output;
  _mm_storeu_si128(to, _mm_unpacklo_epi16(low, low2));
  _mm_storeu_si128(to + 1, _mm_unpackhi_epi16(low, low2));
  _mm_storeu_si128(to + 2, _mm_unpacklo_epi16(high, high2));
  _mm_storeu_si128(to + 3, _mm_unpackhi_epi16(high, high2));
}
