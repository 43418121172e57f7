"""
What ``ratedip top`` makes of two looks at the metrics.
"""

import pytest
from rich.console import Console

from service.cli.top_view import view
from service.watch.exposition import write_metrics
from service.watch.rates import ScrapeError, rates_between, read_scrape
from service.watch.sample import Sample
from service.watch.seen import Spans, add_span, new_spans


def scrape(answers: int, spans: Spans | None = None, *, redis: int = 1) -> str:
    made = Sample("w")
    made.put("ratedip_workers", 2)
    made.put("ratedip_ready", 2)
    made.put("ratedip_redis_up", redis)
    made.put("ratedip_answers", answers, "rate", "200", "ok")
    made.put("ratedip_answers", 3 * answers, "rate", "404", "no_rate")
    made.put("ratedip_answers", 5, "cdr", "200", "")
    made.put("ratedip_account_requests", 4 * answers, "acme", "live", "admitted")
    if spans is not None:
        made.put("ratedip_lookup_seconds", spans, "rate")
    return write_metrics(made).decode()


def test_what_a_second_brought_is_told_of_it() -> None:
    rates = rates_between(read_scrape(scrape(100), 10.0), read_scrape(scrape(300), 12.0))
    assert rates.verdicts == {"rate": {"ok": 100.0, "no_rate": 300.0}}
    assert rates.accounts == {"acme/live": {"admitted": 400.0}}
    assert rates.services == {"cdr": {"200": 0.0}}
    assert (rates.now["workers"], rates.now["ready"]) == (2, 2)


def test_a_counter_that_began_anew_counts_from_zero() -> None:
    rates = rates_between(read_scrape(scrape(1_000), 0.0), read_scrape(scrape(6), 1.0))
    assert rates.verdicts["rate"]["ok"] == 6


def test_percentiles_lie_in_the_bucket_of_what_was_measured() -> None:
    before, after = new_spans(), new_spans()
    for took_ns in [3_000] * 90 + [100_000] * 10:
        add_span(after, took_ns)
    rates = rates_between(read_scrape(scrape(0, before), 0.0), read_scrape(scrape(1, after), 1.0))
    pace = rates.lookups["rate"]
    assert pace.per_second == 100
    assert pace.p50_us is not None
    assert 2.048 < pace.p50_us < 4.096
    assert pace.p99_us is not None
    assert 65.536 < pace.p99_us < 131.072


def test_of_what_was_not_asked_there_is_no_percentile() -> None:
    same = new_spans()
    rates = rates_between(read_scrape(scrape(0, same), 0.0), read_scrape(scrape(0, same), 1.0))
    assert rates.lookups["rate"].p99_us is None


@pytest.mark.parametrize("text", ["<html>", "up 1\n", "", "ratedip_workers{ 1"])
def test_what_is_no_node_s_metrics_is_refused(text: str) -> None:
    with pytest.raises(ScrapeError):
        read_scrape(text, 0.0)


def test_the_page_shows_what_is_wrong_first() -> None:
    console = Console(width=120, record=True, file=None)
    before = read_scrape(scrape(0, new_spans()), 0.0)
    console.print(view(rates_between(before, read_scrape(scrape(50, new_spans(), redis=0), 1.0)), "here"))
    shown = console.export_text()
    assert "Redis does not answer" in shown
    assert shown.index("Redis does not answer") < shown.index("acme/live")
    assert "no_rate 150  ok 50" in shown
