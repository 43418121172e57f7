"""
The dashboard and the alerts against the metrics of a real service that has been asked everything.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from support.cards import RETAIL, install
from support.corpus import get, post
from support.patience import FAIL_SAFE_S, seconds_until
from support.people import account, bearer, key
from support.queries import ALERTS, DEPLOY, WINDOW, alert_queries, dashboard_queries, grouped_by, selectors
from support.redis import redis_running
from support.server import Server, free_port, serve

from service.quota.plan import Limits, Plan
from service.watch.families import FAMILIES

OF_PROMETHEUS = {"instance", "job", "le"}
"""Labels that it adds, or that are in every histogram."""


@dataclass(frozen=True)
class Service:
    server: Server
    admin: int
    header: str

    def use(self) -> None:
        """
        Look-ups answered, without a price and over the plan, a call record, and a slow service.
        """
        for number in ("441132456789", "331234567890") * 3:
            self.server.ask(get(f"/api/rate.json?number={number}", self.header))
        record = '{"call_id":"a","number":"441132456789","sip_code":200,"start":1,"duration":1}'
        fields = post("/api/cdr.json", "application/json", record).replace(
            b"\r\n\r\n", f"\r\n{self.header}\r\n\r\n".encode(), 1
        )
        self.server.ask(fields)
        self.server.ask(get("/api/account.json", self.header))

    def series(self) -> dict[str, list[dict[str, str]]]:
        """
        Labels of every value, by its name.
        """
        text = httpx.get(f"http://127.0.0.1:{self.admin}/metrics").text
        found: dict[str, list[dict[str, str]]] = {}
        for family in text_string_to_metric_families(text):
            for row in family.samples:
                found.setdefault(row.name, []).append(row.labels)
        return found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data, admin = tmp_path_factory.mktemp("dashboard"), free_port()
    install(data, "retail", RETAIL)
    account(data, "acme", Plan(Limits(per_second=2, burst=2, per_day=1_000)), card="retail")
    header = bearer(key(data, "acme", "lookup", "cdr"))
    with redis_running() as redis, serve(data, REDIS_URL=redis.url, ADMIN_PORT=str(admin)) as server:
        made = Service(server, admin, header)
        made.use()
        told = ("ratedip_call_records_total", "ratedip_service_seconds_count", "ratedip_lease_requests")
        seconds_until(lambda: all(name in made.series() for name in told))
        seconds_until(lambda: {row["verdict"] for row in made.series()["ratedip_answers_total"]} >= {"ok", "over_plan"})
        yield made


@pytest.mark.parametrize("query", [*dashboard_queries(), *alert_queries().values()])
def test_a_query_asks_for_metrics_and_labels_that_there_are(service: Service, query: str) -> None:
    there = service.series()
    for name, matchers in selectors(query):
        assert name in there, f"{name} is not among the metrics"
        for label, operator, value in matchers:
            known = {row.get(label) for row in there[name]}
            assert label in OF_PROMETHEUS or known != {None}, f"{name} has no label {label}"
            assert operator != "=" or value in known or value == "500", f"no {name} has {label} {value}"
        assert grouped_by(query) - OF_PROMETHEUS <= {label for row in there[name] for label in row} | {"topk"}


def test_every_metric_is_told_by_a_service_that_has_been_used(service: Service) -> None:
    there = {name.removesuffix("_total").removesuffix("_bucket") for name in service.series()}
    loaded = {"ratedip_set_numbers", "ratedip_set_age_seconds"}  # no set is loaded here
    assert {family.name for family in FAMILIES} - there == loaded


def test_what_to_do_about_each_alert_and_what_each_metric_says_is_documented() -> None:
    page = (DEPLOY.parent / "docs/monitoring.md").read_text()
    assert [name for name in alert_queries() if f"`{name}`" not in page] == []
    for family in FAMILIES:
        assert f" | {', '.join(family.labels)} | {family.text} |" in page, family.name


@pytest.mark.outside
def test_every_query_of_the_dashboard_returns_data_from_a_real_prometheus(service: Service, tmp_path: Path) -> None:
    with prometheus(tmp_path, service.admin) as ask:
        for _ in range(4):
            service.use()
            time.sleep(1.1)  # prometheus takes its samples by the clock
        seconds_until(lambda: ask(f"rate(ratedip_answers_total[{WINDOW}])"))
        assert [query for query in dashboard_queries() if not ask(query)] == []
        for name, query in alert_queries().items():
            ask(query)
            for metric, _ in selectors(query):
                assert ask(metric), f"{name}: {metric} has no data"


@pytest.mark.outside
def test_prometheus_takes_the_configuration_and_finds_nothing_to_say_of_the_metrics(service: Service) -> None:
    promtool = program("promtool")
    config = ALERTS.with_name("prometheus.yml")
    for command in (["check", "config", str(config)], ["check", "rules", str(ALERTS)]):
        done = subprocess.run([promtool, *command], capture_output=True, timeout=FAIL_SAFE_S, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    text = httpx.get(f"http://127.0.0.1:{service.admin}/metrics").content
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, timeout=FAIL_SAFE_S, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def program(name: str) -> str:
    found = shutil.which(name)
    assert found, f"no {name}: install it with apt-get install -y --no-install-recommends prometheus"
    return found


@contextmanager
def prometheus(folder: Path, admin: int) -> Iterator[Callable[[str], list[object]]]:
    """
    A real one that reads a service's metrics each half second; yields a function from a query to its rows.
    """
    port = free_port()
    config = yaml.safe_load(ALERTS.with_name("prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    (folder / "nodes.yml").write_text(yaml.safe_dump([{"targets": [f"127.0.0.1:{admin}"]}]))
    shutil.copy(ALERTS, folder)
    places = ("--config.file", folder / "prometheus.yml", "--storage.tsdb.path", folder / "data")
    command = [program("prometheus"), *places, "--web.listen-address", f"127.0.0.1:{port}"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)

    def ask(query: str) -> list[object]:
        address = f"http://127.0.0.1:{port}/api/v1/query?{urlencode({'query': query})}"
        answer = json.loads(httpx.get(address).content)
        assert answer["status"] == "success", (query, answer)
        rows: list[object] = answer["data"]["result"]
        return rows

    def is_up() -> bool:
        assert process.poll() is None, (folder / "prometheus.log").read_text()
        try:
            return bool(ask('up{job="ratedip"} == 1'))
        except httpx.HTTPError:
            return False

    try:
        seconds_until(is_up)
        yield ask
    finally:
        process.terminate()
        process.wait(FAIL_SAFE_S)
