"""
The queries of the dashboard and of the alerts that go with the service.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = DEPLOY / "grafana/ratedip.json"
ALERTS = DEPLOY / "prometheus/alerts.yml"
WINDOW = "1m"
_SELECTOR = re.compile(r"\b(ratedip_\w+)\b(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_GROUPED = re.compile(r"\bby \(([^)]*)\)")


def dashboard_queries() -> list[str]:
    """
    As they are asked where all nodes are chosen.
    """
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    return [query.replace("$__rate_interval", WINDOW).replace("$instance", ".*") for query in asked]


def alert_queries() -> dict[str, str]:
    """
    By the name of the alert.
    """
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


def selectors(query: str) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """
    Every metric in a query, and what its labels must be: name, operator, value.
    """
    for name, matchers in _SELECTOR.findall(query):
        yield name, _MATCHER.findall(matchers)


def grouped_by(query: str) -> set[str]:
    return {label.strip() for labels in _GROUPED.findall(query) for label in labels.split(",")}
