# Everything goes through meson; these are the words to remember.
#
#   make            build into build/
#   make demo       install what is missing, build, run the demonstration (DEMO=auto answers by itself)
#   make check      install what is missing, build with gcc and clang, run all tests
#   make install    into PREFIX (default /usr/local)

BUILD ?= build
PREFIX ?= /usr/local
PYTEST ?= /usr/bin/python3 -m pytest -p no:cacheprovider
JOBS ?= $(shell nproc)
WARN = --werror

.PHONY: all setup demo check check-unit check-e2e check-agents check-clang check-san check-fuzz tidy install bench clean

all: setup
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD) --prefix $(PREFIX)
	@ninja -C $(BUILD)

setup:
	@tools/setup.sh

demo: all
	@PATH="$(CURDIR)/$(BUILD)/src:$$PATH" demo/demo.sh

check: setup check-unit check-e2e check-agents check-clang tidy check-san check-fuzz
	@echo "make check: everything passed"

# A build folder of its own, where warnings are errors.
build-check/build.ninja:
	@meson setup build-check $(WARN) >/dev/null

check-unit: setup build-check/build.ninja
	ninja -C build-check
	/usr/bin/python3 tests/layers.py
	meson test -C build-check --print-errorlogs

check-e2e: build-check/build.ninja
	ninja -C build-check
	MUSTER_BUILD=build-check $(PYTEST) -n $(JOBS) tests/e2e

check-agents: build-check/build.ninja
	ninja -C build-check
	MUSTER_BUILD=build-check $(PYTEST) -rs tests/agents

# The other compiler, without warnings.
check-clang: setup
	@test -f build-clang/build.ninja || CC=clang meson setup build-clang $(WARN) >/dev/null
	ninja -C build-clang

# clang-tidy over every source, as .clang-tidy says.
tidy: check-clang
	@find src -name '*.c' | xargs -P $(JOBS) -n 8 clang-tidy -p build-clang --quiet 2>build-clang/tidy.log
	@echo "tidy: nothing found"

# The unit tests, and the end-to-end tests that walk through every process, under ASan, UBSan and LeakSanitizer.
check-san: setup
	@test -f build-san/build.ninja || meson setup build-san -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
	ninja -C build-san
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 meson test -C build-san --print-errorlogs
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 MUSTER_BUILD=build-san $(PYTEST) -n $(JOBS) -m sanitize tests/e2e

# The fuzz targets still build, and take what their corpora hold.
check-fuzz: setup
	@test -f build-fuzz/build.ninja || CC=clang meson setup build-fuzz $(WARN) -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
	ninja -C build-fuzz
	@for corpus in fuzz/corpus/*; do \
		build-fuzz/fuzz/fuzz_$${corpus##*/} -runs=0 $$corpus >build-fuzz/fuzz.log 2>&1 || { cat build-fuzz/fuzz.log; exit 1; }; \
		echo "fuzz: $${corpus##*/}: its corpus passes"; \
	done

install: all
	@meson configure $(BUILD) -Dprefix=$(abspath $(PREFIX))
	meson install -C $(BUILD)

bench: all
	@for b in bench/*.py; do /usr/bin/python3 $$b; done

clean:
	rm -rf build build-check build-clang build-san build-fuzz
