/* What a whole map comes to: slots, buckets and chains counted, and what follows from the counts. Filled by a map's format from
   the pieces of a scan; the text and the JSON are made from facts as everywhere.  */
#ifndef MS_STATS_H
#define MS_STATS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	MS_STATS_SLOTS = 8,
	MS_STATS_DEPTHS = 256, /* chains with more overflow buckets are counted as having one less */
	MS_STATS_MARKS = 256,
};

struct ms_stats {
	/* Counted. A bucket counts wherever it lies, an entry only where the map looks for it.  */
	uint64_t slot_marks[MS_STATS_SLOTS][MS_STATS_MARKS]; /* buckets in use by the mark of each slot */
	uint64_t occupancy[MS_STATS_SLOTS + 1];		     /* buckets by live slots */
	uint64_t depths[MS_STATS_DEPTHS]; /* buckets by their place in the chain; the last one: and deeper */
	uint64_t deepest;
	uint64_t empty_overflow, elsewhere; /* overflow buckets without a live slot; outside the arrays' memory */
	uint64_t evacuated, evacuated_overflow;
	uint64_t way; /* slots looked at to find each entry once */

	/* By the format, at the end.  */
	uint64_t marks[MS_STATS_MARKS]; /* slots of buckets in use, by mark */
	uint64_t live, tombstones, empty, buckets, overflow;
	uint64_t chain[MS_STATS_DEPTHS]; /* chains by overflow buckets */
	uint32_t chain_count;		 /* of CHAIN */
	double mark_chance;		 /* -1: too few entries */
	double way_actual, way_expected; /* of one entry; -1: there is none */
	uint64_t bytes, bytes_live, bytes_retained, bytes_pointed, bytes_rebuilt;
};

/* The chance that counts as uneven as these come of drawing each entry's place at random, where WEIGHT tells how likely each of
   COUNT places is: a chi-square test. 0 where a place that cannot be has entries.  */
double ms_stats_chance(const uint64_t *counts, const uint32_t *weights, uint32_t count);
/* The regularised upper incomplete gamma function Q(A, X), for A > 0 and X >= 0.  */
double ms_stats_gamma_q(double a, double x);

#endif
