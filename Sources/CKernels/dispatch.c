// The table of instruction sets, worst first. A new one is a row here, a table in its float_*.c (its own vocabulary of
// lanes, or an existing one's with another int8 product), and a product_s8_*.c.
#include "kernels.h"

static int always(glck_machine machine) {
  (void)machine;
  return 1;
}

#if defined(__x86_64__)
static int has_avx2(glck_machine machine) { return machine.avx2_fma; }
static int has_avx_vnni(glck_machine machine) { return machine.avx_vnni; }
static int has_avx512_vnni(glck_machine machine) { return machine.avx512_vnni; }
static int has_amx_int8(glck_machine machine) { return machine.amx_int8; }
#endif

#if defined(__aarch64__)
static int has_neon(glck_machine machine) { return machine.asimd; }
static int has_dotprod(glck_machine machine) { return machine.dotprod; }
static int has_i8mm(glck_machine machine) { return machine.i8mm; }
#endif

static const struct {
  const glck_kernels *kernels;
  int (*runs_on)(glck_machine machine);
} instruction_sets[] = {
    {&glck_kernels_scalar, always},
#if defined(__x86_64__)
    {&glck_kernels_avx2, has_avx2},
    {&glck_kernels_avxvnni, has_avx_vnni},
    {&glck_kernels_avx512vnni, has_avx512_vnni},
    {&glck_kernels_amx, has_amx_int8},
#endif
#if defined(__aarch64__)
    {&glck_kernels_neon, has_neon},
    {&glck_kernels_neondot, has_dotprod},
    {&glck_kernels_neoni8mm, has_i8mm},
#endif
};

enum { COUNT = sizeof instruction_sets / sizeof instruction_sets[0] };

size_t glck_kernels_count(void) { return COUNT; }

const glck_kernels *glck_kernels_at(size_t index) {
  if (index >= COUNT || !instruction_sets[index].runs_on(glck_detect_machine())) return NULL;
  return instruction_sets[index].kernels;
}

const char *glck_kernels_name(size_t index) { return index < COUNT ? instruction_sets[index].kernels->name : NULL; }

const glck_kernels *glck_kernels_best(void) {
  for (size_t index = COUNT - 1; index > 0; index--) {
    const glck_kernels *kernels = glck_kernels_at(index);
    if (kernels) return kernels;
  }
  return &glck_kernels_scalar;
}
