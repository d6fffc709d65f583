// CRC-32 by the instructions of Armv8's CRC extension, which have this polynomial and order of bits.
#if defined(__aarch64__)
#include <arm_acle.h>
#include <string.h>
#include "kernels.h"

#pragma clang attribute push(__attribute__((target("crc"))), apply_to = function)

uint32_t glck_crc32_arm(uint32_t crc, const uint8_t *bytes, size_t count) {
  crc = ~crc;
  for (; count >= 8; bytes += 8, count -= 8) {
    uint64_t eight;
    memcpy(&eight, bytes, sizeof eight);
    crc = __crc32d(crc, eight);
  }
  for (; count > 0; bytes++, count--) crc = __crc32b(crc, *bytes);
  return ~crc;
}

#pragma clang attribute pop
#endif
