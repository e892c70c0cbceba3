/* Types from debug information, against what the compiler of this test made of the same declarations, for both compilers and all
   versions of DWARF that they write; names to types; Go's own attributes.  */
#include <complex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uchar.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "dwarf_open.h"
#include "programs.h"
#include "types/dwarf.h"
#include "types/dwarf_elf.h"

/* These declarations are compiled here, and as a program by the compilers under test.  */
#define DECLARE(...)                                                                                                   \
	__VA_ARGS__                                                                                                    \
	static const char declarations[] = #__VA_ARGS__;

DECLARE(
	struct point { int x, y; }; typedef struct point point_t; typedef const volatile point_t *const chain_t;
	enum color{ RED, GREEN = 5, BLUE = 0x7fffffff }; enum sign{ MINUS = -3, ZERO = 0, PLUS = 200 };
	enum wide{ NARROW = 1, WIDE = 0xffffffffu }; union either {
		int i;
		double d;
		struct point p;
	};
	struct hidden; struct scalars {
		char c;
		signed char sc;
		unsigned char uc;
		short s;
		unsigned short us;
		int i;
		unsigned ui;
		long l;
		unsigned long ul;
		long long ll;
		unsigned long long ull;
		_Bool b;
		float f;
		double d;
		long double ld;
		double _Complex z;
		__int128 o;
		enum color color;
	};
	struct links {
		struct point *point;
		const volatile char *text;
		void *nothing;
		int (*call)(int);
		struct hidden *hidden;
		struct links *self;
		chain_t chain;
		struct {
			int inside;
		};
		union {
			int one;
			float other;
		};
		union either either;
		int grid[2][3];
		struct point points[4];
		char bytes[256];
		int none[0];
		short rest[];
	};
	struct bits {
		unsigned a : 3;
		unsigned b : 7;
		int c : 20;
		unsigned long d : 40;
		unsigned long : 4;
		_Bool e : 1;
		unsigned char f : 8;
		unsigned long long g : 64;
		int h : 31;
	};
	struct __attribute__((packed)) tight {
		char a;
		unsigned b : 13;
		unsigned c : 20;
		long d;
	};)

static const char *const compilers[] = { "gcc -gdwarf-5",   "gcc -gdwarf-4",
					 "gcc -gdwarf-3",   "gcc -gdwarf-2 -gstrict-dwarf",
					 "clang -gdwarf-5", "clang -gdwarf-4",
					 "clang -gdwarf-3", "clang -gdwarf-2" };
enum { COMPILERS = sizeof compilers / sizeof *compilers };

static struct ms_dwarf *open_program(const char *path)
{
	struct ms_dwarf *dwarf = dwarf_open(path);

	assert_string_equal(ms_dwarf_note(dwarf), "");
	return dwarf;
}

/* The declarations by compiler number I.  */
static struct ms_dwarf *open_declarations(int i)
{
	static char paths[COMPILERS][256];
	char source[8192];

	if (!*paths[i]) {
		snprintf(source, sizeof source,
			 "%s\nstruct scalars scalars; struct links links; struct bits bits; struct tight tight;\n"
			 "enum sign sign; enum wide wide; int main(void) { return 0; }\n",
			 declarations);
		snprintf(paths[i], sizeof paths[i], "%s", program_compile(compilers[i], source));
	}
	return open_program(paths[i]);
}

static uint64_t lookup(struct ms_dwarf *dwarf, const char *name)
{
	uint64_t type = 0;

	if (ms_dwarf_lookup(dwarf, name, MS_DWARF_NO_PC, &type) != MS_OK)
		fail_msg("no type %s", name);
	return type;
}

static struct ms_type describe(struct ms_dwarf *dwarf, uint64_t number)
{
	struct ms_type type = { 0 };

	if (ms_dwarf_type(dwarf, number, &type) != MS_OK)
		fail_msg("type 0x%llx: %s", (unsigned long long)number, ms_dwarf_error(dwarf));
	assert_non_null(type.name);
	return type;
}

/* Behind typedefs and qualifiers.  */
static struct ms_type strip(struct ms_dwarf *dwarf, uint64_t number)
{
	struct ms_type type = describe(dwarf, number);

	while (type.kind == MS_TYPEDEF)
		type = describe(dwarf, type.target);
	return type;
}

static struct ms_field member(struct ms_dwarf *dwarf, const char *type, const char *name)
{
	uint64_t number = lookup(dwarf, type);
	struct ms_field field;

	for (uint32_t i = 0; ms_dwarf_field(dwarf, number, i, &field) == MS_OK; i++)
		if (!strcmp(field.name, name))
			return field;
	fail_msg("%s has no member %s", type, name);
	return field;
}

static struct ms_type member_type(struct ms_dwarf *dwarf, const char *type, const char *name)
{
	return strip(dwarf, member(dwarf, type, name).type);
}

#define SCALAR(member, kind)                                                                                           \
	{                                                                                                              \
#member, kind, offsetof(struct scalars, member), sizeof(((struct scalars *)0)->member)                 \
	}

static void scalars_have_the_compilers_offset_size_and_kind(void **state)
{
	static const struct {
		const char *name;
		uint32_t kind;
		uint64_t offset, size;
	} rows[] = { SCALAR(c, (char)-1 < 0 ? MS_INT : MS_UINT),
		     SCALAR(sc, MS_INT),
		     SCALAR(uc, MS_UINT),
		     SCALAR(s, MS_INT),
		     SCALAR(us, MS_UINT),
		     SCALAR(i, MS_INT),
		     SCALAR(ui, MS_UINT),
		     SCALAR(l, MS_INT),
		     SCALAR(ul, MS_UINT),
		     SCALAR(ll, MS_INT),
		     SCALAR(ull, MS_UINT),
		     SCALAR(b, MS_BOOL),
		     SCALAR(f, MS_FLOAT),
		     SCALAR(d, MS_FLOAT),
		     SCALAR(ld, MS_FLOAT),
		     SCALAR(z, MS_COMPLEX),
		     SCALAR(o, MS_INT),
		     SCALAR(color, MS_ENUM) };

	(void)state;
	for (int i = 0; i < COMPILERS; i++) {
		struct ms_dwarf *dwarf = open_declarations(i);
		struct ms_type whole = describe(dwarf, lookup(dwarf, "struct scalars"));
		assert_int_equal(whole.kind, MS_STRUCT);
		assert_string_equal(whole.name, "scalars");
		assert_int_equal(whole.byte_size, sizeof(struct scalars));
		assert_int_equal(whole.field_count, sizeof rows / sizeof *rows);
		for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
			struct ms_field field = member(dwarf, "struct scalars", rows[k].name);
			struct ms_type type = describe(dwarf, field.type);
			assert_int_equal(field.offset, rows[k].offset);
			assert_int_equal(field.bit_size, 0);
			assert_int_equal(type.byte_size, rows[k].size);
			assert_int_equal(type.kind, rows[k].kind);
		}
		assert_string_equal(member_type(dwarf, "struct scalars", "c").name, "char");
		assert_string_equal(member_type(dwarf, "struct scalars", "color").name, "color");
		ms_dwarf_free(dwarf);
	}
}

static void pointers_and_typedefs_lead_to_their_targets(void **state)
{
	(void)state;
	for (int i = 0; i < COMPILERS; i++) {
		struct ms_dwarf *dwarf = open_declarations(i);
		struct ms_type point = member_type(dwarf, "struct links", "point");
		assert_int_equal(point.kind, MS_POINTER);
		assert_int_equal(point.byte_size, sizeof(void *));
		assert_string_equal(describe(dwarf, point.target).name, "point");

		/* const and volatile are typedefs without a name.  */
		struct ms_type text = describe(dwarf, member_type(dwarf, "struct links", "text").target);
		assert_int_equal(text.kind, MS_TYPEDEF);
		assert_string_equal(text.name, "");
		assert_int_equal(text.byte_size, 1);
		assert_string_equal(strip(dwarf, text.target).name, "char");

		struct ms_type nothing = describe(dwarf, member_type(dwarf, "struct links", "nothing").target);
		assert_int_equal(nothing.kind, MS_VOID);
		struct ms_type call = describe(dwarf, member_type(dwarf, "struct links", "call").target);
		assert_int_equal(call.kind, MS_FUNCTION);
		assert_string_equal(describe(dwarf, call.target).name, "int");
		/* The same type from two ways has the same number.  */
		assert_int_equal(member_type(dwarf, "struct links", "self").target, lookup(dwarf, "struct links"));

		struct ms_type chain = member_type(dwarf, "struct links", "chain");
		assert_int_equal(chain.kind, MS_POINTER);
		assert_string_equal(strip(dwarf, chain.target).name, "point");
		assert_string_equal(describe(dwarf, lookup(dwarf, "chain_t")).name, "chain_t");

		struct ms_type hidden = describe(dwarf, member_type(dwarf, "struct links", "hidden").target);
		assert_int_equal(hidden.kind, MS_STRUCT);
		assert_string_equal(hidden.name, "hidden");
		assert_int_equal(hidden.byte_size, 0);
		assert_int_equal(hidden.field_count, 0);
		ms_dwarf_free(dwarf);
	}
}

static void anonymous_members_have_no_name(void **state)
{
	(void)state;
	for (int i = 0; i < COMPILERS; i++) {
		struct ms_dwarf *dwarf = open_declarations(i);
		struct ms_field inside = member(dwarf, "struct links", "");
		struct ms_type type = describe(dwarf, inside.type);
		assert_int_equal(inside.offset, offsetof(struct links, inside));
		assert_int_equal(type.kind, MS_STRUCT);
		assert_string_equal(type.name, "");
		assert_int_equal(type.field_count, 1);
		struct ms_type either = member_type(dwarf, "struct links", "either");
		assert_int_equal(either.kind, MS_UNION);
		assert_int_equal(either.byte_size, sizeof(union either));
		assert_int_equal(either.field_count, 3);
		assert_int_equal(member(dwarf, "union either", "d").offset, 0);
		ms_dwarf_free(dwarf);
	}
}

static void arrays_have_their_dimensions(void **state)
{
	(void)state;
	for (int i = 0; i < COMPILERS; i++) {
		struct ms_dwarf *dwarf = open_declarations(i);
		struct ms_type grid = member_type(dwarf, "struct links", "grid");
		assert_int_equal(grid.kind, MS_ARRAY);
		assert_int_equal(grid.count, 2);
		assert_int_equal(grid.byte_size, sizeof(int[2][3]));
		struct ms_type row = describe(dwarf, grid.target);
		assert_int_equal(row.kind, MS_ARRAY);
		assert_int_equal(row.count, 3);
		assert_int_equal(row.byte_size, sizeof(int[3]));
		assert_string_equal(describe(dwarf, row.target).name, "int");
		/* 256 elements: the upper bound has all the bits of its form.  */
		assert_int_equal(member_type(dwarf, "struct links", "bytes").count, 256);
		assert_int_equal(member_type(dwarf, "struct links", "points").byte_size, sizeof(struct point[4]));
		const char *const empty[] = { "none", "rest" };
		for (int k = 0; k < 2; k++) {
			struct ms_type type = member_type(dwarf, "struct links", empty[k]);
			assert_int_equal(type.kind, MS_ARRAY);
			assert_int_equal(type.count, 0);
			assert_int_equal(type.byte_size, 0);
		}
		assert_int_equal(member(dwarf, "struct links", "rest").offset, offsetof(struct links, rest));
		ms_dwarf_free(dwarf);
	}
}

static void assert_enumerator(struct ms_dwarf *dwarf, const char *type, const char *name, int64_t value)
{
	struct ms_field field = member(dwarf, type, name);

	assert_int_equal(field.offset, value);
	assert_int_equal(field.type, 0);
}

static void enumerators_keep_their_sign(void **state)
{
	(void)state;
	for (int i = 0; i < COMPILERS; i++) {
		struct ms_dwarf *dwarf = open_declarations(i);
		assert_enumerator(dwarf, "enum color", "RED", 0);
		assert_enumerator(dwarf, "enum color", "GREEN", 5);
		assert_enumerator(dwarf, "enum color", "BLUE", BLUE);
		assert_enumerator(dwarf, "enum sign", "MINUS", -3);
		assert_enumerator(dwarf, "enum sign", "PLUS", 200);
		assert_enumerator(dwarf, "enum wide", "WIDE", 0xffffffff);
		assert_int_equal(describe(dwarf, lookup(dwarf, "enum sign")).byte_size, sizeof(enum sign));
		assert_int_equal(describe(dwarf, lookup(dwarf, "enum sign")).field_count, 3);
		ms_dwarf_free(dwarf);
	}
}

/* The first bit of a member that was set to all ones, and how many there are, from the bytes.  */
static void assert_bits(struct ms_dwarf *dwarf, const char *type, const char *name, const void *bytes, size_t size)
{
	struct ms_field field = member(dwarf, type, name);
	uint32_t count = 0;
	int64_t first = -1;

	for (size_t i = 0; i < 8 * size; i++) {
		if (!(((const uint8_t *)bytes)[i / 8] >> i % 8 & 1))
			continue;
		first = first < 0 ? (int64_t)i : first;
		count++;
	}
	assert_int_equal(field.offset * 8 + field.bit_offset, first);
	assert_int_equal(field.bit_size ? field.bit_size : 8 * describe(dwarf, field.type).byte_size, count);
	assert_true(field.bit_offset < 8);
}

#define ASSERT_BITS(dwarf, tag, member, ...)                                                                           \
	do {                                                                                                           \
		tag value;                                                                                             \
		memset(&value, 0, sizeof value);                                                                       \
		value.member = __VA_ARGS__;                                                                            \
		assert_bits(dwarf, #tag, #member, &value, sizeof value);                                               \
	} while (0)

static void bit_fields_are_where_the_compiler_puts_them(void **state)
{
	(void)state;
	for (int i = 0; i < COMPILERS; i++) {
		struct ms_dwarf *dwarf = open_declarations(i);
		ASSERT_BITS(dwarf, struct bits, a, 7);
		ASSERT_BITS(dwarf, struct bits, b, 127);
		ASSERT_BITS(dwarf, struct bits, c, -1);
		ASSERT_BITS(dwarf, struct bits, d, 0xffffffffff);
		ASSERT_BITS(dwarf, struct bits, e, 1);
		ASSERT_BITS(dwarf, struct bits, f, 255);
		ASSERT_BITS(dwarf, struct bits, g, UINT64_MAX);
		ASSERT_BITS(dwarf, struct bits, h, -1);
		ASSERT_BITS(dwarf, struct tight, a, -1);
		ASSERT_BITS(dwarf, struct tight, b, 0x1fff);
		ASSERT_BITS(dwarf, struct tight, c, 0xfffff);
		ASSERT_BITS(dwarf, struct tight, d, -1);
		ms_dwarf_free(dwarf);
	}
}

static void types_are_found_as_users_write_them(void **state)
{
	static const char *const same[][2] = { { "unsigned long", "long unsigned int" },
					       { "unsigned long int", "long unsigned" },
					       { "long", "long int" },
					       { "short unsigned", "unsigned short int" },
					       { "unsigned", "unsigned int" },
					       { "signed", "int" },
					       { "long long", "long long int" },
					       { "bool", "_Bool" },
					       { "point", "struct point" },
					       { "  struct   point", "struct point" },
					       { "class point", "struct point" } };
	static const char *const absent[] = { "",	    "struct",	       "struct color",
					      "enum point", "union point",     "nonsense",
					      "long short", "unsigned double", "int int",
					      "main",	    "scalars::c",      "::" };
	uint64_t type;

	(void)state;
	for (int i = 0; i < COMPILERS; i++) {
		struct ms_dwarf *dwarf = open_declarations(i);
		for (size_t k = 0; k < sizeof same / sizeof *same; k++)
			assert_int_equal(lookup(dwarf, same[k][0]), lookup(dwarf, same[k][1]));
		for (size_t k = 0; k < sizeof absent / sizeof *absent; k++)
			assert_int_equal(ms_dwarf_lookup(dwarf, absent[k], MS_DWARF_NO_PC, &type), MS_NOT_FOUND);
		assert_int_not_equal(lookup(dwarf, "char"), lookup(dwarf, "signed char"));
		/* Without a tag, what needs none comes first.  */
		assert_int_equal(describe(dwarf, lookup(dwarf, "point_t")).kind, MS_TYPEDEF);
		assert_int_equal(ms_dwarf_language(dwarf, lookup(dwarf, "point_t")), MS_DWARF_C);
		ms_dwarf_free(dwarf);
	}
}

static void declaration_is_resolved_in_another_unit(void **state)
{
	(void)state;
	program_write("one.c",
		      "struct far; struct far *far; struct user { struct far *f; } user; int main(void) { return 0; }");
	program_write("two.c", "struct far { long a; int b; } it; ");
	for (int i = 0; i < COMPILERS; i++) {
		program_shell("%s one.c two.c -o far", compilers[i]);
		struct ms_dwarf *dwarf = open_program(program_path("far"));
		struct ms_type far = describe(dwarf, member_type(dwarf, "struct user", "f").target);
		assert_string_equal(far.name, "far");
		assert_int_equal(far.byte_size, 16);
		assert_int_equal(far.field_count, 2);
		assert_int_equal(describe(dwarf, lookup(dwarf, "struct far")).byte_size, 16);
		ms_dwarf_free(dwarf);
	}
}

static void type_units_are_read(void **state)
{
	static const char *const flags[] = { "gcc -gdwarf-4", "gcc -gdwarf-5", "clang -gdwarf-4", "clang -gdwarf-5" };

	(void)state;
	program_write("unit.c",
		      "struct inner { long a, b; }; enum e { E1 = 7 }; struct outer { struct inner i; struct outer *o; "
		      "enum e e; } outer; int main(void) { return 0; }");
	for (int i = 0; i < 4; i++) {
		program_shell("%s -fdebug-types-section unit.c -o unit", flags[i]);
		struct ms_dwarf *dwarf = open_program(program_path("unit"));
		struct ms_dwarf_variable variable;
		assert_int_equal(ms_dwarf_global(dwarf, "outer", MS_DWARF_NO_PC, 0, &variable), MS_OK);
		struct ms_type outer = strip(dwarf, variable.type);
		assert_int_equal(outer.byte_size, 32);
		assert_int_equal(outer.field_count, 3);
		assert_int_equal(member(dwarf, "struct outer", "o").offset, 16);
		assert_int_equal(member_type(dwarf, "struct outer", "i").field_count, 2);
		assert_int_equal(member_type(dwarf, "struct outer", "e").field_count, 1);
		assert_enumerator(dwarf, "enum e", "E1", 7);
		ms_dwarf_free(dwarf);
	}
}

static const char cxx_source[] =
	"#include <cstdio>\n#include <cstddef>\n"
	"namespace app { inline namespace v1 { struct Versioned { int v; }; }\n"
	"namespace { struct Local { char c[3]; }; }\n"
	"class Base { public: long id; virtual ~Base() {} }; struct Second { short s; };\n"
	"class Derived : public Base, public Second { public: static int shared; int own; int &ref; int &&moved;\n"
	"  Derived *next; union { int u; float f; }; enum class Mode : unsigned char { On = 200 } mode;\n"
	"  struct Nested { char16_t wide; char32_t wider; } nested; void (Base::*method)(); int Second::*data;\n"
	"  static int a; Derived() : ref(own), moved(static_cast<int &&>(own)) {} };\n"
	"int Derived::shared = 1; template <class K, class V> struct Map { K key; V value; }; Derived cache; }\n"
	"struct Virtual : virtual app::Second { int x; } virt;\n"
	"app::Versioned versioned; app::Local local_; app::Map<int, app::Map<char, long>> map;\n"
	"static_assert(true, \"\");\n"
	"int main() { app::Derived d; app::Second &s = d; app::Base &b = d;\n"
	"#define P(m) printf(#m \" %ld\\n\", (long)((char *)&d.m - (char *)&d))\n"
	"  P(own); P(next); P(u); P(f); P(mode); P(nested); P(method); P(data); P(id);\n"
	"  printf(\"Second %ld\\n\", (long)((char *)&s - (char *)&d)); printf(\"Base %ld\\n\", (long)((char *)&b - "
	"(char *)&d));\n"
	"  printf(\"Derived %zu\\n\", sizeof d); printf(\"Map %zu\\n\", sizeof map); return local_.c[0]; }\n";

/* A class's base is a member without a name.  */
static int64_t base_offset(struct ms_dwarf *dwarf, const char *type, const char *base)
{
	uint64_t number = lookup(dwarf, type);
	struct ms_field field;

	for (uint32_t i = 0; ms_dwarf_field(dwarf, number, i, &field) == MS_OK; i++)
		if (!*field.name && !strcmp(describe(dwarf, field.type).name, base))
			return field.offset;
	fail_msg("%s has no base %s", type, base);
	return -1;
}

static void cxx_classes_have_bases_scopes_and_members(void **state)
{
	static const char *const cxx[] = { "g++ -gdwarf-5", "g++ -gdwarf-4", "clang++ -gdwarf-5", "clang++ -gdwarf-4" };
	static const char *const members[] = { "own", "next", "mode", "nested", "method", "data" };
	uint64_t type;

	(void)state;
	for (int i = 0; i < 4; i++) {
		const char *path = program_compile(cxx[i], cxx_source);
		struct ms_buf account = { 0 };
		program_output(path, &account);
		struct ms_dwarf *dwarf = open_program(path);
		for (size_t k = 0; k < sizeof members / sizeof *members; k++)
			assert_int_equal(member(dwarf, "app::Derived", members[k]).offset,
					 program_number(account.data, members[k]));
		struct ms_type derived = describe(dwarf, lookup(dwarf, "class app::Derived"));
		assert_string_equal(derived.name, "app::Derived");
		assert_int_equal(derived.byte_size, program_number(account.data, "Derived"));
		assert_int_equal(base_offset(dwarf, "app::Derived", "app::Base"), program_number(account.data, "Base"));
		assert_int_equal(base_offset(dwarf, "app::Derived", "app::Second"),
				 program_number(account.data, "Second"));
		assert_int_equal(member_type(dwarf, "app::Derived", "ref").kind, MS_POINTER);
		assert_int_equal(member_type(dwarf, "app::Derived", "moved").kind, MS_POINTER);
		assert_int_equal(member_type(dwarf, "app::Derived", "method").byte_size, 16);
		assert_int_equal(member_type(dwarf, "app::Derived", "data").byte_size, 8);
		struct ms_type mode = member_type(dwarf, "app::Derived", "mode");
		assert_string_equal(mode.name, "app::Derived::Mode");
		assert_int_equal(mode.byte_size, 1);
		assert_enumerator(dwarf, "app::Derived::Mode", "On", 200);
		struct ms_type nested = describe(dwarf, lookup(dwarf, "app::Derived::Nested"));
		assert_int_equal(member_type(dwarf, "app::Derived::Nested", "wider").kind, MS_UINT);
		assert_int_equal(nested.byte_size, 8);
		/* Inline and anonymous namespaces need not be named.  */
		assert_int_equal(lookup(dwarf, "app::Versioned"), lookup(dwarf, "app::v1::Versioned"));
		assert_int_equal(describe(dwarf, lookup(dwarf, "app::Local")).byte_size, 3);
		assert_int_equal(describe(dwarf, lookup(dwarf, "app::Map<int,app::Map<char,long>>")).byte_size,
				 program_number(account.data, "Map"));
		assert_int_equal(lookup(dwarf, "::app::Second"), lookup(dwarf, "app::Second"));
		assert_int_equal(ms_dwarf_lookup(dwarf, "Second", MS_DWARF_NO_PC, &type), MS_NOT_FOUND);
		/* Where a virtual base lies, only the object knows.  */
		assert_int_equal(member(dwarf, "Virtual", "x").offset, 8);
		assert_int_equal(ms_dwarf_language(dwarf, lookup(dwarf, "Virtual")), MS_DWARF_CXX);
		ms_dwarf_free(dwarf);
		ms_buf_fini(&account);
	}
}

static void derived_types_are_made_once(void **state)
{
	uint64_t pointer, again, array, to_void;

	(void)state;
	struct ms_dwarf *dwarf = open_declarations(0);
	uint64_t point = lookup(dwarf, "struct point");
	assert_int_equal(ms_dwarf_derive(dwarf, MS_POINTER, point, 0, &pointer), MS_OK);
	assert_int_equal(ms_dwarf_derive(dwarf, MS_POINTER, point, 0, &again), MS_OK);
	assert_int_equal(pointer, again);
	assert_true(pointer < (uint64_t)1 << 48);
	assert_int_equal(describe(dwarf, pointer).target, point);
	assert_int_equal(describe(dwarf, pointer).byte_size, 8);
	assert_int_equal(ms_dwarf_derive(dwarf, MS_ARRAY, pointer, 5, &array), MS_OK);
	assert_int_equal(describe(dwarf, array).count, 5);
	assert_int_equal(describe(dwarf, array).byte_size, 40);
	assert_int_equal(ms_dwarf_language(dwarf, array), MS_DWARF_C);
	assert_int_equal(ms_dwarf_derive(dwarf, MS_POINTER, 0, 0, &to_void), MS_OK);
	assert_int_equal(describe(dwarf, describe(dwarf, to_void).target).kind, MS_VOID);
	/* More bytes than there are.  */
	assert_int_equal(ms_dwarf_derive(dwarf, MS_ARRAY, point, UINT64_MAX / 4, &array), MS_OK);
	assert_int_equal(describe(dwarf, array).byte_size, 0);
	ms_dwarf_free(dwarf);
}

static void number_of_no_type_is_refused(void **state)
{
	static const uint64_t numbers[] = {
		0, 1, (uint64_t)1 << 40, (uint64_t)1 << 46, (uint64_t)1 << 47, ((uint64_t)1 << 47) + 1000, UINT64_MAX
	};
	struct ms_type type;
	struct ms_field field;

	(void)state;
	struct ms_dwarf *dwarf = open_declarations(0);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		assert_int_not_equal(ms_dwarf_type(dwarf, numbers[i], &type), MS_OK);
		assert_true(*ms_dwarf_error(dwarf));
	}
	assert_int_equal(ms_dwarf_field(dwarf, lookup(dwarf, "struct point"), 2, &field), MS_NOT_FOUND);
	assert_int_equal(ms_dwarf_field(dwarf, lookup(dwarf, "int"), 0, &field), MS_NOT_FOUND);
	ms_dwarf_free(dwarf);
}

/* Both compilers and versions as fixtures have them.  */
static void typed_map_has_the_runtimes_layout(void **state)
{
	static const char *const paths[] = { "build/fixtures/growing", "build/fixtures/growing.gcc-dw4",
					     "build/fixtures/growing.clang-dw5", "build/fixtures/growing.clang-dw4" };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct ms_dwarf *dwarf = open_program(paths[i]);
		/* Go's own offsets (go-maps.md, A.1).  */
		assert_int_equal(member(dwarf, "struct counts", "flags").offset, 8);
		assert_int_equal(member(dwarf, "struct counts", "B").offset, 9);
		assert_int_equal(member(dwarf, "struct counts", "noverflow").offset, 10);
		assert_int_equal(member(dwarf, "struct counts", "hash0").offset, 12);
		assert_int_equal(member(dwarf, "struct counts", "nevacuate").offset, 32);
		struct ms_type buckets = member_type(dwarf, "struct counts", "buckets");
		struct ms_type bucket = describe(dwarf, buckets.target);
		assert_string_equal(bucket.name, "counts_bucket");
		struct ms_type tophash = member_type(dwarf, "struct counts_bucket", "tophash");
		assert_int_equal(tophash.count, 8);
		struct ms_field keys = member(dwarf, "struct counts_bucket", "keys");
		struct ms_type key_array = strip(dwarf, keys.type);
		assert_int_equal(keys.offset, 8);
		assert_int_equal(key_array.count, 8);
		struct ms_field elems = member(dwarf, "struct counts_bucket", "elems");
		assert_int_equal(elems.offset, 8 + key_array.byte_size);
		assert_int_equal(member(dwarf, "struct counts_bucket", "overflow").offset, bucket.byte_size - 8);
		ms_dwarf_free(dwarf);
	}
}

/* A byte of the file's memory.  */
static uint8_t byte_at(const char *path, uint64_t address)
{
	struct ms_buf text = { 0 };
	char command[512];

	snprintf(command, sizeof command, "objdump -s --start-address=0x%llx --stop-address=0x%llx %s | tail -n 1",
		 (unsigned long long)address, (unsigned long long)address + 1, path);
	program_output(command, &text);
	unsigned byte = 0x100;
	assert_int_equal(sscanf(text.data, " %*s %2x", &byte), 1);
	ms_buf_fini(&text);
	return (uint8_t)byte;
}

static void go_types_tell_kind_key_elem_and_descriptor(void **state)
{
	static const char path[] = "build/fixtures/growing.go";
	struct ms_dwarf_go go;

	(void)state;
	struct ms_dwarf *dwarf = open_program(path);
	uint64_t map = lookup(dwarf, "map[string]int");
	assert_int_equal(ms_dwarf_language(dwarf, map), MS_DWARF_GO);
	assert_int_equal(ms_dwarf_go(dwarf, map, &go), MS_OK);
	assert_int_equal(go.kind, 21);
	assert_string_equal(describe(dwarf, go.key).name, "string");
	assert_string_equal(describe(dwarf, go.elem).name, "int");
	/* runtime._type: size at 0, kind at 23 (with 6 bits of kind).  */
	assert_int_equal(byte_at(path, go.runtime_type), 8);
	assert_int_equal(byte_at(path, go.runtime_type + 23) & 31, 21);
	static const struct {
		const char *name;
		uint8_t kind, size;
	} rows[] = { { "int", 2, 8 }, { "uintptr", 12, 8 }, { "string", 24, 16 }, { "uint8", 8, 1 } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(ms_dwarf_go(dwarf, lookup(dwarf, rows[i].name), &go), MS_OK);
		assert_int_equal(go.kind, rows[i].kind);
		assert_int_equal(byte_at(path, go.runtime_type), rows[i].size);
		assert_int_equal(byte_at(path, go.runtime_type + 23) & 31, rows[i].kind);
	}
	struct ms_type hash = describe(dwarf, lookup(dwarf, "hash<string,int>"));
	assert_int_equal(hash.kind, MS_STRUCT);
	assert_int_equal(hash.byte_size, 48);
	assert_int_equal(lookup(dwarf, "struct hash<string,int>"), lookup(dwarf, "hash<string,int>"));
	assert_int_equal(member_type(dwarf, "bucket<string,int>", "keys").count, 8);
	assert_int_equal(describe(dwarf, lookup(dwarf, "runtime.hmap")).kind, MS_TYPEDEF);
	assert_int_equal(ms_dwarf_go(dwarf, lookup(dwarf, "hash<string,int>"), &go), MS_OK);
	assert_int_equal(go.runtime_type, 0);
	ms_dwarf_free(dwarf);
}

/* More than 65 536 names: clang counts them with three bytes (DW_FORM_strx3), which libdwarf misreads before 0.6.0. Then it is
   said; else they are right.  */
static void many_names_are_told_apart_or_refused(void **state)
{
	struct ms_buf source = { 0 }, error = { 0 };
	struct ms_dwarf *dwarf;
	char name[32];

	(void)state;
	for (int i = 0; i < 70000; i++)
		ms_buf_printf(&source, "struct s%d { char m%d[%d]; } v%d;\n", i, i, i % 1000 + 1, i);
	ms_buf_str(&source, "int main(void) { return 0; }\n");
	const char *path = program_compile("clang -gdwarf-5", source.data);
	ms_buf_fini(&source);
	if (ms_dwarf_open(path, NULL, &dwarf, &error) != MS_OK) {
		assert_non_null(
			strstr(error.data, "1 of 1 units have more than 65536 names, which this version of libdwarf"));
		ms_buf_fini(&error);
		return;
	}
	for (int i = 0; i < 70000; i += 777) {
		snprintf(name, sizeof name, "struct s%d", i);
		struct ms_type type = describe(dwarf, lookup(dwarf, name));
		struct ms_field field;
		assert_int_equal(type.byte_size, i % 1000 + 1);
		assert_int_equal(ms_dwarf_field(dwarf, lookup(dwarf, name), 0, &field), MS_OK);
		snprintf(name, sizeof name, "m%d", i);
		assert_string_equal(field.name, name);
	}
	ms_dwarf_free(dwarf);
}

/* A value in the other byte order than the machine's must not pass for a number.  */
static void foreign_byte_order_is_no_number(void **state)
{
	(void)state;
	struct ms_dwarf *dwarf = open_program(program_compile(
		"gcc -gdwarf-5",
		"struct __attribute__((scalar_storage_order(\"big-endian\"))) wire { int a; char b; } wire;\n"
		"int main(void) { return 0; }\n"));
	assert_int_equal(member_type(dwarf, "struct wire", "a").kind, MS_VOID);
	assert_int_equal(member_type(dwarf, "struct wire", "a").byte_size, 4);
	assert_int_equal(member_type(dwarf, "struct wire", "b").byte_size, 1);
	ms_dwarf_free(dwarf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_have_the_compilers_offset_size_and_kind),
		cmocka_unit_test(pointers_and_typedefs_lead_to_their_targets),
		cmocka_unit_test(anonymous_members_have_no_name),
		cmocka_unit_test(arrays_have_their_dimensions),
		cmocka_unit_test(enumerators_keep_their_sign),
		cmocka_unit_test(bit_fields_are_where_the_compiler_puts_them),
		cmocka_unit_test(types_are_found_as_users_write_them),
		cmocka_unit_test(declaration_is_resolved_in_another_unit),
		cmocka_unit_test(type_units_are_read),
		cmocka_unit_test(cxx_classes_have_bases_scopes_and_members),
		cmocka_unit_test(derived_types_are_made_once),
		cmocka_unit_test(number_of_no_type_is_refused),
		cmocka_unit_test(typed_map_has_the_runtimes_layout),
		cmocka_unit_test(go_types_tell_kind_key_elem_and_descriptor),
		cmocka_unit_test(many_names_are_told_apart_or_refused),
		cmocka_unit_test(foreign_byte_order_is_no_number),
	};

	return cmocka_run_group_tests(tests, programs_setup, programs_teardown);
}
