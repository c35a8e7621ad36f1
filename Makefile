# PianoDiff: `make run` opens the window, `make test` checks everything. Both set up what they need on first use.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: run test docs package screenshots setup clean help

# CLIP=my.wav and PYTHON=python3.12 reach the recipes through the environment, so that any file name works.
export CLIP PYTHON

INSTALL_FROM := pyproject.toml packaging/constraints.txt packaging/system-libraries.sh packaging/virtualenv.sh

run: .venv/.installed ## open the window with the demo clip, or with CLIP=my.wav
	@if [ -n "$$CLIP" ]; then exec .venv/bin/pianodiff demo "$$CLIP"; else exec .venv/bin/pianodiff demo; fi

test: .venv/.installed-test ## ruff, mypy, the import contract and pytest, and what each took
	QT_QPA_PLATFORM=offscreen .venv/bin/python packaging/checks.py

docs: .venv/.installed-docs ## build the pages of docs/ into a site, out/site/index.html
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build

package: .venv/.installed-package ## build dist/pianodiff with PyInstaller and check that it starts
	.venv/bin/pyinstaller --noconfirm --log-level WARN --distpath dist --workpath build packaging/pianodiff.spec
	QT_QPA_PLATFORM=offscreen dist/pianodiff/pianodiff --smoke

screenshots: .venv/.installed ## draw the README's pictures anew, from the real window and a real run
	QT_QPA_PLATFORM=offscreen .venv/bin/python -m pianodiff_gui.screenshots docs

setup: .venv/.installed ## only install what `make run` needs

clean: ## remove everything that make made
	rm -rf .venv build dist out *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

help: ## show this
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

# A stamp is written only after a complete installation, so an interrupted one starts again and a complete one is left alone.
.venv/.installed: $(INSTALL_FROM)
	@packaging/system-libraries.sh
	@packaging/virtualenv.sh
	@touch $@

.venv/.installed-test: $(INSTALL_FROM)
	@packaging/system-libraries.sh --test
	@packaging/virtualenv.sh test
	@touch .venv/.installed $@

.venv/.installed-docs: $(INSTALL_FROM)
	@packaging/virtualenv.sh docs
	@touch $@

.venv/.installed-package: $(INSTALL_FROM)
	@packaging/system-libraries.sh
	@packaging/virtualenv.sh package
	@touch .venv/.installed $@
