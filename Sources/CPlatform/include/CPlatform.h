// Operating-system services that Swift cannot express safely: a signal handler that turns a fault inside a
// mapped file into a flag, and system calls whose macros Swift does not import.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Registers [base, base + length) as a mapping whose pages may vanish because the file behind it was shortened.
/// From then on a SIGBUS inside it is answered by mapping a zero page over the fault, and the mapping is marked
/// as damaged. Returns a slot >= 0, or -1 when all slots are taken (the mapping is then unguarded).
/// Thread-safe. A SIGBUS outside every registered mapping goes to the handler installed before.
int glcp_guard_register(const void *base, size_t length);

/// Whether a page of the mapping in `slot` has been lost since it was registered.
int glcp_guard_damaged(int slot);

/// Forgets the mapping in `slot`. Call before munmap.
void glcp_guard_unregister(int slot);

/// open(2) with O_TMPFILE in `directory`: a nameless file that vanishes with its last descriptor.
/// Returns a descriptor, or -1 with errno set.
int glcp_open_nameless(const char *directory, int mode);

/// Gives the nameless file `descriptor` the name `path`, which must not exist. Returns 0, or -1 with errno set.
int glcp_link_nameless(int descriptor, const char *path);

/// copy_file_range(2), to the same place in the other file. Returns the number of bytes copied, which may be fewer than
/// `count`, or -1 with errno set.
long glcp_copy_range(int from, int to, long offset, long count);

/// Processors that this process may run on (its affinity mask), at least 1.
int glcp_available_processors(void);

/// Tells the processor that a loop waits for another one: it takes less from its neighbour meanwhile, and leaves the loop
/// at once when what it waits for changes.
static inline void glcp_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#ifdef __cplusplus
}
#endif
