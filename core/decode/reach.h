/* What a program's global variables lead to: typed values followed, through pointers, arrays, structs, slices, interfaces and
   other maps, to every map. Nearest first, so that each map has a short name. Not followed: pointers to void and to functions,
   unions, more than one object behind a pointer of C.

   reach_types.c knows which parts of a type can lead to a map at all, reach.c follows them, reach_list.c keeps what was found,
   out/reached.c tells the way as a name.  */
#ifndef MS_REACH_H
#define MS_REACH_H

#include "decode/map.h"

/* How one value leads to another.  */
enum ms_way {
	MS_WAY_GLOBAL,	  /* it is a variable */
	MS_WAY_POINTER,	  /* what a pointer points to */
	MS_WAY_MAP,	  /* the map that lies here */
	MS_WAY_TO_MAP,	  /* the map that a pointer points to */
	MS_WAY_ARRAY,	  /* elements that lie here */
	MS_WAY_SLICE,	  /* elements of a Go slice */
	MS_WAY_INTERFACE, /* what a Go interface holds */
};

/* A part of a type that may lead to a map. TYPE and such are numbers of struct ms_reach_types.  */
struct ms_step {
	enum ms_way way;
	uint64_t offset;	    /* of the part, in bytes */
	char *name;		    /* ".a.b"; "" for the whole */
	uint32_t type;		    /* of what it leads to; of a map: itself */
	const struct ms_node *node; /* of an interface: the run-time type's */
	uint64_t count, stride;	    /* elements of an array */
	uint64_t other;		    /* offset of a slice's length, of an interface's data */
	uint64_t inner;		    /* of an interface with methods: where in its table the type is; else UINT64_MAX */
};

struct ms_reach_type {
	const struct ms_node *node; /* as declared */
	struct ms_step *steps;
	uint32_t step_count;
	bool is_union; /* then it is not followed: which of its members holds is not known */
	bool reaches;  /* a map may be reached from a value of it; known once the type is settled */
};

struct ms_reach_types {
	struct ms_context *ctx;
	struct ms_reach_type *all;
	uint32_t count, capacity;
	uint32_t expanded, settled; /* types below these have their steps, and know whether they reach */
	uint32_t *slots;	    /* number + 1 by node, open addressing */
	uint32_t slot_count;
	uint32_t unions;  /* that may lead to a map */
	uint32_t unknown; /* that the caller could not tell */
	bool swiss;	  /* a map of Go 1.24 or later was met */
};

enum { MS_NO_TYPE = UINT32_MAX };

/* The number of NODE's type; MS_NO_TYPE: memory is short, or there are too many.  */
uint32_t ms_reach_type(struct ms_reach_types *types, const struct ms_node *node);
/* Goes on settling all types that have a number: MS_OK: go on; MS_NOT_FOUND: done; or a failure.  */
int32_t ms_reach_types_step(struct ms_reach_types *types);
void ms_reach_types_fini(struct ms_reach_types *types);

/* Values of TYPE, one behind the other: those from FIRST, which is not 0 where others have been seen before, up to COUNT.  */
struct ms_object {
	uint64_t address, first, count;
	uint64_t offset; /* where in its parent the part lies that leads here; of a global: the number of its name */
	uint64_t key;	 /* the parent is a map: address of the key in whose entry that part lies */
	uint32_t parent, type, depth;
	uint8_t way;
	bool in_key;
};

/* A map that was reached.  */
struct ms_reached {
	uint64_t address;
	int64_t count;
	uint64_t memory, wasted;    /* bytes, as map-stats counts them */
	const struct ms_node *node; /* as it is declared */
	const struct ms_format *format;
	uint32_t object;
};

/* The largest of FOUND maps.  */
struct ms_reached_list {
	struct ms_reached *maps;
	uint64_t count, found;
};

/* False: memory is short.  */
bool ms_reached_add(struct ms_reached_list *list, const struct ms_reached *map);
/* Those that hold most first.  */
void ms_reached_sort(struct ms_reached_list *list);

struct ms_reach;

struct ms_reach *ms_reach_new(struct ms_context *ctx, struct ms_notes *notes);
void ms_reach_free(struct ms_reach *reach);
/* A piece of the work: MS_OK, MS_AGAIN (the slice is over), MS_NOT_FOUND (all is found), MS_INTERRUPTED or another failure.  */
int32_t ms_reach_step(struct ms_reach *reach);
/* Ends the work: notes what was left out, and sorts the maps, those that hold most memory first.  */
void ms_reach_end(struct ms_reach *reach);
const struct ms_reached_list *ms_reach_maps(const struct ms_reach *reach);
void ms_reach_progress(const struct ms_reach *reach, uint64_t *done_out, uint64_t *total_out);

const struct ms_object *ms_reach_object(const struct ms_reach *reach, uint32_t index);
const struct ms_reach_type *ms_reach_type_at(const struct ms_reach *reach, uint32_t type);
/* NULL: NODE's type was not met.  */
const struct ms_reach_type *ms_reach_type_of(struct ms_reach *reach, const struct ms_node *node);
/* The name of a global that is an object.  */
const char *ms_reach_global(const struct ms_reach *reach, uint32_t index);

#endif
