# Makes the environment, then calls `python -m tools NAME`: that command is what
# Windows and conda users type. Works from any directory, also through -C and -f.
.DEFAULT_GOAL := help
.NOTPARALLEL:
COMMANDS := lab test run student progress store claims faults bench habits \
  check classroom teach slides publish e2e
.PHONY: help clean $(COMMANDS)

# Tools read these from the environment, so no shell ever parses what you type.
PYTHON ?= python3
export PYTHON TORCH_INDEX LESSONS SEED SEEDS BUDGET DEVICE SCHEDULER FAULTS HABITS REVEAL
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The folder of this file. Make splits names at spaces, so they are hidden meanwhile.
space := $(subst ,, )
hidden := $(patsubst |%,%,$(subst $(space),|,$(MAKEFILE_LIST)))
export COURSE := $(subst |,$(space),$(dir $(hidden)))

ifneq ($(COURSE),./)
# Started from elsewhere with -f: go there and start again.
help clean $(COMMANDS):
	@$(MAKE) --no-print-directory -C "$$COURSE" $@
else

help:
	@echo 'make lab       study: JupyterLab on study/00_start_here.ipynb'
	@echo 'make progress  which exercises are solved, tried, untouched, in your lessons'
	@echo 'make run       execute lessons into build/run: LESSONS="01 02" SEED=1 BUDGET=2'
	@echo 'make student   write the student edition into study/, overwriting nothing'
	@echo
	@echo 'make check     the day before class: is this machine ready?'
	@echo 'make classroom build or renew classroom/ for nbgrader: LESSONS="01 04"'
	@echo 'make teach     JupyterLab with slides, and with nbgrader on classroom/'
	@echo 'make slides    export lessons as decks into build/slides: LESSONS="01"'
	@echo 'make publish   student edition and links for JupyterHub, Binder and Colab'
	@echo
	@echo 'make test      verify everything: code, notebooks, claims, student edition'
	@echo 'make e2e       use every lesson in a real browser, screenshots in build/e2e'
	@echo 'make store     execute lessons as printed, store their outputs: LESSONS="01"'
	@echo 'make claims    measure every claim: SEEDS="0 1 2 3 4"; SCHEDULER=tcp://... a cluster'
	@echo 'make faults    make small faults, report which test notices each: FAULTS="lstm"'
	@echo 'make habits    use lessons as learners do: HABITS="twice offline"'
	@echo 'make bench     what each lesson costs, and the ten slowest cells: LESSONS="01"'
	@echo 'make clean     remove build/ and caches; study/, classroom/, .venv/ stay'
	@echo
	@echo 'PYTHON=python3.12 chooses the Python; TORCH_INDEX=URL the index of PyTorch.'

$(COMMANDS): .venv/.installed
	@.venv/bin/python -m tools $@

# What only a class or a browser needs comes on top, so a learner's stays small.
test classroom teach: .venv/.classroom
e2e: .venv/.e2e
.venv/.classroom .venv/.e2e: .venv/.%: .venv/.installed
	.venv/bin/python -m pip install -c constraints.txt -e ".[$*]"
	@touch $@

clean:
	@"$$PYTHON" -m tools clean

# torch and torchvision must be built alike: with TORCH_INDEX both come from there,
# before anything else could bring in another build of either.
.venv/.installed: pyproject.toml constraints.txt
	@command -v "$$PYTHON" >/dev/null || \
	  { echo "There is no '$$PYTHON' here; name a Python 3.11 or newer: make lab PYTHON=..." >&2; exit 2; }
	@"$$PYTHON" tools/machine/preflight.py
	"$$PYTHON" -m venv .venv
	@if [ -n "$$TORCH_INDEX" ]; then set -x; .venv/bin/python -m pip install --no-deps \
	  --index-url "$$TORCH_INDEX" -c constraints.txt torch torchvision; fi
	.venv/bin/python -m pip install -c constraints.txt -e ".[test]"
	@touch .venv/.installed
endif
