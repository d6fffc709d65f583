// What the kernel files of an instruction set export to the dispatch table.
#pragma once
#include "CKernels.h"

extern const glck_kernels glck_kernels_scalar;
void glck_product_s8_scalar(const glck_product_s8 *p);
uint64_t glck_int8_limit_scalar(uint64_t iterations);

#if defined(__x86_64__)
extern const glck_kernels glck_kernels_avx2;
void glck_product_s8_avx2(const glck_product_s8 *p);
uint64_t glck_int8_limit_avx2(uint64_t iterations);

extern const glck_kernels glck_kernels_avxvnni;
void glck_product_s8_avxvnni(const glck_product_s8 *p);
uint64_t glck_int8_limit_avxvnni(uint64_t iterations);

extern const glck_kernels glck_kernels_avx512vnni;
void glck_product_s8_avx512vnni(const glck_product_s8 *p);
uint64_t glck_int8_limit_avx512vnni(uint64_t iterations);

extern const glck_kernels glck_kernels_amx;
void glck_product_s8_amx(const glck_product_s8 *p);
uint64_t glck_int8_limit_amx(uint64_t iterations);

/// CRC-32 by carry-less multiplication: for processors with PCLMULQDQ and SSE4.1, 64 bytes and more.
uint32_t glck_crc32_pclmul(uint32_t crc, const uint8_t *bytes, size_t count);
#endif

#if defined(__aarch64__)
extern const glck_kernels glck_kernels_neon, glck_kernels_neondot, glck_kernels_neoni8mm;
void glck_product_s8_neon(const glck_product_s8 *p);
uint64_t glck_int8_limit_neon(uint64_t iterations);
void glck_product_s8_neondot(const glck_product_s8 *p);
uint64_t glck_int8_limit_neondot(uint64_t iterations);
void glck_product_s8_neoni8mm(const glck_product_s8 *p);
uint64_t glck_int8_limit_neoni8mm(uint64_t iterations);

/// CRC-32 for processors with the CRC extension.
uint32_t glck_crc32_arm(uint32_t crc, const uint8_t *bytes, size_t count);
#endif

/// What this machine, processor and operating system, can run.
typedef struct {
  int avx2_fma /* and F16C */, avx_vnni, avx512_vnni, amx_int8, pclmul;
  int asimd, dotprod, i8mm, crc32;
} glck_machine;
glck_machine glck_detect_machine(void);
