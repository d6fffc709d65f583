// The same source as Sources/CKernels/product_s8_amx.c, on emulated tiles and plain C.
#pragma STDC FP_CONTRACT OFF
#include "EmulatedAMX.h"
#include <string.h>
#include "../../Sources/CKernels/lanes_scalar.h"
#include "../../Sources/CKernels/elementary_body.h"
#include "emulated_tiles.h"
#include "../../Sources/CKernels/product_s8_amx_body.h"

void emulated_amx_product_s8(const glck_product_s8 *p) { product_s8_amx(p); }

int emulated_amx_faults(void) {
  int faults = emulated.faults + emulated.configured;
  emulated.faults = 0;
  return faults;
}
