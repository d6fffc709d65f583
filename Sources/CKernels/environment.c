// The floating-point environment of formats/numerics.md: round to nearest even, subnormals kept, no traps.
#include "CKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

uint64_t glck_enter(void) {
  uint64_t previous = _mm_getcsr();
  _mm_setcsr(0x1F80);  // all exceptions masked, rounding to nearest, FTZ and DAZ off
  return previous;
}

void glck_leave(uint64_t environment) { _mm_setcsr((unsigned)environment); }

#elif defined(__aarch64__)

uint64_t glck_enter(void) {
  uint64_t previous;
  __asm__ volatile("mrs %0, fpcr" : "=r"(previous));
  __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0));
  return previous;
}

void glck_leave(uint64_t environment) { __asm__ volatile("msr fpcr, %0" : : "r"(environment)); }

#else
#error "glck_enter is not written for this architecture"
#endif
