// Counts allocations of the threads that ask for it, by standing before glibc's functions in the program of the tests.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// Whether allocations are counted: not under sanitizers, which stand there themselves, nor on other libraries than glibc.
int alc_counts(void);

/// From now on allocations of the calling thread (malloc, calloc, realloc and the aligned ones) are added to `counter`,
/// atomically; with NULL they count nowhere.
void alc_watch(long *counter);

#ifdef __cplusplus
}
#endif
