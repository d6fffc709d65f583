// CRC-32 (IEEE 802.3, reflected): by tables, and the choice between that and the processor's help.
#include <pthread.h>
#include "kernels.h"

/// tables[0][b] is the register after byte b; tables[j][b] after byte b and j zero bytes. So that 16 bytes
/// are 16 independent lookups.
static uint32_t tables[16][256];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void make_tables(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    tables[0][byte] = crc;
  }
  for (int zeros = 1; zeros < 16; zeros++)
    for (int byte = 0; byte < 256; byte++) {
      uint32_t crc = tables[zeros - 1][byte];
      tables[zeros][byte] = crc >> 8 ^ tables[0][crc & 255];
    }
}

uint32_t glck_crc32_portable(uint32_t crc, const void *bytes, size_t count) {
  pthread_once(&tables_once, make_tables);
  const uint8_t *p = bytes;
  crc = ~crc;
  for (; count >= 16; p += 16, count -= 16) {
    uint32_t next = 0;
    for (int i = 0; i < 4; i++) next ^= tables[15 - i][(p[i] ^ crc >> 8 * i) & 255];
    for (int i = 4; i < 16; i++) next ^= tables[15 - i][p[i]];
    crc = next;
  }
  for (; count > 0; p++, count--) crc = crc >> 8 ^ tables[0][(crc ^ *p) & 255];
  return ~crc;
}

uint32_t glck_crc32(uint32_t crc, const void *bytes, size_t count) {
#if defined(__x86_64__)
  size_t folded = count / 16 * 16;
  if (folded >= 64 && glck_detect_machine().pclmul) {
    crc = glck_crc32_pclmul(crc, bytes, folded);
    bytes = (const uint8_t *)bytes + folded;
    count -= folded;
  }
#elif defined(__aarch64__)
  if (glck_detect_machine().crc32) return glck_crc32_arm(crc, bytes, count);
#endif
  return glck_crc32_portable(crc, bytes, count);
}
