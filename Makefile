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
.PHONY: help photos lab test notebooks course twice book slides rehearse publish colab matrix wheelhouse smoke exercises browser mutants handin gallery grade bench numbers weights words autoencoder latent format lint check clean

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

# From the root, so that links to lessons lead somewhere; with our settings beside the
# user's own (tools/jupyter): no news from the network, and pages shown as pages.
lab: $(READY)  ## set up and open JupyterLab on the first notebook (LAB_ARGS="--no-browser")
	JUPYTER_CONFIG_PATH=tools/jupyter$${JUPYTER_CONFIG_PATH:+:$$JUPYTER_CONFIG_PATH} $(BIN)/jupyter lab $(ROOT) \
		--ServerApp.root_dir=. --LabApp.news_url= $(LAB_ARGS) $(FIRST)

# Two processes of one thread each: half the tests each, then they share what is left.
test: $(READY)  ## set up and run the tests
	$(BIN)/python -m pytest -n 2 --dist worksteal

notebooks: $(READY)  ## build what changed (ONLY=02_noise: build this one anyway)
	$(BIN)/python tools/build.py $(ONLY)

course: $(READY)  ## run every solved notebook and compare its outputs
	$(BIN)/python tools/run.py course $(ONLY)

twice: $(READY)  ## run every cell twice, and again after going back (ONLY=02_noise)
	$(BIN)/python tools/run.py twice $(ONLY)

book: $(READY)  ## the lessons and solved notebooks as a website: book/built/html/index.html
	$(BIN)/python tools/book.py

slides: $(READY)  ## slides for each lesson, with what to say: book/built/slides/index.html
	$(BIN)/python tools/slides.py

rehearse: $(READY)  ## the evening before a class: does everything work here (ROOM=1: five minutes)
	$(BIN)/python tools/rehearse.py $(ONLY) $(if $(ROOM),--room)

publish: $(READY)  ## stamp your GitHub address everywhere (REPO=owner/name TAG=v1)
	@$(BIN)/python tools/publish.py "$(REPO)" "$(TAG)"

colab: $(READY)  ## every notebook as Colab would meet it (7 GB, ONLY=02_noise)
	$(BIN)/python tools/matrix.py colab $(ONLY)

matrix: $(READY)  ## tests and notebooks with the oldest and newest versions (hours)
	$(BIN)/python tools/matrix.py

wheelhouse: $(READY)  ## a folder of all wheels, for a room without a network (3 GB)
	$(BIN)/python tools/wheelhouse.py

smoke: $(READY)  ## run every unsolved notebook to its end
	$(BIN)/python tools/run.py smoke $(ONLY)

exercises: $(READY)  ## the same up to the last exercise: after it they are the solved ones
	$(BIN)/python tools/run.py exercises $(ONLY)

browser: $(READY)  ## test the pages in Chromium, if it is there (minutes)
	$(BIN)/python -m pytest tests/browser

mutants: $(READY)  ## try to fool the checks with every small change of every solution (minutes)
	$(BIN)/python tools/mutants.py --jobs 2

# Several at once: NOTEBOOK="02_noise 03_denoise".
handin: $(READY)  ## pack notebooks to hand them in (NOTEBOOK=02_noise NAME="Ada L.")
	$(BIN)/python tools/handin.py $(NOTEBOOK) $(if $(NAME),--name "$(NAME)")

FOLDER = handed-in
gallery: $(READY)  ## one page with the class's pictures (FOLDER=handed-in/)
	$(BIN)/python tools/gallery.py "$(FOLDER)"

grade: $(READY)  ## grade what a class has handed in, on Linux (FOLDER=handed-in/)
	$(BIN)/python tools/grade.py "$(FOLDER)" $(if $(SEED),--seed $(SEED))

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
	$(BIN)/python benchmarks/pull_on_and_off.py
	$(BIN)/python benchmarks/latent_against_pixels.py
	$(BIN)/python benchmarks/finetuning.py
	$(BIN)/python benchmarks/feedback.py
	$(BIN)/python benchmarks/mode_collapse.py
	$(BIN)/python benchmarks/rivals.py
	$(BIN)/python benchmarks/few_steps.py
	$(BIN)/python benchmarks/responsibility_copies.py
	$(BIN)/python benchmarks/responsibility_marks.py
	$(BIN)/python benchmarks/responsibility_people.py
	$(BIN)/python benchmarks/stable_diffusion_bill.py
	$(BIN)/python benchmarks/melodies.py
	$(BIN)/python benchmarks/films.py

numbers: $(READY)  ## fill the figures of all pages from benchmarks/results
	$(BIN)/python tools/fill_numbers.py

# On two cores this takes days: for a GPU. Interrupted, the same command carries on.
photos: $(READY)  ## with a GPU: train a larger network on real photos, CIFAR-10
	$(BIN)/python -m course_lib train denoiser --data cifar10 --widths 128,256,256 --blocks 2 --batch 256 --iterations 40000 --keep 5000,10000,20000 --out runs/photos --resume
	$(BIN)/python -m course_lib evaluate --weights runs/photos --n 2048 --seeds 3 --calls 20

# By the table in data/weights/README.md; each training is resumable and says how long it
# takes here. With DRY=1 the commands are only said.
WEIGHTS = $(BIN)/python tools/weights.py $(if $(DRY),--dry-run)
weights: $(READY)  ## train again everything that ships in data/weights, into runs/
	$(WEIGHTS) weights

words: $(READY)  ## train what draws 32x32 pixels from nothing: pair, words
	$(WEIGHTS) words

autoencoder: $(READY)  ## train what compresses 64x64 to latents: pair, autoencoder
	$(WEIGHTS) autoencoder

# Its text encoder begins as that of the words after 2,000 of their iterations.
latent: $(READY)  ## train what draws 64x64 from nothing: pair, autoencoder, latents
	$(WEIGHTS) latent

format: $(READY)  ## format the code
	$(BIN)/ruff check -q --fix
	$(BIN)/ruff format -q

lint: $(READY)  ## ruff, spelling; are built notebooks and figures what their sources say?
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python tools/build.py --check
	$(BIN)/python tools/fill_numbers.py --check
	$(BIN)/codespell README.md lessons notebooks/src benchmarks data book course_lib tools

check: lint book course exercises test  ## everything that must be true before a push

clean:  ## delete .venv and what the course drew or downloaded
	rm -rf $(VENV) .venvs data/cache
