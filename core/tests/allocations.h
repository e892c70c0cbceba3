/* Allocations made to fail, for tests that are built with a sanitizer: a program that names one of these has its malloc, calloc
   and realloc in front of the sanitizer's.  */
#ifndef ALLOCATIONS_H
#define ALLOCATIONS_H

#include "fake_target.h"

extern uint64_t fail_allocation; /* the N-th from now on (from 1, with ALLOCATIONS set to 0) fails; 0: none */
extern uint64_t allocations;	 /* so many since then */
extern size_t largest_growth;	 /* of what realloc was asked for */

/* Runs a command while the N-th allocation fails, with t->provoked when there were so many.  */
struct fake_run fake_run_short_of_memory(struct fake_target *t, const char *name, const char *line, uint64_t n);

#endif
