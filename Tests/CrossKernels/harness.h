// What the families of cases share: guarded memory, numbers that are the same on every machine, and results as hashes.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "CKernels.h"

/// One instruction set going through the cases of one family.
typedef struct run run;

/// Whether this is the case to do next: always, but it ends the case before (memory is checked and given back, its hash
/// is compared with scalar's) and begins this one: its label seeds the numbers. Cases are the same for every set.
void begin_case(run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// Memory for the case, filled with a pattern. In one of the two passes over all cases it ends where a page begins that
/// may not be touched, in the other it begins behind one; what else is on its pages must keep the pattern.
void *guarded(run *r, size_t bytes);
float *guarded_floats(run *r, size_t count);

/// In -magnitude...magnitude.
float *random_floats(run *r, size_t count, float magnitude);
/// The same with one value in four replaced by zeros, subnormals, infinities, NaN, and values around the limits of exp.
float *awkward_floats(run *r, size_t count, float magnitude);
/// In -127...127; or all `fixed` where that is not NO_CODE.
int8_t *random_codes(run *r, size_t count, int fixed);
enum { NO_CODE = 128 };
/// Below `limit`.
uint32_t random_below(run *r, uint32_t limit);

/// Results, gaps between rows included. Any NaN is as good as another: x86 and ARM make different ones.
void result_floats(run *r, const float *values, size_t count);
void result_doubles(run *r, const double *values, size_t count);
void result_bytes(run *r, const void *bytes, size_t count);
void result_int(run *r, int64_t value);

/// Something that must hold whatever scalar says.
#define REQUIRE(r, condition) require(r, condition, #condition)
void require(run *r, int condition, const char *text);

/// Lengths around every boundary that a kernel has; ends with 0.
extern const size_t awkward_lengths[];

typedef struct {
  const char *name;
  void (*cases)(run *r, const glck_kernels *kernels);
} family;

/// Each file's families, ended by one without a name.
extern const family product_families[], row_families[], attention_families[], machine_families[];
