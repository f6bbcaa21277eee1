# Makes the environment, then calls `python -m tools NAME`: that command, or `pixels
# NAME`, is what Windows and conda users type. From another directory: make -C FOLDER.
.DEFAULT_GOAL := help
.NOTPARALLEL:
COMMANDS := lab test run student progress store claims faults mutants bench habits \
  check weights lock classroom teach slides publish e2e
.PHONY: help clean $(COMMANDS)

# Tools read PIXELS_NAME from the environment, so no shell ever parses what you type.
# Only make's own command line gives them: a SEED that your shell has set is not meant.
VARIABLES := LESSONS SEED SEEDS BUDGET DEVICE SCHEDULER FAULTS HABITS REVEAL UPGRADE
unexport $(VARIABLES)
$(foreach name,$(VARIABLES),$(if $(filter command,$(origin $(name))),\
  $(eval export PIXELS_$(name) = $$(value $(name)))))
PYTHON ?= python3
export PYTHON TORCH_INDEX LOCKED
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# What follows a command and begins with a digit is a lesson: make run 01 03.
OF_LESSONS := test run store claims habits bench check classroom slides e2e
TYPED := $(filter 0% 1% 2% 3% 4% 5% 6% 7% 8% 9%,$(MAKECMDGOALS))
OTHERS := $(filter-out $(TYPED) $(COMMANDS) help clean .% Makefile,$(MAKECMDGOALS))
ifneq ($(OTHERS),)
$(error There is no 'make $(firstword $(OTHERS))'; type `make help`)
endif
ifneq ($(TYPED),)
WITHOUT := $(filter-out $(TYPED) $(OF_LESSONS),$(MAKECMDGOALS))
ifneq ($(WITHOUT),)
$(error `make $(firstword $(WITHOUT))` takes no lessons, so leave out $(TYPED))
endif
ifeq ($(filter-out $(TYPED),$(MAKECMDGOALS)),)
$(error Say what to do with lesson $(TYPED), such as: make run $(TYPED))
endif
export PIXELS_LESSONS := $(TYPED)
endif
# Nothing is to be made of a lesson's number.
.DEFAULT: ; @:

help:
	@echo 'make lab       study: JupyterLab on study/00_start_here.ipynb'
	@echo 'make progress  which exercises are solved, tried, untouched, in your lessons'
	@echo 'make run       execute lessons into build/run: make run 01 03 SEED=1 BUDGET=2'
	@echo 'make student   write the student edition into study/, overwriting nothing'
	@echo
	@echo 'make weights   which pretrained weights are there; those that are not are installed'
	@echo
	@echo 'make check     the day before class: is this machine ready?'
	@echo 'make classroom build or renew classroom/ for nbgrader: make classroom 01 04'
	@echo 'make teach     JupyterLab with slides, and with nbgrader on classroom/'
	@echo 'make slides    export lessons as decks into build/slides: make slides 01'
	@echo 'make publish   student edition and links for JupyterHub, Binder and Colab'
	@echo
	@echo 'make test      verify everything; make test 01: of the notebooks only that one'
	@echo 'make e2e       use every lesson in a real browser, screenshots in build/e2e'
	@echo 'make store     execute lessons as printed, store their outputs: make store 01'
	@echo 'make claims    measure every claim: SEEDS=0-4; SCHEDULER=tcp://... a cluster'
	@echo 'make faults    make small faults, report which test notices each: FAULTS="lstm"'
	@echo 'make mutants   change the code at every place, report what no test notices: hours'
	@echo 'make habits    use lessons as learners do: HABITS="twice offline"'
	@echo 'make bench     what each lesson costs, and the ten slowest cells: make bench 00-02'
	@echo 'make lock      pin every package, for every system: UPGRADE="jinja2", UPGRADE=all'
	@echo 'make clean     remove build/ and caches; study/, classroom/, .venv/ stay'
	@echo
	@echo 'Lessons: 01 03, 1,3 or 00-02; without any, all. `pixels test changed`: what you changed.'
	@echo 'PYTHON=python3.12 chooses the Python; TORCH_INDEX=URL the index of PyTorch;'
	@echo 'LOCKED=1 installs from requirements.lock, every hash checked.'

$(COMMANDS): .venv/.installed
	@.venv/bin/python -m tools $@

# What learners never need comes on top, so that their environment stays small.
test run store claims faults mutants bench habits check: .venv/.test
test classroom teach: .venv/.classroom
test e2e: .venv/.e2e
mutants: .venv/.mutants
lock: .venv/.lock
.venv/.test .venv/.classroom .venv/.e2e .venv/.mutants .venv/.lock: .venv/.%: .venv/.installed
	[ -n "$$LOCKED" ] || $(PIP) -c constraints.txt -e ".[$*]"
	@touch $@

# Where lessons are executed. Tried once: a machine without a network goes on without.
lab test run store claims faults mutants bench habits check e2e classroom teach: .venv/.weights
.venv/.weights: .venv/.installed $(wildcard $(foreach end,py txt,tools/machine/weights/*.$(end)))
	@.venv/bin/python -m tools weights || :
	@touch $@

clean:
	@"$$PYTHON" -m tools clean

# Every hash is checked but, on Linux, those of PyTorch and its CUDA: which build it is
# differs. All extras at once; no package is built but the course itself.
PIP := .venv/bin/python -m pip install
BY_LOCK := $(PIP) --require-hashes --only-binary :all: -r requirements.lock && \
  $(PIP) -c constraints.txt torch torchvision && \
  $(PIP) --no-deps --no-build-isolation -e .

# torch and torchvision must be built alike: with an index of PyTorch both come from it,
# before anything else could bring in another build of either. One that nobody has asked
# for may fail: then pip takes both from where it takes everything.
.venv/.installed: pyproject.toml constraints.txt
	@command -v "$$PYTHON" >/dev/null || \
	  { echo "There is no '$$PYTHON' here; name a Python 3.11 or newer: make lab PYTHON=..." >&2; exit 2; }
	@set -e; asked="$$TORCH_INDEX"; index=$$("$$PYTHON" tools/machine/torch_index.py); \
	TORCH_INDEX="$$index" "$$PYTHON" tools/machine/preflight.py; \
	set -x; "$$PYTHON" -m venv .venv; \
	if [ -n "$$index" ]; then $(PIP) --no-deps \
	  --index-url "$$index" -c constraints.txt torch torchvision || [ -z "$$asked" ]; fi
	if [ -n "$$LOCKED" ]; then $(BY_LOCK); \
	else $(PIP) -c constraints.txt -e .; fi
	@touch .venv/.installed
