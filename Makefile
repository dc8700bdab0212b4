# `make play` is all that a newcomer needs; `make help` lists the rest. Works with GNU make 3.81 (macOS) and newer.

STYLE ?= bach
ARGS ?=
# Candidates in order of preference; the first that runs and is 3.11 or 3.12 makes the environment.
PYTHON ?= python3.12 python3.11 python3 python

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt
# JACK is how Linux does sample-accurate MIDI; elsewhere nobody has it.
PLAY_EXTRAS := $(if $(filter Linux,$(shell uname -s)),[jack])
CAN_PLAY := $(VENV)/can-play
CAN_DEVELOP := $(VENV)/can-develop

.PHONY: help play test lint bench clean
.DEFAULT_GOAL := help

help:
	@echo 'make play    play in the style of Bach, live       make play STYLE=bach ARGS="--bars 8 --seed 1"'
	@echo 'make test    run the tests                         make test ARGS="tests/runtime -x"'
	@echo 'make lint    check style, types and imports'
	@echo 'make bench   print the tables of docs/benchmarks.md'
	@echo 'make clean   remove $(VENV)'

# exec, so that Ctrl-C and SIGTERM reach the player itself and not a shell in between.
play: $(CAN_PLAY)
	@exec $(BIN)/lstm-composer play --style "$(STYLE)" $(ARGS)

test: $(CAN_DEVELOP)
	$(BIN)/python -m pytest $(ARGS)

lint: $(CAN_DEVELOP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(CAN_DEVELOP)
	@set -e; for script in $(addprefix benchmarks/,whole_process.py engine.py lateness.py reading.py); do echo "# $$script"; $(BIN)/python "$$script"; done

clean:
	rm -rf $(VENV)

# Empty files whose dates say when the environment was last brought up to date.
$(CAN_PLAY): $(BIN)/python pyproject.toml constraints.txt
	@echo 'Installing what playing needs into $(VENV) (once; about 300 MB to download on a PC) ...'
	$(PIP_INSTALL) -e '.$(PLAY_EXTRAS)'
	@touch $@

$(CAN_DEVELOP): $(CAN_PLAY)
	@echo 'Adding what training and testing need (once; about 1 GB to download) ...'
	$(PIP_INSTALL) -e '.[train,jack,link,osc,dev,cluster]'
	@touch $@

# A candidate may be there and yet not run (a pyenv shim for a version that is not switched on), so each is tried.
$(BIN)/python:
	@for python in $(PYTHON); do \
	    "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' >/dev/null 2>&1 || continue; \
	    if ! "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then \
	        echo "$$python cannot make virtual environments. On Debian and Ubuntu: sudo apt install python3-venv" >&2; exit 2; \
	    fi; \
	    echo "Making $(VENV) with $$("$$python" --version) ..."; \
	    exec "$$python" -m venv --clear $(VENV); \
	done; \
	echo 'No Python 3.11 or 3.12 found (tried: $(PYTHON)). Install one, or name it: make play PYTHON=/path/to/python3.12' >&2; \
	exit 2
