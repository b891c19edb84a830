# `make` alone lists the targets. Needs only Python >= 3.11; all else goes into .venv.

VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready
FIRST   = $(firstword $(sort $(wildcard notebooks/[0-9][0-9]_*.ipynb)))
# The newest Python that torch is made for; looked for only when .venv is made.
PYTHON  = $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	2>/dev/null && echo $$p && break; done)

# In a container one is root, and JupyterLab wants to be told that this is meant.
ROOT    = $(if $(filter 0,$(shell id -u)),--allow-root)

.DEFAULT_GOAL := help
.PHONY: help lab test notebooks course smoke bench weights words autoencoder latent format lint check clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## */\t/' | expand -t 12

# Set up once; again only when the package or the tested versions change.
$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/python || test -n "$(PYTHON)" || \
		{ echo "No Python 3.11, 3.12 or 3.13 found: install one and try again."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Setting up .venv: about 3 GB the first time, some minutes."
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[lab,dev]'
	@touch $@

lab: $(READY)  ## set up and open JupyterLab on the first notebook (LAB_ARGS="--no-browser")
	$(BIN)/jupyter lab $(ROOT) $(LAB_ARGS) $(FIRST)

# Two processes of one thread each: half the tests each, then they share what is left.
test: $(READY)  ## set up and run the tests
	$(BIN)/python -m pytest -n 2 --dist worksteal

notebooks: $(READY)  ## build what changed (ONLY=02_noise: build this one anyway)
	$(BIN)/python tools/build.py $(ONLY)

course: $(READY)  ## run every solved notebook and compare its outputs
	$(BIN)/python tools/run.py course $(ONLY)

smoke: $(READY)  ## run every unsolved notebook to its end
	$(BIN)/python tools/run.py smoke $(ONLY)

bench: $(READY)  ## measure speed and quality against others (quiet machine, two hours)
	$(BIN)/python benchmarks/draw_critters.py
	$(BIN)/python benchmarks/train_speed.py
	$(BIN)/python benchmarks/target_table.py
	$(BIN)/python benchmarks/sampling_table.py
	$(BIN)/python benchmarks/quality_at_equal_time.py --minutes 15
	$(BIN)/python benchmarks/hearing.py
	$(BIN)/python benchmarks/lying_captions.py
	$(BIN)/python benchmarks/guidance_interval.py
	$(BIN)/python benchmarks/say_it_twice.py
	$(BIN)/python benchmarks/editing_table.py
	$(BIN)/python benchmarks/autoencoder_table.py
	$(BIN)/python benchmarks/which_error.py
	$(BIN)/python benchmarks/latent_against_pixels.py

# Each is resumable and says how long it takes here. Copy what you like from
# runs/NAME (model.safetensors and card.json) to data/weights/NAME.
# There autoencoder-3 is called autoencoder, words-mean words, latent-mean latent.
TRAIN = $(BIN)/python -m course_lib train --resume
MEAN = $(BIN)/python -m course_lib average
weights: words autoencoder  ## train again everything that ships in data/weights (into runs/)
	$(TRAIN) --what reader --size 32 --iterations 2500 --out runs/reader-32
	$(TRAIN) --what classifier --iterations 6000 --out runs/cifar10-classifier
	$(TRAIN) --data critters --iterations 7000 --keep 300,1500 --optimizer adamw \
		--out runs/critters
	$(TRAIN) --data cifar10 --iterations 4500 --blocks 1 --optimizer adamw \
		--out runs/cifar10
	$(TRAIN) --what autoencoder --iterations 6000 --pair runs/pair --blocks 2 \
		--start runs/autoencoder --out runs/autoencoder-1
	$(TRAIN) --what autoencoder --iterations 12000 --pair runs/pair --blocks 2 \
		--start runs/autoencoder-1 --strangers 0.125 --out runs/autoencoder-2
	$(TRAIN) --what autoencoder --iterations 24000 --pair runs/pair --blocks 3 \
		--start runs/autoencoder-2 --strangers 0.125 --out runs/autoencoder-3
	$(TRAIN) --what text --iterations 1500 --start runs/words/at-4000 --seed 2 \
		--out runs/words-1
	$(TRAIN) --what text --iterations 700 --start runs/words --seed 1 \
		--learning-rate 0.001 --out runs/words-2
	$(TRAIN) --what text --iterations 700 --start runs/words --seed 2 \
		--learning-rate 0.001 --out runs/words-3
	$(MEAN) runs/words runs/words-1 runs/words-2 runs/words-3 \
		runs/words/at-4000 runs/words/at-2000 --out runs/words-mean
	$(TRAIN) --what latent --iterations 3000 --keep 1000 --start runs/words-mean \
		--autoencoder runs/autoencoder --out runs/latent-1
	$(TRAIN) --what latent --iterations 1500 --start runs/latent-1/at-1000 --seed 1 \
		--autoencoder runs/autoencoder --out runs/latent-2
	$(TRAIN) --what latent --iterations 1500 --start runs/latent-1/at-1000 --seed 2 \
		--autoencoder runs/autoencoder --out runs/latent-3
	$(TRAIN) --what latent --iterations 1500 --start runs/latent-1/at-1000 --seed 3 \
		--autoencoder runs/autoencoder --out runs/latent-4
	$(MEAN) runs/latent-1 runs/latent-2 runs/latent-3 runs/latent-4 \
		--out runs/latent-four
	$(TRAIN) --what latent --iterations 1000 --start runs/latent-four --seed 4 \
		--autoencoder runs/autoencoder --out runs/latent-5
	$(TRAIN) --what latent --iterations 1000 --start runs/latent-four --seed 5 \
		--learning-rate 0.001 --autoencoder runs/autoencoder --out runs/latent-6
	$(MEAN) runs/latent-four runs/latent-5 runs/latent-6 --out runs/latent-mean

words: $(READY)  ## train what draws 32x32 pixels from nothing: pair, words
	$(TRAIN) --what pair --iterations 700 --out runs/pair
	$(TRAIN) --what text --iterations 6000 --keep 2000,4000 --pair runs/pair \
		--out runs/words

autoencoder: $(READY)  ## train what compresses 64x64 to latents: pair, autoencoder
	$(TRAIN) --what pair --iterations 700 --out runs/pair
	$(TRAIN) --what autoencoder --iterations 12000 --pair runs/pair \
		--out runs/autoencoder

# Its text encoder begins as that of the words after 2,000 of their iterations.
latent: autoencoder  ## train what draws 64x64 from nothing: pair, autoencoder, latents
	$(TRAIN) --what text --iterations 6000 --keep 2000,4000 --pair runs/pair \
		--until 2000 --out runs/words
	$(TRAIN) --what latent --iterations 4000 --keep 2000 --start runs/words/at-2000 \
		--autoencoder runs/autoencoder --out runs/latent

format: $(READY)  ## format the code
	$(BIN)/ruff check -q --fix
	$(BIN)/ruff format -q

lint: $(READY)  ## ruff, and whether the built notebooks are what their sources say
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python tools/build.py --check

check: lint course smoke test  ## everything that must be true before a push

clean:  ## delete .venv and what the course drew or downloaded
	rm -rf $(VENV) data/cache
