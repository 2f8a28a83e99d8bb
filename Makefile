# The things people do here. Each line can be typed by hand in an activated environment (source .venv/bin/activate).
PYTHON ?= python3
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
UV_COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

.PHONY: help setup workflow demo try label test test-fast coverage zoo cluster-test cluster-packages container share-container container-test browser-test browser-packages bench gpu-check soak check-verdicts lint docs lock status clean-unused

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/ready ## Make the virtual environment from the locked requirements

workflow: $(VENV)/workflow ## Make a virtual environment for Snakemake alone: with an image, nothing else is needed

$(VENV)/workflow: envs/workflow.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "expected Python 3.11 or newer, found $$($(PYTHON) --version); name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import os, sys; sys.exit(bool(set(os.getcwd()) & set("\"$$`\\:")))' || \
		{ printf '%s%s\n' "expected a checkout in a path without double quote, dollar sign, backtick, backslash and colon (shells read it in" \
			" the programs of a virtual environment), found $$PWD; move the checkout" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "expected Python's venv module, found none; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	pip install --quiet --no-deps --require-hashes -r envs/workflow.txt
	touch $@

$(VENV)/ready: $(VENV)/workflow envs/programs.txt envs/explain.txt envs/torch.txt
	pip install --quiet --no-deps --require-hashes -r envs/programs.txt -r envs/explain.txt
	pip install --quiet -r envs/torch.txt
	touch $@

$(VENV)/ready-dev: $(VENV)/ready envs/dev.txt envs/onnx.txt
	pip install --quiet --no-deps --require-hashes -r envs/dev.txt -r envs/onnx.txt
	touch $@

demo: setup ## Run the default grid on the sample set: a few minutes on two cores
	snakemake
	@echo "The report: results/demo/report.html"
	@echo "The table:  results/demo/summary.csv"

try: setup ## Try a model in the browser: RUN=results/<experiment>/runs/<run>
	@python -m scripts.try_model --run "$(RUN)"

label: setup ## Label the texts of a study by hand in the browser: STUDY=results/<experiment> (PEOPLE="anna ben" SPLIT=test PORT=8000; EXPORT=1: write tables)
	@python -m scripts.label --study "$(STUDY)" $(addprefix --person ,$(PEOPLE)) $(addprefix --split ,$(SPLIT)) \
		$(addprefix --port ,$(PORT)) $(if $(EXPORT),--export)

test: $(VENV)/ready-dev ## Run the unit and workflow tests
	python -m pytest -n auto --maxprocesses 4 --dist loadfile

test-fast: $(VENV)/ready-dev ## Run the unit tests that train nothing and build no encoder
	python -m pytest tests/unit -m "not slow"

coverage: $(VENV)/ready-dev ## Run the unit tests and list the lines of emotion_grid and scripts that they do not reach
	python -m pytest tests/unit --cov --cov-report=term-missing

zoo: $(VENV)/ready-dev ## Try a tiny model of each family of encoders in every axis, and compare with the table of docs/encoders.md (minutes)
	python -m pytest -n auto --maxprocesses 4 tests/zoo

cluster-test: cluster-packages ## Start a Slurm on this machine and run the cluster tests (root, Debian or Ubuntu)
	python -m pytest tests/cluster

cluster-packages: $(VENV)/ready-dev
	@python -m testing.slurm check || { \
		echo "installing what is missing" && apt-get update -q && apt-get install -qy --no-install-recommends \
		slurmctld slurmd slurmdbd slurm-client munge mariadb-server && python -m testing.slurm check; }

container: $(VENV)/workflow ## Build the image that every rule can run in (BOOTSTRAP=, FROM=, TORCH= change the recipe's base and torch)
	python -m scripts.build_container $(if $(BOOTSTRAP),--bootstrap "$(BOOTSTRAP)") $(if $(FROM),--from "$(FROM)") \
		$(if $(TORCH),--torch "$(TORCH)")

share-container: $(VENV)/workflow ## Publish the image for your team: TO=<folder or oras://registry/name:tag>
	python -m scripts.share_container --to "$(TO)"

container-test: cluster-packages ## Install Apptainer in a folder of its own and run the container tests (root, Debian); FULL=1 for all of them
	@python -m testing.apptainer; case $$? in \
		0) python -m pytest tests/container;; \
		3) echo "CONTAINER TESTS DID NOT RUN: the runtime could not be downloaded (see above)" >&2;; \
		*) exit 1;; esac

browser-test: browser-packages ## Run the tests of the pages in a real browser, and of exports with pdfLaTeX (root installs Debian's chromium and 135 MB of TeX)
	python -m pytest tests/browser -s

browser-packages: $(VENV)/ready-dev
	@{ command -v chromium && command -v pdflatex && kpsewhich booktabs.sty tabularx.sty; } >/dev/null || { \
		echo "installing Debian's chromium and a small TeX" && apt-get update -q && \
		apt-get install -qy --no-install-recommends chromium texlive-latex-recommended; }
	pip install --quiet --no-deps --require-hashes -r envs/browser.txt

bench: $(VENV)/ready-dev ## Compare run times with the reference implementation: results/bench (DATA=<folder that holds track_a> for the English task data)
	python -m benchmarks.grid $(if $(DATA),--configfile config/brighter-eng.yaml --data-root "$(DATA)")

gpu-check: setup ## Check and measure on this machine's GPU what no test without one can: results/gpu-check (MINUTES=15: its time limit)
	python -m benchmarks.gpu_check $(if $(MINUTES),--minutes "$(MINUTES)")

soak: $(VENV)/ready-dev ## Stress test: kill, damage and block a tiny study at random for ten minutes (FULL=1: two hours)
	python -m benchmarks.soak $(if $(FULL),--minutes 120)

check-verdicts: setup ## Check by simulation how often verdicts and intervals are right: results/verdicts.md and intervals.md, about a quarter of an hour on two cores
	OMP_NUM_THREADS=1 python -m scripts.check_verdicts --output results/verdicts.csv
	OMP_NUM_THREADS=1 python -m scripts.check_intervals --output results/intervals.md

lint: $(VENV)/ready-dev ## Check style, spelling and types
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile rules
	codespell
	mypy

docs: setup ## Write docs/configuration.md from the schema
	python -m scripts.write_reference --output docs/configuration.md

lock: $(VENV)/ready-dev ## Resolve envs/*.in into the locked envs/*.txt (torch stands alone, see envs/torch.txt)
	cd envs && $(UV_COMPILE) programs.in -o programs.txt --no-emit-package torch $$($(UV_COMPILE) torch.txt \
		| grep -oE '^(nvidia|cuda|triton)[a-z0-9-]*' | sort -u | sed 's/^/--no-emit-package /')
	sed -i "1i # Locked $$(date -u +%Y-%m-%dT%H:%M:%SZ)" envs/programs.txt
	cd envs && $(UV_COMPILE) torch.txt -c programs.txt -o torch-cuda.txt
	cd envs && $(subst --universal,--python-platform linux,$(UV_COMPILE)) explain.in -o explain.txt \
		$$(grep -oE '^[a-z0-9-]+' programs.txt | sed 's/^/--no-emit-package /')
	cd envs && $(subst --universal,--python-platform linux,$(UV_COMPILE)) onnx.in -o onnx.txt \
		$$(grep -oE '^[a-z0-9-]+' programs.txt | sed 's/^/--no-emit-package /')
	cd envs && $(UV_COMPILE) workflow.in -o workflow.txt
	cd envs && $(UV_COMPILE) dev.in -o dev.txt
	cd envs && $(UV_COMPILE) browser.in -o browser.txt

status: $(VENV)/workflow ## List the runs of EXPERIMENT: waiting, queued, running, done, failed, damaged (STATE=failed: only those; WATCH=1: until the end)
	@python -m scripts.status --results results/$(or $(EXPERIMENT),demo) $(addprefix --state ,$(STATE)) $(if $(WATCH),--watch)

clean-unused: $(VENV)/workflow ## List what the current grid of EXPERIMENT does not use; with YES=1 remove it
	python -m scripts.clean_unused --results results/$(or $(EXPERIMENT),demo) $(if $(YES),--yes)
