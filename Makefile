# A thin front on the CMake presets: the targets people expect. Everything is built below build/.
# On a machine without a compiler start with `./run demo` or `./run check`.

PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 60
JOBS ?= $(shell nproc)
# What measures: the system's, which has the distribution's packages; another Python may come first in the PATH.
NMFKIT_PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
export NMFKIT_PYTHON

# Recursive makes of CMake bring their own -j; this keeps a `make -j` here from fighting with it.
MAKEFLAGS += --no-print-directory
.NOTPARALLEL:
.DEFAULT_GOAL := all

.PHONY: all
all: ## build the libraries and the command (build/release/nmf)
	@scripts/build_preset release $(JOBS)

.PHONY: demo
demo: all ## learn parts of faces and draw the galleries
	build/release/nmf demo

.PHONY: check
check: ## build and run all tests
	@scripts/build_preset release $(JOBS) -DNMFKIT_TESTS=ON
	ctest --preset release --parallel $(JOBS)

.PHONY: bench
bench: all ## measure speed against scikit-learn (BENCH_ONLY=, BENCH_REPEAT=)
	@scripts/bench build/release

.PHONY: readme-table
readme-table: all ## write README's table anew: minutes on a machine that has nothing else to do (NMFKIT_TEST_DATA)
	@$(NMFKIT_PYTHON) bench/readme.py build/release

.PHONY: bench-calls
bench-calls: all ## measure accelerate() on the calls that other libraries make, for docs/python.md (NMFKIT_TEST_DATA)
	@$(NMFKIT_PYTHON) bench/calls.py build/release $(BENCH_CALLS)

.PHONY: bench-mpi
bench-mpi: all ## measure fits by several processes against what bench/scale.py predicts (BENCH_MPI="--shape 50000x4096 -k 16")
	@$(NMFKIT_PYTHON) bench/scale.py --measure build/release $(BENCH_MPI)

.PHONY: bench-disk
bench-disk: all ## measure fits of data larger than memory (minutes, and 25 GB: BENCH_DISK="--gb 20 --limit 512M")
	@$(NMFKIT_PYTHON) scripts/bench_disk build/release/nmf $(BENCH_DISK)

.PHONY: bench-masks
bench-masks: all ## measure fits with missing entries and weights (minutes, 4 GB of memory; NMFKIT_TEST_DATA)
	@$(NMFKIT_PYTHON) scripts/bench_masks . build/release $(BENCH_MASKS)

.PHONY: ledger
ledger: all ## write tests/ledger.csv anew: how good fits of real data are (NMFKIT_TEST_DATA)
	@$(NMFKIT_PYTHON) scripts/ledger build/release/nmf

.PHONY: rank-study
rank-study: all ## write docs/rank-study.md anew: what nmf rank says of data whose rank is known
	@$(NMFKIT_PYTHON) scripts/rank_study build/release/nmf > docs/rank-study.md

.PHONY: rank-tables
rank-tables: all ## write the tables of docs/rank.md anew: what nmf rank says of real data (NMFKIT_TEST_DATA)
	@$(NMFKIT_PYTHON) scripts/rank_tables build/release/nmf

.PHONY: install
install: all ## install below PREFIX (/usr/local); DESTDIR is put before it
	DESTDIR='$(DESTDIR)' cmake --install build/release --prefix '$(PREFIX)'
	@[ -n '$(DESTDIR)' ] || [ "$$(id -u)" != 0 ] || ldconfig

.PHONY: uninstall
uninstall: ## remove what `make install` with the same PREFIX and DESTDIR put there
	DESTDIR='$(DESTDIR)' scripts/uninstall '$(PREFIX)'
	@[ -n '$(DESTDIR)' ] || [ "$$(id -u)" != 0 ] || ldconfig

.PHONY: wheel
wheel: all ## write a Python wheel with the libraries inside, into build/release
	@scripts/make_wheel build/release build/release

.PHONY: deb
deb: ## build Debian packages into build/deb (lintian looks at them where it is installed)
	@scripts/make_deb build/deb

.PHONY: try-packages
try-packages: deb ## as root: install build/deb on a bare Debian, use it, remove it: nothing may be left
	scripts/try_packages build/deb

.PHONY: asan
asan: ## run all tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@scripts/build_preset asan-ubsan $(JOBS)
	ctest --preset asan-ubsan --parallel $(JOBS)

.PHONY: tsan
tsan: ## run all tests under ThreadSanitizer
	@scripts/build_preset tsan $(JOBS)
	ctest --preset tsan --parallel $(JOBS)

.PHONY: valgrind
valgrind: ## run the compiled tests under valgrind
	@scripts/build_preset valgrind $(JOBS)
	ctest --preset valgrind --parallel $(JOBS)

.PHONY: coverage
coverage: ## run all tests and report the lines they reach (build/coverage/report.html)
	@scripts/build_preset coverage $(JOBS)
	ctest --preset coverage --parallel $(JOBS)
	gcovr --root . --object-directory build/coverage --exclude tests/ --exclude bench/ \
	    --html-details build/coverage/report.html --print-summary

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZ_SECONDS (60)
	@scripts/build_preset fuzz $(JOBS)
	@scripts/fuzz build/fuzz/fuzz $(FUZZ_SECONDS)

.PHONY: format
format: ## lay out the C sources that were changed (all: scripts/format --all)
	@scripts/format

.PHONY: deps
deps: ## install every Debian package that any target needs
	@./run deps

.PHONY: clean
clean: ## remove everything built
	rm -rf build

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
