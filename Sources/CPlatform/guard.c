// Mapped files that may be shortened while they are mapped. Touching a page past the new end raises SIGBUS;
// the handler below maps a zero page there and sets a flag, so that the reader can report an I/O error.
#define _GNU_SOURCE
#include "CPlatform.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

// As many as a process can have mappings (vm.max_map_count); untouched ones take no memory.
enum { SLOTS = 65536 };

static struct {
  _Atomic(uintptr_t) base;
  _Atomic(size_t) length;
  _Atomic(int) damaged;
  _Atomic(int) taken;
} slots[SLOTS];

/// No slot from this one on was ever taken.
static _Atomic(int) used;

static struct sigaction previous;
static pthread_once_t install_once = PTHREAD_ONCE_INIT;
static uintptr_t page_size = 4096;

static void forward(int signal_number, siginfo_t *info, void *context) {
  if (previous.sa_flags & SA_SIGINFO) {
    if (previous.sa_sigaction) {
      previous.sa_sigaction(signal_number, info, context);
      return;
    }
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal_number);
    return;
  }
  // No earlier handler: restore the default action; the faulting instruction is retried and ends the process.
  sigaction(SIGBUS, &previous, NULL);
}

static void on_bus_error(int signal_number, siginfo_t *info, void *context) {
  uintptr_t address = (uintptr_t)info->si_addr;
  for (int i = 0, end = atomic_load(&used); i < end; i++) {
    if (!atomic_load(&slots[i].taken)) continue;
    uintptr_t base = atomic_load(&slots[i].base);
    size_t length = atomic_load(&slots[i].length);
    if (address < base || address - base >= length) continue;
    // Marked first: another thread may read the zero page as soon as it is there.
    atomic_store(&slots[i].damaged, 1);
    void *page = (void *)(address & ~(page_size - 1));
    void *zero = mmap(page, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (zero == MAP_FAILED) break;
    return;
  }
  forward(signal_number, info, context);
}

static void install(void) {
  page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
  struct sigaction action = {0};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &previous);
}

int glcp_guard_register(const void *base, size_t length) {
  pthread_once(&install_once, install);
  for (int i = 0; i < SLOTS; i++) {
    int free_slot = 0;
    // Claimed with length 0 first: the handler then never matches a half-written slot.
    if (!atomic_compare_exchange_strong(&slots[i].taken, &free_slot, 1)) continue;
    atomic_store(&slots[i].damaged, 0);
    atomic_store(&slots[i].base, (uintptr_t)base);
    atomic_store(&slots[i].length, length);
    int end = atomic_load(&used);
    while (end <= i && !atomic_compare_exchange_weak(&used, &end, i + 1)) {
    }
    return i;
  }
  return -1;
}

int glcp_guard_damaged(int slot) {
  return slot >= 0 && slot < SLOTS && atomic_load(&slots[slot].damaged);
}

void glcp_guard_unregister(int slot) {
  if (slot < 0 || slot >= SLOTS) return;
  atomic_store(&slots[slot].length, 0);
  atomic_store(&slots[slot].base, 0);
  atomic_store(&slots[slot].taken, 0);
}
