# What people and machines type. Everything lives in .venv; nothing else is installed or changed.
PYTHON ?= python3
BIN := .venv/bin
SOFTSWITCH := kamailio kamailio-utils-modules kamailio-extra-modules kamailio-sqlite-modules sip-tester
# Much to try, and nothing in it is held to a clock: two at a time.
MUCH := tests/conformance tests/fuzz tests/unit tests/e2e/test_interface.py tests/e2e/test_matrix.py \
	$(addprefix tests/faults/test_,malformed.py oracle_http.py redis_bounds.py crash.py cdr_crash.py set_crash.py)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test check e2e outside load bench faults long soak overload fuzz lock clean

run: .venv/run.stamp  ## sample cards loaded, served on 127.0.0.1:8080
	RATEDIP_DATA=$${RATEDIP_DATA:-.demo} $(BIN)/ratedip serve --demo

install: .venv/run.stamp  ## what serves, and nothing more: .venv/bin/ratedip

image:  ## the image of the Dockerfile, built without a container engine; as root, with Debian's buildah and debootstrap
	sh scripts/image.sh ratedip:0.1.0

test: .venv/dev.stamp  ## every test that needs no more than this machine
	PYTHONDONTWRITEBYTECODE= RATEDIP_TEST_PATIENCE=10 RATEDIP_TEST_EXAMPLES=0.1 $(BIN)/python -m pytest -m "not long and not outside" -n 3 --dist loadfile --no-loadscope-reorder

check: .venv/dev.stamp  ## format, lint, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

e2e: .venv/dev.stamp  ## calls through a real softswitch, HAProxy and curl; installs them where it may
	sh scripts/debian.sh $(SOFTSWITCH) haproxy curl
	$(BIN)/python -m pytest -m "outside and not long" tests/e2e/softswitch tests/e2e/test_partner_documents.py tests/e2e/test_openapi_documents.py tests/faults

outside: .venv/dev.stamp .venv/bench.stamp  ## the same, and all else that wants other programs: Prometheus, locust, an image
	sh scripts/debian.sh $(SOFTSWITCH) haproxy curl prometheus kubernetes-client buildah debootstrap
	$(BIN)/python -m pytest -m outside tests

load: .venv/bench.stamp  ## locust against a server: make load SCENARIO=spike HOST=http://… ARGS='--key …'
	$(BIN)/python -m bench.scenarios $(or $(SCENARIO),softswitch) --host $(or $(HOST),http://127.0.0.1:8080) $(ARGS)

faults: .venv/dev.stamp  ## what is promised of a bad day, broken on purpose; prints the table and writes it in docs/faults.md
	$(BIN)/python -m pytest -m fault -n 2 --junit-xml=.pytest_cache/faults-much.xml $(MUCH) -o junit_family=xunit1; much=$$?; \
	$(BIN)/python -m pytest -m fault --junit-xml=.pytest_cache/faults.xml $(addprefix --ignore=,$(MUCH)) -o junit_family=xunit1; status=$$?; \
	PYTHONPATH=tests $(BIN)/python -m support.fault_table .pytest_cache/faults-much.xml .pytest_cache/faults.xml --save docs/faults.md && exit $$((much + status))

long: .venv/dev.stamp  ## everything else that is promised in seconds, tried many times, or takes long
	$(BIN)/python -m pytest -m "(long or many or timed) and not fault and not outside"

soak: .venv/bench.stamp .venv/dev.stamp  ## twenty minutes of resets, drops, reloads and changing keys; draws docs/soak.svg
	PYTHONPATH=tests $(BIN)/python -m bench.soak

overload: .venv/bench.stamp .venv/dev.stamp  ## three times as much as there is capacity for; draws docs/overload.svg
	PYTHONPATH=tests $(BIN)/python -m bench.overload

fuzz: .venv/dev.stamp  ## each parser by itself for a minute; what is found stays in tests/fuzz/corpus
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds 60

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
