"""
Metrics as Prometheus reads them.
"""

from prometheus_client.parser import text_string_to_metric_families

from service.watch.exposition import write_metrics
from service.watch.families import FAMILIES, Join, Kind
from service.watch.sample import Sample, counters_of, join_samples, load_sample
from service.watch.seen import add_span, new_spans


def full(worker: str, factor: int = 1) -> Sample:
    """
    A sample with a value of every metric there is.
    """
    made = Sample(worker, 1.0)
    for place, family in enumerate(FAMILIES, 1):
        labels = ("x",) * len(family.labels)
        if family.kind is Kind.HISTOGRAM:
            spans = new_spans()
            for took_ns in (1, 5_000, 2**50):
                add_span(spans, took_ns)
            made.put(family.name, spans, *labels)
        else:
            made.put(family.name, place * factor, *labels)
    return made


def values(sample: Sample) -> dict[str, float]:
    text = write_metrics(sample).decode()
    return {row.name: row.value for family in text_string_to_metric_families(text) for row in family.samples}


def test_every_metric_is_there_with_its_help_and_type() -> None:
    text = write_metrics(full("w")).decode()
    parsed = {family.name: family for family in text_string_to_metric_families(text)}
    assert parsed.keys() == {family.name for family in FAMILIES}
    for family in FAMILIES:
        assert (parsed[family.name].type, parsed[family.name].documentation) == (family.kind, family.text)


def test_several_processes_make_one_by_the_rule_of_each_metric() -> None:
    one, two, joined = full("a"), full("b", 3), values(join_samples("n", [full("a"), full("b", 3)]))
    for family in FAMILIES:
        name = f"{family.name}_total" if family.kind is Kind.COUNTER else family.name
        both = [values(sample)[name] for sample in (one, two)] if family.kind is not Kind.HISTOGRAM else []
        if family.kind is Kind.COUNTER or (both and family.join is Join.SUM):
            assert joined[name] == sum(both)
        elif both:
            assert joined[name] == (min(both) if family.join is Join.LEAST else max(both))
        else:
            assert joined[f"{name}_count"] == 6


def test_buckets_count_what_was_no_longer_than_their_bound() -> None:
    made, spans = Sample("w"), new_spans()
    for took_ns in (900, 1_100, 3_000, 10**12):
        add_span(spans, took_ns)
    made.put("ratedip_lookup_seconds", spans, "rate")
    (family,) = text_string_to_metric_families(write_metrics(made).decode())
    buckets = {float(row.labels["le"]): row.value for row in family.samples if row.name.endswith("_bucket")}
    for bound, count in buckets.items():
        assert count == sum(took_ns / 1e9 <= bound for took_ns in (900, 1_100, 3_000, 10**12))
    assert {row.name: row.value for row in family.samples}["ratedip_lookup_seconds_sum"] == (5_000 + 10**12) / 1e9


def test_a_name_cannot_break_out_of_its_label() -> None:
    made = Sample("w")
    made.put("ratedip_cards", 1, 'a"} 1\nfake 2\\')
    (family,) = text_string_to_metric_families(write_metrics(made).decode())
    assert [row.labels["environment"] for row in family.samples] == ['a"} 1\nfake 2\\']


def test_a_sample_is_the_same_after_it_was_written_down() -> None:
    before = full("w")
    assert load_sample(before.dump()) == before
    assert all(family.kind is Kind.GAUGE for family in FAMILIES if family.name not in counters_of(before).series)
