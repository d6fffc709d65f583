// The int8 product for AMX over tile registers in plain C: its order of loads, stores and products on any machine.
#pragma once
#include "CKernels.h"

void emulated_amx_product_s8(const glck_product_s8 *p);

/// What the processor would have refused since the last call: instructions without a configuration, shapes that do not
/// go together, a configuration out of bounds; and registers that were not released.
int emulated_amx_faults(void);
