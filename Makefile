# Watchline: `make demo` sets up and runs the main job, `make test` sets up and passes every test.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TEST_STAMP := $(VENV)/.installed-test
ARGS ?=
# Where tests have a longer form, which WATCHLINE_DRILL=long asks for
DRILLS := tests/drills tests/simulation tests/fusion tests/geo tests/ingest tests/ops/room/test_chain.py \
	tests/ops/room/demo/test_demo.py tests/ops/services/fusion/test_pipeline.py tests/ops/services/ingest/test_process.py \
	tests/ops/services/sapient/test_node_link.py tests/ops/sector/test_zone_table.py \
	tests/ops/export/warnings/test_cap.py tests/ops/services/feeds/test_web_hook.py \
	tests/ops/services/feeds/cot/test_event.py tests/ops/cluster tests/ops/analysis/challenge/test_command.py tests/notebooks \
	tests/web/test_plan_page.py
# Tests that run compiled kernels: once more with numba's bounds check, compiled apart from the unchecked ones
KERNEL_TESTS := tests/fusion tests/geo tests/sensors/coverage tests/sensors/planning/solver

.PHONY: help demo test check style drill bench docs wheelhouse sbom format clean

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

WEB_SOURCES := $(shell find ops/web ops/words ops/drawing/colours.css -type f -not -path '*/node_modules/*' -not -path '*/dist/*' \
	-not -path '*/test/*' -not -name '*.py*')

$(STAMP): pyproject.toml constraints.txt deploy/build_web.py $(WEB_SOURCES)
	@$(PYTHON) deploy/setup_venv.py $(VENV)
	@touch $@

$(TEST_STAMP): $(STAMP)
	@$(PYTHON) deploy/setup_venv.py $(VENV) test
	@touch $@

.venv-taky/bin/taky: deploy/setup_taky.py $(TEST_STAMP)
	@$(BIN)/python deploy/setup_taky.py .venv-taky
	@touch $@

demo: $(STAMP) ## Set up if needed, then watch the sample sector work (ARGS="--duration 60 --headless")
	@$(BIN)/python -m ops.runtime.compile_kernels
	@$(BIN)/watchline demo $(or $(ARGS),--layout mobile)

test: $(TEST_STAMP) .venv-taky/bin/taky style ## Set up if needed, then run every check and every test
	@$(PYTHON) deploy/system_packages.py
	@$(BIN)/python -m ops.runtime.compile_kernels
	@$(BIN)/python -m pytest -q -n auto $(ARGS)

check: style ## Style, layers and types
	@$(BIN)/mypy

style: $(TEST_STAMP)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@$(BIN)/python deploy/check_words.py

drill: $(TEST_STAMP) .venv-taky/bin/taky ## The reliability drills in full length: a million detections, 200 kills a broker, long holes, soak, fuzzing
	@$(PYTHON) deploy/system_packages.py
	@$(BIN)/python -m ops.runtime.compile_kernels
	@WATCHLINE_DRILL=long $(BIN)/python -m pytest -q -s --timeout=0 $(DRILLS) $(ARGS)
	@NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(CURDIR)/$(VENV)/bounds-checked \
		$(BIN)/python -m pytest -q --timeout=0 $(KERNEL_TESTS) $(ARGS)
	@$(BIN)/python tests/fuzz/fuzz.py --seconds 60

bench: $(TEST_STAMP) ## Measure side by side with the peers; one JSON line each; fails at the end if any failed
	@$(PYTHON) deploy/setup_bench.py .venv-bench
	@$(BIN)/python -m ops.runtime.compile_kernels
	@failed=""; for script in benchmarks/*.py; do \
		echo "== $$script" >&2; $(BIN)/python $$script || failed="$$failed $$script"; \
	done; if [ -n "$$failed" ]; then echo "Failed, or missed a target:$$failed" >&2; exit 1; fi

docs: $(TEST_STAMP) ## Build the documentation site in out/site; the first time it executes the notebooks
	@$(BIN)/python -m ops.runtime.compile_kernels
	@$(BIN)/python deploy/build_site.py

wheelhouse: $(STAMP) ## Build out/air-gapped: all that a machine without a network needs to install Watchline
	@$(BIN)/python deploy/air_gapped/build.py out/air-gapped

sbom: $(TEST_STAMP) ## Bills of materials (CycloneDX) and licences of what is installed, in out/inventory
	@$(BIN)/python deploy/inventory.py out/inventory

format: $(TEST_STAMP) ## Put the code into its form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean: ## Remove what can be made again
	rm -rf $(VENV) .venv-bench .venv-taky out build dist
