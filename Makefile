# One command each; `make help` lists them. Everything is built under build/.
SHELL := /bin/bash
BUILD := build/dev
MODEL := build/model/SmolLM2-135M-Instruct.Q4_1.gguf
PREFIX ?= /usr/local
QUESTION ?= Why is the sky blue?

.DEFAULT_GOAL := build
.PHONY: help setup configure build demo test asan format lint docs bench install clean

help:
	@echo "make            build the compiler and the tools into $(BUILD)/bin"
	@echo "make demo       compile SmolLM2-135M-Instruct to build/demo/smollm2 and ask it QUESTION='...'"
	@echo "make test       build and run every test; last line 'N passed, N failed, N skipped'"
	@echo "make asan       importers and runtime under the address and undefined-behaviour sanitizers"
	@echo "make format     clang-format over the sources;  make lint   what a change must pass besides the tests"
	@echo "make docs       the generated op and pass pages, into build/docs"
	@echo "make bench      this compiler and its peers side by side, one table (downloads the peers)"
	@echo "make install    PREFIX=$(PREFIX);  make clean  remove the build trees, keep what was downloaded"

setup:
	@scripts/setup.sh

# An existing tree configures itself anew when a CMake file changed.
configure: setup
	@[ -f $(BUILD)/build.ninja ] || cmake --preset dev

build: configure
	@ninja -C $(BUILD)

demo: configure
	@ninja -C $(BUILD)
	@mkdir -p build/demo
	$(BUILD)/bin/trafo compile $(MODEL) -o build/demo/smollm2
	build/demo/smollm2 --stats -n 200 "$(QUESTION)"

test: build
	@build/venv/bin/python scripts/run_tests.py --build $(BUILD)

asan: setup
	@[ -f build/asan/build.ninja ] || cmake --preset asan
	@ninja -C build/asan
	@build/venv/bin/python scripts/run_tests.py --build build/asan ctest

format:
	@scripts/setup.sh packages lint
	@scripts/format.sh

lint: configure
	@scripts/setup.sh lint
	@scripts/lint.sh $(BUILD)

docs: configure
	@scripts/docs.sh $(BUILD)

bench: build
	@build/venv/bin/python bench/compare --build $(BUILD)

install: setup
	@[ -f build/release/build.ninja ] || cmake --preset release -DTRAFO_BUILD_TESTS=OFF
	@ninja -C build/release
	@cmake --install build/release --prefix "$(PREFIX)"

clean:
	rm -rf build/dev build/release build/asan build/runtime-only build/docs build/demo
