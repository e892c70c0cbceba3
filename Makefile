# Builds, tests and installs mapscope. Not a place for lists: packages stand in .ci/deps, fixtures in fixtures/fixtures.mk.
# Quiet by default; V=1 shows commands. All output goes to build/.

ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

Q := $(if $(V),,@)
say = @$(if $(V)$(HUSH),:,printf '  %-8s %s\n' '$(1)' '$(2)')

PREFIX ?= /usr/local
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
# Debian's own, which its python3-pytest belongs to; an environment's python3 may stand before it on PATH.
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
export PYTHON
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
CFLAGS ?= -O2 -g
BASE_CFLAGS := -std=gnu11 $(WARN) -Icore -MMD -MP
SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

# libdwarf and libelf stay out of the library: only the command-line tool loads them (a bad file must not take a debugger
# down).
TOOL := $(wildcard core/cli/*.c core/types/dwarf*.c core/types/symbols.c)
CORE := $(filter-out core/hmap/% core/tests/% $(TOOL),$(wildcard core/*.c core/*/*.c))
HMAP := $(wildcard core/hmap/*.c)
TESTS := $(wildcard core/tests/test_*.c)
HELPERS := $(filter-out $(TESTS) core/tests/fuzz_%,$(wildcard core/tests/*.c))
BENCHES := $(wildcard core/tests/bench/*.c)
FUZZERS := $(filter-out core/tests/fuzz_main.c,$(wildcard core/tests/fuzz_*.c))
C_ALL := $(CORE) $(TOOL) $(HMAP) $(TESTS) $(HELPERS) $(BENCHES) $(FUZZERS) core/tests/fuzz_main.c \
	$(wildcard fixtures/*.c fixtures/sessions/*.c)
H_ALL := $(wildcard core/*.h core/*/*.h fixtures/*.h fixtures/sessions/*.h)
PY_ALL := $(wildcard core/python/mapscope/*.py gdb/*.py lldb/*.py fixtures/*.py fixtures/sessions/*.py .ci/*.py \
	core/tests/*.py)
LIB := build/libmapscope.so
CLI := build/mapscope
# Debian 12 has no libdwarf.pc.
export DWARF_CFLAGS := $(or $(shell pkg-config --cflags libdwarf 2>/dev/null),-idirafter /usr/include/libdwarf)
CLI_LIBS := $(or $(shell pkg-config --libs libdwarf 2>/dev/null),-ldwarf) -lelf
# Tests of what only the tool has.
TOOL_TESTS := dwarf% location% symbols% image%
export PYTHONDONTWRITEBYTECODE := 1
export AFL_QUIET := 1

.PHONY: all lib cli fixtures deps demo check check-core check-gdb check-lldb check-cli asan \
	golden bench soak fuzz fuzz-afl lint format install uninstall clean help \
	tests lint-c lint-format lint-tidy lint-symbols lint-floors lint-python

all: lib cli fixtures	## the decoder (build/libmapscope.so), the tool (build/mapscope) and every fixture
lib: $(LIB)
cli: $(CLI)

-include fixtures/fixtures.mk

# One set of objects per way of compiling: build/NAME/core/….o.
define variant
build/$(1)/%.o: %.c
	$$(call say,$(2),$$<$(if $(filter lib,$(1)),, ($(1))))
	$$(Q)mkdir -p $$(@D) && $(2) $$(BASE_CFLAGS) $(3) -c $$< -o $$@
build/$(1)/core.a: $$(patsubst %.c,build/$(1)/%.o,$$(CORE) $$(HMAP) $$(HELPERS))
	$$(Q)rm -f $$@ && ar rcs $$@ $$^
build/$(1)/tool.a: $$(patsubst %.c,build/$(1)/%.o,$$(filter-out core/cli/main.c,$$(TOOL)))
	$$(Q)rm -f $$@ && ar rcs $$@ $$^
build/$(1)/test_%: build/$(1)/core/tests/test_%.o build/$(1)/core.a
	$$(Q)$(2) $(3) $$^ $$(if $$(filter $$(TOOL_TESTS),$$*),$$(CLI_LIBS)) -lcmocka -lm -o $$@
build/$(1)/test_fuzz_%: build/$(1)/core/tests/fuzz_%.o build/$(1)/core/tests/fuzz_main.o build/$(1)/core.a
	$$(Q)$(2) $(3) $$^ $$(if $$(filter $$(TOOL_TESTS),$$*),$$(CLI_LIBS)) -lcmocka -lm -o $$@
build/$(1)/test_fuzz_dwarf: build/$(1)/tool.a
$$(addprefix build/$(1)/,$$(filter $$(addprefix test_,$$(TOOL_TESTS)),$$(TESTS:core/tests/%.c=%))): build/$(1)/tool.a
endef
$(eval $(call variant,lib,$$(CC),$$(CFLAGS) -fPIC -fvisibility=hidden))
$(eval $(call variant,asan-gcc,gcc,$(SANITIZE)))
$(eval $(call variant,asan-clang,clang,$(SANITIZE)))
$(eval $(call variant,fuzz,clang,$(SANITIZE) -fsanitize=fuzzer-no-link))
$(eval $(call variant,afl,afl-clang-fast,$(SANITIZE)))
$(eval $(call variant,warn-gcc,gcc,-O2 -Werror))
$(eval $(call variant,warn-clang,clang,-O2 -Werror))
build/%/core/types/dwarf.o: BASE_CFLAGS += $(DWARF_CFLAGS)
.SECONDARY:

$(LIB): $(CORE:%.c=build/lib/%.o)
	$(call say,link,$@)
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-z,defs $(LDFLAGS) $^ -lm -o $@

$(CLI): $(CORE:%.c=build/lib/%.o) $(TOOL:%.c=build/lib/%.o)
	$(call say,link,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(CLI_LIBS) -lm -o $@

# A fuzz target is a test of what core/tests/corpus keeps for it.
TEST_BINS := $(foreach v,asan-gcc asan-clang,$(TESTS:core/tests/%.c=build/$(v)/%) $(FUZZERS:core/tests/%.c=build/$(v)/test_%))
# What a Go program beside a test writes is that test's argument: the truth for the map in C.
RECORDINGS := $(patsubst core/tests/%.go,build/recordings/%.txt,$(wildcard core/tests/*.go))
build/recordings/%.txt: core/tests/%.go
	$(call say,record,$<)
	$(Q)mkdir -p $(@D) && $(fixture_go_env) $(GO) build -trimpath -o $(@:.txt=) $< && $(@:.txt=) >$@
tests: $(TEST_BINS) $(RECORDINGS)

deps:	## install what `make check` needs and is missing
	@.ci/deps demo check

demo:	## install what is missing, build, and show the main job on a C and a Go program
	@.ci/deps demo
	@echo 'Building the decoder and two small programs to look into.'
	+@$(MAKE) $(if $(V),,-s HUSH=1) lib cli build/fixtures/growing build/fixtures/growing.go
	@$(PYTHON) fixtures/demo.py

check:	## install what is missing, build, run every test (T=NAME: those of that name; ALLOW_SKIP=1)
	@.ci/deps demo check
	@$(PYTHON) .ci/suite.py lint core gdb lldb cli

check-core:	## the C tests, with gcc and clang, under the address and undefined-behaviour sanitizers
	@$(PYTHON) .ci/suite.py core
asan: check-core	## the same
check-gdb:	## the sessions in gdb, and what both debuggers must say alike
	@$(PYTHON) .ci/suite.py gdb
check-lldb:	## the sessions in lldb
	@$(PYTHON) .ci/suite.py lldb
check-cli:	## the sessions of the command-line tool
	@$(PYTHON) .ci/suite.py cli

golden: lib fixtures	## rewrite the expected output and the README's blocks; read the diff like code
	cd fixtures && $(PYTHON) readme.py
	cd fixtures && MAPSCOPE_GOLDEN=1 $(PYTHON) -m pytest -q -p no:cacheprovider test_golden.py test_gdb_sessions.py \
		test_lldb_sessions.py

soak:	## the long runs: traces of a map that grows to a million entries
	@.ci/deps demo check
	@$(MAKE) -s lib cli fixtures
	cd fixtures && TRACE_STEPS=1000000 LLDB_TRACE_STEPS=20000 $(PYTHON) -m pytest -q -p no:cacheprovider \
		test_gdb_trace.py test_lldb_trace.py -k each_old_bucket_once

bench:	## the measurements of the README (T=PART: go, events, large, gdb, lldb or hmap)
	@.ci/deps demo check bench
	@$(MAKE) -s lib fixtures build/bench_hmap build/bench_hmap.go
	cd fixtures && $(PYTHON) bench.py $(T)

# The map in C and Go's own.
build/bench_%: build/lib/core/tests/bench/%.o $(HMAP:%.c=build/lib/%.o)
	$(call say,link,$@)
	$(Q)$(CC) $(CFLAGS) $^ -o $@
build/bench_%.go: core/tests/bench/%.go
	$(call say,go,$@)
	$(Q)$(fixture_go_env) $(GO) build -trimpath -o $@ $<

# For SECONDS each, in turn; what was found is kept in build/fuzz/NAME and build/afl/NAME, beside the corpus.
SECONDS ?= 20
fuzzers = $(strip $(foreach name,$(FUZZERS:core/tests/%.c=%),$(if $(findstring $(or $(T),fuzz),$(name)),build/$(1)/$(name))))
fuzz: $(call fuzzers,fuzz)	## fuzz each target for SECONDS=20 under sanitizers (T=NAME: those of that name)
	@$(PYTHON) .ci/fuzz.py $(SECONDS) $^
fuzz-afl:	## the same with AFL++
	@.ci/deps demo check afl
	+@$(if $(call fuzzers,afl),$(MAKE) $(if $(V),,-s) $(call fuzzers,afl))
	@$(PYTHON) .ci/fuzz.py $(SECONDS) $(call fuzzers,afl)
# Both have their own driver for what clang calls -fsanitize=fuzzer.
define fuzzer
build/$(1)/fuzz_%: build/$(1)/core/tests/fuzz_%.o build/$(1)/core.a
	$$(call say,link,$$@)
	$$(Q)$(2) $(SANITIZE) -fsanitize=fuzzer $$^ $$(if $$(filter $(TOOL_TESTS),$$*),$(CLI_LIBS)) -lcmocka -lm -o $$@
build/$(1)/fuzz_dwarf: build/$(1)/tool.a
endef
$(eval $(call fuzzer,fuzz,clang))
$(eval $(call fuzzer,afl,afl-clang-fast))

lint: lint-c lint-format lint-tidy lint-symbols lint-floors lint-python	## warnings, formatting, floors, exported symbols, Python types
lint-c: $(foreach v,warn-gcc warn-clang,$(C_ALL:%.c=build/$(v)/%.o))
lint-format:
	$(call say,format,C)
	$(Q).ci/format $(C_ALL) $(H_ALL)
lint-tidy: $(patsubst %.c,build/tidy/%.ok,$(CORE) $(TOOL) $(HMAP))
build/tidy/%.ok: %.c .clang-tidy build/warn-clang/%.o
	$(call say,tidy,$<)
	$(Q)mkdir -p $(@D) && .ci/tidy $< && touch $@
lint-symbols: $(LIB)
	$(call say,symbols,$(LIB))
	$(Q).ci/symbols $(LIB) core/mapscope.h
lint-floors:
	$(call say,floors,core gdb lldb fixtures)
	$(Q)$(PYTHON) .ci/floors.py
lint-python:
	$(call say,python,black flake8 mypy)
	$(Q).ci/python $(PY_ALL)

format:	## apply clang-format and black
	clang-format -i $(C_ALL) $(H_ALL)
	black -q -l 120 -t py39 $(PY_ALL)

SHARE := $(DESTDIR)$(PREFIX)/share/mapscope
MANUAL := $(DESTDIR)$(PREFIX)/share/man/man1/mapscope.1
COMPLETION := $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mapscope
install: lib cli	## to PREFIX (/usr/local), under DESTDIR
	install -d $(DESTDIR)$(PREFIX)/lib/mapscope $(SHARE)/gdb $(SHARE)/lldb $(SHARE)/core/python/mapscope
	install -D -m 755 $(CLI) $(DESTDIR)$(PREFIX)/bin/mapscope
	install -D -m 644 core/cli/mapscope.1 $(MANUAL)
	install -D -m 644 core/cli/mapscope.bash $(COMPLETION)
	install -m 644 $(LIB) $(DESTDIR)$(PREFIX)/lib/mapscope/
	install -m 644 gdb/*.py $(SHARE)/gdb/
	install -m 644 core/python/mapscope/*.py $(SHARE)/core/python/mapscope/
	install -m 644 lldb/*.py $(SHARE)/lldb/
	$(PYTHON) -m compileall -q $(if $(DESTDIR),-s $(DESTDIR) -p /) $(SHARE)
	@echo "For gdb, add to ~/.gdbinit:  source $(PREFIX)/share/mapscope/gdb/mapscope_gdb.py"
	@echo "For lldb, add to ~/.lldbinit:  command script import $(PREFIX)/share/mapscope/lldb/mapscope_lldb.py"
uninstall:	## remove what install put there
	rm -rf $(DESTDIR)$(PREFIX)/lib/mapscope $(SHARE) $(DESTDIR)$(PREFIX)/bin/mapscope $(MANUAL) $(COMPLETION)

clean:	## remove build/
	rm -rf build
help:	## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile fixtures/fixtures.mk

-include $(wildcard build/*/core/*.d build/*/core/*/*.d build/*/fixtures/*.d)
