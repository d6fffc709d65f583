// Every kernel of every instruction set that this (perhaps emulated) processor has against scalar, and a hash per
// family of kernels, which is to be the same on every processor. README.md says how it is used.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "run.h"

static uint64_t hashes[CASES];
static size_t cases_run;

static run current;

/// The pages around guarded memory may not be touched.
static void touched(int signal) {
  (void)signal;
  fail(&current, "touched memory outside of its operands");
}

static void go_through(run *r, const family *f, const glck_kernels *kernels) {
  r->count = 0;
  // The environment that kernels may assume, and the numbers are made in.
  uint64_t environment = glck_enter();
  f->cases(r, kernels);
  end_case(r);
  glck_leave(environment);
  cases_run += r->count;
}

/// All sets through one family, twice: memory at the end of its pages, and at the start.
static void check_family(const family *f) {
  run *r = &current;
  size_t recorded = 0;
  for (int at_start = 0; at_start < 2; at_start++)
    for (size_t set = 0; set < glck_kernels_count(); set++) {
      const glck_kernels *kernels = glck_kernels_at(set);
      if (!kernels) continue;
      *r = (run){.set = kernels->name, .family = f->name, .at_start = at_start, .hashes = hashes,
                .records = set == 0 && at_start == 0};
      go_through(r, f, kernels);
      if (r->records) recorded = r->count;
      if (r->count != recorded) {
        fprintf(stderr, "error: %s, %s: %zu cases, not %zu\n", r->set, f->name, r->count, recorded);
        exit(1);
      }
    }
  uint64_t all = 0xCBF29CE484222325;
  for (size_t i = 0; i < recorded; i++) all = (all ^ hashes[i]) * 0x100000001B3;
  printf("hash %-18s %016llx of %zu cases\n", f->name, (unsigned long long)all, recorded);
}

int main(int count, char **arguments) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  signal(SIGSEGV, touched);
  char sets[256] = "";
  for (size_t set = 0; set < glck_kernels_count(); set++) {
    if (!glck_kernels_at(set)) continue;
    if (sets[0]) strcat(sets, ",");
    strncat(sets, glck_kernels_name(set), 32);
  }
  printf("sets %s\n", sets);
  if (count > 1 && strcmp(arguments[1], sets)) {
    fprintf(stderr, "error: expected the instruction sets %s, found %s\n", arguments[1], sets);
    return 1;
  }
  const family *tables[] = {product_families, row_families, attention_families, machine_families};
  for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
    for (const family *f = tables[t]; f->name; f++) check_family(f);
  printf("passed: %zu cases run\n", cases_run);
  return 0;
}
