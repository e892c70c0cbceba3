/* Allocations made to fail, for tests that are built with a sanitizer: a program that names one of these has its malloc, calloc
   and realloc in front of the sanitizer's.  */
#ifndef ALLOCATIONS_H
#define ALLOCATIONS_H

#include <stddef.h>
#include <stdint.h>

extern uint64_t fail_allocation; /* the N-th from now on (from 1, with ALLOCATIONS set to 0) fails; 0: none */
extern uint64_t allocations;	 /* so many since then */
extern size_t largest_growth;	 /* of what realloc was asked for */

#endif
