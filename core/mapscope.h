/* mapscope: shows live hash maps from the inside. The decoder's whole public interface.

   The caller (a debugger's front-end, the command-line tool, a test) lends two tables of call-backs: how to read the
   target's memory, and what its types look like. In return it runs commands (map-info, map-buckets, map-entries; text or
   JSON) and walks maps entry by entry. Nothing here can write to the target, resume it or call a function in it.

	struct ms_context *ctx = ms_new(&memory, &types);
	struct ms_command *cmd = ms_command_new(ctx, "map-entries", "m --json");
	do {
		more = ms_command_step(cmd, 50);                      a slice of at most 50 ms
		text = ms_command_output(cmd, &size);                 what this slice printed
		fwrite(text, 1, size, stdout);
	} while (more == MS_AGAIN);
	if (*ms_command_error(cmd))
		fprintf(stderr, "map-entries: %s\n", ms_command_error(cmd));
	status = ms_command_status(cmd);
	ms_command_free(cmd);
	ms_free(ctx);

   Rules that hold for everything below:
   - Made for foreign-function interfaces: fixed-width integers, no bit-fields, no varargs; structs that cross start with
     their own size, so that an older caller is detected and new members can be added at the end.
   - Addresses, types and sizes are the target's. An address is a uint64_t, never a C pointer.
   - A call returns 0 or more, or a negative enum ms_code. MS_NOT_FOUND is an answer, not a failure.
   - Texts returned belong to the object they were asked of and live until its next call or its end. They are UTF-8 made
     printable: bytes of the target outside printable ASCII are escaped.
   - One thread per context. Two contexts share nothing.

   A call-back answers through its last argument: the library sets *answer to MS_UNANSWERED, and the call-back stores its
   result there as the last thing it does. Its return value does not exist. (An exception inside a Python call-back, or a
   Ctrl-C before its first line, is dropped by ctypes and leaves a random return value; an answer that was never stored
   cannot be mistaken for one.) A call-back that fails stores a negative enum ms_code.  */
#ifndef MAPSCOPE_H
#define MAPSCOPE_H

#include <stdint.h>

#define MS_API __attribute__((visibility("default")))

/* The number of this interface; ms_abi() returns the library's. A front-end refuses a library with a lower one.  */
enum { MS_ABI = 3 };
MS_API uint32_t ms_abi(void);
MS_API const char *ms_version(void);

enum ms_code {
	MS_OK = 0,
	MS_AGAIN = 1,	   /* the slice of time is over, or the output is full: call again */
	MS_NOT_FOUND = -1, /* an answer: no such type, symbol, map */
	MS_FAULT = -2,	   /* target memory that cannot be read */
	MS_BAD_TYPE = -3,  /* the type is no map, or its debug information makes no sense */
	MS_BAD_MAP = -4,   /* the header holds values that no map has */
	MS_NO_MEMORY = -5,
	MS_USAGE = -6,	     /* a command line that cannot be understood */
	MS_INTERRUPTED = -7, /* by ms_command_interrupt, or by a call-back that did not answer */
	MS_REFUSED = -8,     /* the caller could not evaluate an expression; its own words are in ms_value.error */
	MS_IO = -9,	     /* a file of -o */
	MS_UNANSWERED = -100,
};

/* Exit statuses of commands (commands.md, section 7).  */
enum ms_status { MS_YES = 0, MS_NO = 1, MS_STATUS_USAGE = 2, MS_FAILED = 3, MS_PARTIAL = 4 };

/* ---- What the caller lends ---- */

/* Memory of the target.  */
struct ms_memory {
	uint64_t size; /* sizeof(struct ms_memory) */
	void *user;
	/* Copies up to LEN bytes at ADDRESS into BUFFER. Answer: how many leading bytes it got (0 when the first one cannot
	   be read), or a negative code. May be slow: the library asks for up to 1 MiB at a time.  */
	void (*read)(void *user, uint64_t address, void *buffer, uint64_t len, int64_t *answer);
	/* Process id of the target where it is a live process of this machine whose memory, as the kernel shows it, is what the
	   debugger would show (no core, no remote, no replay); then the library reads it directly. 0 otherwise.  */
	int64_t pid;
	uint32_t pointer_size; /* 4 or 8 */
	uint32_t big_endian;   /* 0 or 1 */
	uint32_t running;      /* 1: the target runs while it is read, so that an answer may be torn; it will say so */
};

enum ms_kind {
	MS_VOID = 0, /* also: incomplete, unknown */
	MS_INT = 1,  /* signed integer; a C char is the one named "char" */
	MS_UINT = 2, /* unsigned integer */
	MS_BOOL = 3,
	MS_FLOAT = 4,
	MS_COMPLEX = 5,
	MS_ENUM = 6,	/* fields: the enumerators, offset holding the value */
	MS_POINTER = 7, /* also C++ references; target: what it points to (MS_VOID's type for void *) */
	MS_ARRAY = 8,	/* target: its element; count: how many */
	MS_STRUCT = 9,	/* also classes */
	MS_UNION = 10,
	MS_FUNCTION = 11,
	MS_TYPEDEF = 12, /* also const and volatile, unnamed; target: the type behind */
};

/* A type as the caller knows it: a number of its own, valid until ms_forget. 0 is no type. Equal types should have equal
   numbers, since each is compiled once and kept.  */
struct ms_type {
	uint64_t size;	      /* sizeof(struct ms_type) */
	uint32_t kind;	      /* enum ms_kind */
	uint32_t field_count; /* members of a struct or union, enumerators of an enum */
	uint64_t byte_size;
	uint64_t target; /* type number */
	uint64_t count;	 /* elements of an array; 0 where unknown */
	const char *
		name; /* as the debug information spells it ("long unsigned int", "point" for struct point, "map[string]int"),
			     without struct, union or enum before it; "" for none. Stays the caller's, valid until ms_forget.  */
};

struct ms_field {
	uint64_t size;	   /* sizeof(struct ms_field) */
	const char *name;  /* "" for an anonymous member; valid until ms_forget */
	int64_t offset;	   /* in bytes; for an enumerator its value */
	uint64_t type;	   /* type number; 0 for an enumerator */
	uint32_t bit_size; /* 0: no bit-field */
	uint32_t
		bit_offset; /* of a bit-field: from the lowest bit (little-endian) or highest bit (big-endian) of byte OFFSET */
};

/* The value of an expression: its bytes as the debugger holds them now, and where they lie. An address of 0 means that they
   lie nowhere (a register, a convenience variable).  */
struct ms_value {
	uint64_t size; /* sizeof(struct ms_value) */
	uint64_t type; /* type number */
	uint64_t address;
	const void *bytes; /* the caller's, valid until its next call-back */
	uint64_t
		byte_count; /* may be 0 for an address with nothing readable behind it: the library then reads it itself */
	const char *
		error; /* with MS_REFUSED: why, in the debugger's words; the caller's, valid until its next call-back */
};

/* A file, or a part of it, that the target has mapped. One of a list, so without a size of its own.  */
struct ms_mapping {
	uint64_t start, end; /* addresses */
	uint64_t offset;     /* of START in the file, bytes */
	const char *path;    /* as the process saw it */
};

/* The process around a map, as a core file would tell of it. What is not known is 0 or NULL; pointers are the caller's, valid
   until its next call-back.  */
struct ms_process_facts {
	uint64_t size; /* sizeof(struct ms_process_facts) */
	int64_t pid;
	const void *auxv; /* the auxiliary vector: pairs of words as the target holds them */
	uint64_t auxv_size;
	const struct ms_mapping *mappings; /* by address */
	uint64_t mapping_count;
	uint64_t
		stack_end; /* where the stack of the outermost frame of the selected thread begins, as far as was looked */
	const char *lacks; /* one line: what of this could not be had, and why; NULL: nothing */
};

/* A variable that is there as long as the program: a global, or a static of a file or function.  */
struct ms_global {
	uint64_t size; /* sizeof(struct ms_global) */
	const char *
		name; /* qualified, as struct ms_types' VARIABLE takes it; the caller's, valid until its next call-back */
	uint64_t type; /* type number */
	uint64_t address;
};

/* Where a thread of the target stands.  */
struct ms_thread {
	uint64_t size;	       /* sizeof(struct ms_thread) */
	const char *name;      /* as the caller calls it: "1"; the caller's, valid until its next call-back */
	const char *functions; /* on its stack, innermost first, one a line, as far as they are known; likewise */
	uint32_t innermost;    /* 1: no more than the innermost one was looked at */
};

/* Types and names of the target. Each call-back answers MS_OK, MS_NOT_FOUND or another negative code.  */
struct ms_types {
	uint64_t size; /* sizeof(struct ms_types) */
	void *user;
	/* The value of EXPR in the selected frame, without calling a function in the target or assigning anything.  */
	void (*evaluate)(void *user, const char *expr, struct ms_value *out, int64_t *answer);
	/* The type named NAME ("struct point", "map[string]int", "main.T"), as a user would write it in the target's language.  */
	void (*lookup)(void *user, const char *name, uint64_t *type_out, int64_t *answer);
	void (*type)(void *user, uint64_t type, struct ms_type *out, int64_t *answer);
	void (*field)(void *user, uint64_t type, uint32_t index, struct ms_field *out, int64_t *answer);
	/* The address of the object-file symbol NAME ("runtime.types").  */
	void (*symbol)(void *user, const char *name, uint64_t *address_out, int64_t *answer);
	/* The variable called NAME as it stands in the selected frame; also a register ("$rdi") or an earlier result ("$1"). A
	   name may be qualified as its language and file do ("main.cache", "app::cache", "table.c::cache"). MS_NOT_FOUND: no such
	   name; MS_REFUSED with out->error: it exists but has no value here (optimised out, no frame). Where this is not NULL, the
	   library understands EXPR itself, as a path from variables (path/path.h), and asks EVALUATE, if that is not NULL, only
	   for --expr.  */
	void (*variable)(void *user, const char *name, struct ms_value *out, int64_t *answer);
	/* A pointer to TYPE (KIND MS_POINTER; TYPE 0: to void), or an array of COUNT of it (MS_ARRAY). NULL: none can be made.  */
	void (*derive)(void *user, uint32_t kind, uint64_t type, uint64_t count, uint64_t *type_out, int64_t *answer);
	/* For map-save; NULL, or MS_NOT_FOUND: there is no process, or nothing is known of it.  */
	void (*process)(void *user, struct ms_process_facts *out, int64_t *answer);
	/* The register NAME ("rip") of the selected thread in its innermost frame, of at most 64 bits. NULL: none is known.  */
	void (*reg)(void *user, const char *name, uint64_t *value_out, int64_t *answer);
	/* The name of the object-file symbol that begins at ADDRESS ("hmap_hash_32"); a stub that leads to a function of another
	   module has that function's name, with or without "@plt". *NAME_OUT is the caller's, valid until its next call-back.
	   NULL: there are no names.  */
	void (*symbol_at)(void *user, uint64_t address, const char **name_out, int64_t *answer);
	/* The variables of all the program's files, in any order, each once. *CURSOR is 0 at first, and the caller's from then
	   on. MS_NOT_FOUND: no more. NULL: they cannot be listed.  */
	void (*next_global)(void *user, uint64_t *cursor, struct ms_global *out, int64_t *answer);
	/* Go: the type that the run-time type descriptor at ADDRESS describes. NULL: not known.  */
	void (*runtime_type)(void *user, uint64_t address, uint64_t *type_out, int64_t *answer);
	/* Thread number N of the target, from 0, each that stands; MS_NOT_FOUND behind the last, or where threads are not known.
	   Not asked unless it may explain something. NULL: threads are never known.  */
	void (*thread)(void *user, uint64_t n, struct ms_thread *out, int64_t *answer);
};

/* ---- Contexts ---- */

struct ms_context;

/* Copies both tables (not what they point to). NULL when memory is short or a table is older than this library's.  */
MS_API struct ms_context *ms_new(const struct ms_memory *memory, const struct ms_types *types);
MS_API void ms_free(struct ms_context *ctx);

/* To be called when the selected target, its way of being read or its architecture may have changed: replaces the memory
   table. Cheap; a front-end calls it before every command and printer.  */
MS_API int32_t ms_set_memory(struct ms_context *ctx, const struct ms_memory *memory);

/* Drops all compiled types and thereby every type number the caller ever gave: to be called when modules or object files
   come or go. Open maps, iterators and commands of this context must be freed before.  */
MS_API void ms_forget(struct ms_context *ctx);

/* Rows that a text answer shows without --limit. 0: no limit. 200 at first.  */
MS_API void ms_set_default_limit(struct ms_context *ctx, uint64_t rows);

/* One line that says why the last call on CTX failed. "" after a success.  */
MS_API const char *ms_error(const struct ms_context *ctx);

/* ---- Commands ---- */

/* The commands that exist, for front-ends to declare them: INDEX from 0; NULL behind the last. The help text's first line
   is a summary ending in a full stop; then come the usage, the options and examples.  */
MS_API const char *ms_command_name(uint32_t index);
MS_API const char *ms_command_help(uint32_t index);
/* Options of that command that begin with PREFIX, for completion: the N-th one, or NULL.  */
MS_API const char *ms_command_option(uint32_t index, const char *prefix, uint32_t n);

/* 1: only a debugger can do what that command asks for: breakpoints are set, or the target runs.  */
MS_API int32_t ms_command_in_debugger(uint32_t index);

struct ms_command;

/* Begins command NAME with the words of LINE, unparsed. Never fails but for want of memory (NULL): what is wrong with the
   line shows after the first step.  */
MS_API struct ms_command *ms_command_new(struct ms_context *ctx, const char *name, const char *line);
/* The same with words that a shell has split: each is one word, whatever it holds.  */
MS_API struct ms_command *ms_command_new_words(struct ms_context *ctx, const char *name, uint32_t count,
					       const char *const *words);
/* Works for about SLICE_MS milliseconds (a single read of a slow target may take longer), or until 64 KiB of output wait to
   be fetched. MS_AGAIN: call again. MS_OK: done, look at the status. Never another value.  */
MS_API int32_t ms_command_step(struct ms_command *cmd, uint32_t slice_ms);
/* Output since the last call, for the screen (with -o FILE the rows are in FILE).  */
MS_API const char *ms_command_output(struct ms_command *cmd, uint64_t *size_out);
/* Ends the command early: the next step prints what belongs at the end ("interrupted", counts) and returns MS_OK.  */
MS_API void ms_command_interrupt(struct ms_command *cmd);
/* After MS_OK: enum ms_status, and the one line of an error, "" if there is none.  */
MS_API int32_t ms_command_status(const struct ms_command *cmd);
MS_API const char *ms_command_error(const struct ms_command *cmd);
/* After MS_OK: 1 when the answer may well be a better one a moment later: the target ran meanwhile (struct ms_memory, running)
   and what was read does not fit together, or it is in the middle of changing the map.  */
MS_API int32_t ms_command_torn(const struct ms_command *cmd);
/* Instead of the first step of a command that is then freed: finds the map and shows its first rows to nobody, without making
   the file of -o. For a caller who holds the target while he reads and wants its types to be known by then.  */
MS_API void ms_command_rehearse(struct ms_command *cmd, uint32_t slice_ms);
/* For a progress line: units done and in all (0: unknown), of no stated kind.  */
MS_API void ms_command_progress(const struct ms_command *cmd, uint64_t *done_out, uint64_t *total_out);
MS_API void ms_command_free(struct ms_command *cmd);

/* ---- Maps, for printers ---- */

/* MS_OK when TYPE is a map or a pointer to one, by shape; MS_NOT_FOUND when not, or when it is a header that does not tell what
   it holds (runtime.hmap); MS_BAD_TYPE when the caller failed to tell. Asks the caller once per type.  */
MS_API int32_t ms_type_is_map(struct ms_context *ctx, uint64_t type);

struct ms_map;

/* Opens the map that VALUE is or points to: reads the header, no more. MS_BAD_MAP and MS_FAULT leave the reason in ms_error
   ("B is 60, more buckets than memory has"). A nil map opens, and is empty.  */
MS_API int32_t ms_map_open(struct ms_context *ctx, const struct ms_value *value, struct ms_map **out);
MS_API void ms_map_free(struct ms_map *map);
/* Header facts by their JSON name: "count", "B", "buckets", "old_buckets" (0 at rest), "growing" (0, 1), "nil" (0, 1),
   "writing" (0, 1: the program is in the middle of an assign, delete or clear), "hash0" (the seed); of a C map "hash" and
   "equal" (addresses of its functions). MS_NOT_FOUND for another name.  */
MS_API int32_t ms_map_number(const struct ms_map *map, const char *name, int64_t *out);
/* One line: type, length, B and growth, from the header only.  */
MS_API const char *ms_map_summary(struct ms_map *map);
/* Where entry number N (from 0, in walk order) stands, as a token for ms_iter_new. Walks the map as far as N the first time,
   in slices of 50 ms (MS_AGAIN: call again with the same N), and keeps an index of what it saw as long as the map is open:
   later ones cost at most about 4 096 buckets. MS_NOT_FOUND: there are fewer entries. After MS_INTERRUPTED and MS_NO_MEMORY
   it can be called again too, and goes on where it was. *TOKEN_OUT is the map's, until the next call.  */
MS_API int32_t ms_map_seek(struct ms_map *map, uint64_t n, const char **token_out);

/* Entries in walk order, in batches. KEYS and ELEMS hold COUNT records of key_size and elem_size bytes, as they lie in
   the target (indirect ones already fetched); addresses say where. All pointers are the library's, valid until the next call
   on the iterator. A key or elem that could not be fetched has address 0 and zero bytes. Type 0: untyped bytes.  */
struct ms_batch {
	uint64_t size; /* sizeof(struct ms_batch) */
	uint64_t count;
	uint64_t key_type, elem_type;
	uint64_t key_size, elem_size;
	const uint8_t *keys, *elems;
	const uint64_t *key_addresses, *elem_addresses;
};

struct ms_iter;

/* FROM: "" for the beginning, or the token of ms_iter_token. The map must outlive the iterator.  */
MS_API int32_t ms_iter_new(struct ms_map *map, const char *from, struct ms_iter **out);
MS_API void ms_iter_free(struct ms_iter *iter);
/* The next 1 to MAX entries. MS_OK with a count of 0: no more. MS_AGAIN: a slice of 50 ms found none, call again.  */
MS_API int32_t ms_iter_next(struct ms_iter *iter, uint64_t max, struct ms_batch *out);
/* The key, or the elem, of entry I of the last batch as one line of text, as map-entries shows it: what could not be fetched
   shows as "<cannot read ...>". "" when there is no entry I; NULL when a read was interrupted or memory is short (ms_error).
   The iterator's, until its next batch or the next text of the same half.  */
MS_API const char *ms_iter_key_text(struct ms_iter *iter, uint64_t i);
MS_API const char *ms_iter_elem_text(struct ms_iter *iter, uint64_t i);
/* Where the entry after the last one given stands, for ms_iter_new; "" at the end.  */
MS_API const char *ms_iter_token(struct ms_iter *iter);
/* After the end: what the reader must know (damage met, entries found are not count), one line; "" for nothing.  */
MS_API const char *ms_iter_note(struct ms_iter *iter);

/* A key looked up, as map-get does: hashed and walked straight to, or where its hash cannot be computed found among all
   entries.  */
struct ms_get;

/* Looks KEY up: a value of the target's or of the debugger's own, which is turned into the map's type of keys (a constant text of C's
   is a literal where keys are no texts); or, where KEY is NULL, the literal TEXT, which is the key itself where keys are texts
   and it is no literal. MS_USAGE: it is no key of this map. MS_FAULT, MS_BAD_TYPE, MS_INTERRUPTED, MS_NO_MEMORY. The map must
   outlive it.  */
MS_API int32_t ms_get_new(struct ms_map *map, const struct ms_value *key, const char *text, struct ms_get **out);
MS_API void ms_get_free(struct ms_get *get);
/* MS_AGAIN: a slice of 50 ms is over, call again. MS_OK: *OUT is a batch of the one entry. MS_NOT_FOUND: there is none.  */
MS_API int32_t ms_get_step(struct ms_get *get, struct ms_batch *out);
/* What the reader must know of the search (damage met), one line; "" for nothing.  */
MS_API const char *ms_get_note(struct ms_get *get);

/* ---- Events of maps, for breakpoints ---- */

/* What can happen to a map, by number from 0: "make", "assign", "delete", "clear", "grow", "evacuate", "grow-done". NULL behind the
   last.  */
MS_API const char *ms_event_name(uint32_t event);

/* A function that is called where an event happens. A breakpoint where it begins stops before the event, with the arguments
   still in place.  */
struct ms_event_site {
	uint64_t size;	       /* sizeof(struct ms_event_site) */
	const char *function;  /* its symbol */
	const char *arguments; /* their names in debug information, in order, a space between them */
	uint32_t argument_count;
	uint32_t go;  /* 1: a function of Go's runtime, for ms_go_entry; 0: of the map in C, called as C is */
	uint32_t map; /* which argument is the map's address, from 1; 0: none is */
};

/* The N-th function where EVENT happens. MS_NOT_FOUND behind the last.  */
MS_API int32_t ms_event_site(uint32_t event, uint32_t n, struct ms_event_site *out);

/* Where a function of Go's runtime begins for a breakpoint: it may run its first instructions twice, when the stack has to grow.
   CODE is the function's first bytes. Answer: enum ms_convention; *OFFSET_OUT is behind the check of the stack, where no argument
   has moved yet; 0 if there is none.  */
enum ms_convention {
	MS_CONVENTION_UNKNOWN = 0,
	MS_CONVENTION_REGISTERS = 1, /* Go 1.17 and later on x86-64: arguments 1 to 4 in rax, rbx, rcx, rdi */
	MS_CONVENTION_STACK = 2,     /* before: argument N in the N-th word above the stack pointer's */
};
MS_API int32_t ms_go_entry(const void *code, uint64_t size, uint32_t *offset_out);

/* An event at hand: the program stands where the function begins.  */
enum { MS_ARGUMENTS_MOST = 4 };
struct ms_event {
	uint64_t size; /* sizeof(struct ms_event) */
	uint32_t event, site;
	uint64_t arguments[MS_ARGUMENTS_MOST];
	uint64_t map_type;  /* type number of the map or of a pointer to it; 0: the program's own descriptor tells */
	uint32_t tell_type; /* 1: the line names it */
};

struct ms_hit;

/* Reads what the event is about: the header, no more than a chain beside it. MS_NOT_FOUND: it is none, since the call changes
   nothing (the old bucket has moved already; the growth goes on after this step).  */
MS_API int32_t ms_hit_new(struct ms_context *ctx, const struct ms_event *event, struct ms_hit **out);
MS_API void ms_hit_free(struct ms_hit *hit);
/* The event in one line: "grow: double, 8 -> 16 buckets, count 52 + 1, load 6.6".  */
MS_API const char *ms_hit_text(struct ms_hit *hit);
/* The key of an assign or delete: type, bytes (the hit's) and address, or 0. MS_NOT_FOUND: there is none, or it cannot be read.  */
MS_API int32_t ms_hit_key(struct ms_hit *hit, struct ms_value *out);
/* The same as map-entries shows it; "" for none.  */
MS_API const char *ms_hit_key_text(struct ms_hit *hit);
/* Type number of the map or of a pointer to it; 0: not known.  */
MS_API uint64_t ms_hit_type(const struct ms_hit *hit);

/* What a command asks of its front-end, since it takes a debugger to do it. After MS_OK of a step of map-break, with status 0.  */
struct ms_breakpoint {
	uint64_t size; /* sizeof(struct ms_breakpoint) */
	uint32_t event;
	uint32_t go;	       /* MAP is a map of Go: 1; of C: 0 */
	uint64_t map;	       /* the address of the one map that is meant; 0: any */
	uint64_t map_type;     /* type number */
	const char *expr;      /* as it was typed, escaped; "" for none */
	const char *condition; /* as it was typed; "" for none */
};
/* Also of map-trace, once its first step has answered MS_AGAIN: EVENT then means nothing, and the functions of "grow", "evacuate" and
   "grow-done" are wanted. MS_NOT_FOUND: CMD is neither, or asks for nothing. Texts are the command's.  */
MS_API int32_t ms_command_breakpoint(const struct ms_command *cmd, struct ms_breakpoint *out);

/* Records an event in a map-trace, at so many nanoseconds since it began; those of other maps are passed over. MS_NOT_FOUND: no
   more are wanted, the program is to stop. Only reads.  */
MS_API int32_t ms_command_event(struct ms_command *cmd, const struct ms_event *event, uint64_t nanoseconds);
/* Ends a map-trace; the steps that follow finish its file. WHY: "exited", "interrupted", "stopped". READABLE: 1 if the program
   still is there.  */
MS_API void ms_command_trace_end(struct ms_command *cmd, const char *why, uint64_t nanoseconds, uint32_t readable);

/* ---- Watching a map's memory, for hardware watchpoints ---- */

struct ms_watch;

/* What CMD, a map-watch that has ended with status 0, asks to watch, with at most MOST watchpoints. MS_NOT_FOUND: CMD is none, or
   it has failed. The watch is the caller's; it outlives CMD and ms_forget, and must end before its context.  */
MS_API int32_t ms_watch_new(struct ms_command *cmd, uint32_t most, struct ms_watch **out);
/* Type number of the map or of a pointer to it.  */
MS_API uint64_t ms_watch_type(const struct ms_command *cmd);
MS_API void ms_watch_free(struct ms_watch *watch);
/* "bucket 5 slot 2" as it is now; and what the watchpoints do not cover ("key: 8 of 16 bytes"), "" for nothing.  */
MS_API const char *ms_watch_name(const struct ms_watch *watch);
MS_API const char *ms_watch_left_out(const struct ms_watch *watch);

struct ms_watched {
	uint64_t size; /* sizeof(struct ms_watched) */
	uint64_t address;
	uint64_t byte_count; /* 1, 2, 4 or 8; ADDRESS is a multiple of it */
	const char *name;    /* "tophash" */
};
/* The N-th piece of memory to watch for writes. MS_NOT_FOUND behind the last.  */
MS_API int32_t ms_watch_piece(const struct ms_watch *watch, uint32_t n, struct ms_watched *out);

enum ms_watch_outcome {
	MS_WATCH_NOTHING = 0, /* the program need not stop: a moved entry arrives where it is awaited */
	MS_WATCH_TOLD = 1,
	MS_WATCH_MOVED = 2, /* told, and the pieces are others now */
	MS_WATCH_ENDED = 3, /* told, and there is nothing left to watch */
};
/* To be called when a watchpoint has hit: what has changed since the last time, one line. MAP_TYPE is that of ms_watch_type. Answer:
   enum ms_watch_outcome or a failure; *TEXT_OUT is the watch's until the next call.  */
MS_API int32_t ms_watch_look(struct ms_watch *watch, uint64_t map_type, const char **text_out);

/* ---- Places of variables, for front-ends ---- */

/* How a frame answers when a DWARF expression is evaluated in it. A call-back that is NULL makes what needs it unknown, as does
   an answer of 0 or less. Register numbers are DWARF's own for the machine (x86-64: 0 rax, 1 rdx, 2 rcx, 3 rbx, ...).  */
struct ms_frame {
	uint64_t size; /* sizeof(struct ms_frame) */
	void *user;
	/* Puts the LEN least significant bytes of a register, in the target's byte order, into BUFFER. Answer: how many of them
	   it has.  */
	void (*reg)(void *user, uint32_t number, void *buffer, uint64_t len, int64_t *answer);
	/* The canonical frame address. Answer: 1 with *OUT.  */
	void (*cfa)(void *user, uint64_t *out, int64_t *answer);
	/* As that of struct ms_memory.  */
	void (*read)(void *user, uint64_t address, void *buffer, uint64_t len, int64_t *answer);
	uint64_t bias;		/* what the loader added to the file's addresses */
	const void *frame_base; /* the expression of the function around; NULL: none */
	uint64_t frame_base_size;
	uint32_t pointer_size;
	uint32_t big_endian;
};

/* Where the value of SIZE bytes lies that EXPRESSION describes: MS_OK with its address; or with *ADDRESS_OUT 0, its bytes being
   in BUFFER then: they lie in registers or pieces, or are a constant. Where KNOWN is not NULL, some pieces may be missing: for
   each byte of BUFFER it has one, 1 or 0. MS_REFUSED (it has no value there), MS_FAULT, MS_BAD_TYPE, MS_NO_MEMORY or
   MS_INTERRUPTED (a call-back did not answer), with one line of up to WHY_SIZE bytes in WHY.  */
MS_API int32_t ms_locate(const struct ms_frame *frame, const void *expression, uint64_t expression_size, void *buffer,
			 void *known, uint64_t size, uint64_t *address_out, char *why, uint64_t why_size);

/* Where the map is that LINE names as a command's line does ("m", "ADDRESS --type TYPE", "f(m) --expr"): its type as written
   there, which is a header's or a pointer's to one, and the address of its header, 0 for a nil map. The map may be damaged. For a
   caller who will ask about it again, from whatever frame is selected then. MS_OK, or a failure with its line in ms_error
   (MS_INTERRUPTED has none).  */
MS_API int32_t ms_map_find(struct ms_context *ctx, const char *line, uint64_t *type_out, uint64_t *address_out);

/* ---- Words for front-ends ---- */

/* TEXT with everything but printable ASCII escaped; for a text of the target that a front-end must print itself.  */
MS_API const char *ms_escape(struct ms_context *ctx, const char *text, uint64_t size);

#endif
