// What this machine can run: the processor's word (cpuid) and the operating system's (which registers it saves). On ARM
// the operating system speaks for both.
#include <stdatomic.h>
#include "kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

/// The registers that the operating system saves (XCR0), or 0 when it does not say.
static uint64_t saved_registers(uint32_t leaf1_ecx) {
  if (!(leaf1_ecx & bit_OSXSAVE)) return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

/// Tile data is 8 KiB a thread, which Linux saves only for processes that have asked. The answer holds for all threads
/// and those to come, and does not change: asking twice is harmless.
static int may_use_tiles(void) {
#if defined(__linux__)
  enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
  return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
#else
  return 0;
#endif
}

static unsigned detect(void) {
  uint32_t a, b, c, d, leaf7_b = 0, leaf7_c = 0, leaf7_d = 0, leaf7_1_a = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  uint32_t leaf1_c = c;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    leaf7_b = b, leaf7_c = c, leaf7_d = d;
    if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) leaf7_1_a = a;
  }
  uint64_t saved = saved_registers(leaf1_c);
  int ymm = (saved & 0x06) == 0x06;  // SSE and AVX state
  int zmm = (saved & 0xE6) == 0xE6;  // and masks, upper halves, registers 16...31
  uint32_t avx_fma = bit_AVX | bit_FMA | bit_F16C;
  int avx2_fma = ymm && (leaf1_c & avx_fma) == avx_fma && (leaf7_b & bit_AVX2);
  int avx_vnni = avx2_fma && (leaf7_1_a & 1u << 4);
  uint32_t avx512 = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
  int avx512_vnni = avx2_fma && zmm && (leaf7_b & avx512) == avx512 && (leaf7_c & bit_AVX512VNNI);
  uint32_t amx = 1u << 24 | 1u << 25;  // AMX-TILE, AMX-INT8
  int tiles = (saved & 0x60000) == 0x60000;  // their configuration and data
  int amx_int8 = avx512_vnni && tiles && (leaf7_d & amx) == amx && may_use_tiles();
  int pclmul = (leaf1_c & bit_PCLMUL) && (leaf1_c & bit_SSE4_1);
  return (unsigned)avx2_fma | (unsigned)avx512_vnni << 1 | (unsigned)pclmul << 2 | (unsigned)avx_vnni << 3 |
         (unsigned)amx_int8 << 4;
}
#elif defined(__aarch64__)
#include <sys/auxv.h>

static unsigned detect(void) {
  unsigned long first = getauxval(AT_HWCAP), second = getauxval(AT_HWCAP2);
  int asimd = (first & HWCAP_ASIMD) != 0, dotprod = asimd && (first & HWCAP_ASIMDDP);
  int i8mm = dotprod && (second & HWCAP2_I8MM), crc32 = (first & HWCAP_CRC32) != 0;
  return (unsigned)asimd | (unsigned)dotprod << 1 | (unsigned)i8mm << 2 | (unsigned)crc32 << 3;
}
#else
static unsigned detect(void) { return 0; }
#endif

/// Asked once: cpuid traps in a virtual machine. Threads that race find the same answer.
glck_machine glck_detect_machine(void) {
  static _Atomic unsigned known;
  const unsigned asked = 1u << 31;
  unsigned found = atomic_load_explicit(&known, memory_order_relaxed);
  if (!(found & asked)) {
    found = detect() | asked;
    atomic_store_explicit(&known, found, memory_order_relaxed);
  }
#if defined(__aarch64__)
  return (glck_machine){.asimd = found & 1, .dotprod = found >> 1 & 1, .i8mm = found >> 2 & 1, .crc32 = found >> 3 & 1};
#else
  return (glck_machine){.avx2_fma = found & 1,
                        .avx512_vnni = found >> 1 & 1,
                        .pclmul = found >> 2 & 1,
                        .avx_vnni = found >> 3 & 1,
                        .amx_int8 = found >> 4 & 1};
#endif
}
