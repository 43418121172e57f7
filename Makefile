# What people and machines type. Everything lives in .venv; nothing else is installed or changed.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test check bench faults lock clean

run: .venv/run.stamp  ## sample cards loaded, served on 127.0.0.1:8080
	RATEDIP_DATA=$${RATEDIP_DATA:-.demo} $(BIN)/ratedip serve --demo

test: .venv/dev.stamp  ## every test that needs no more than this machine
	PYTHONDONTWRITEBYTECODE= RATEDIP_TEST_PATIENCE=10 RATEDIP_TEST_EXAMPLES=0.2 $(BIN)/python -m pytest -m "not long" -n 3 --dist loadfile --no-loadscope-reorder

check: .venv/dev.stamp  ## format, lint, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

faults: .venv/dev.stamp  ## what is broken on purpose, promised in seconds, tried many times, or takes long
	$(BIN)/python -m pytest -m "fault or long or many or timed"

bench: .venv/bench.stamp  ## side by side with the peers; prints and saves the table
	sh bench/peers.sh
	$(BIN)/python -m bench

lock: .venv/dev.stamp  ## after a change of dependencies in pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group build -o requirements/run.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group build --group dev -c requirements/run.lock -o requirements/dev.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group build --group bench -c requirements/run.lock -o requirements/bench.lock

clean:
	rm -rf .venv .demo

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "ratedip needs Python 3.11 or newer; say which with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/%.stamp: requirements/%.lock pyproject.toml | .venv/pyvenv.cfg
	$(BIN)/pip install -q --require-hashes -r $<
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@
