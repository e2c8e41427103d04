"""What a server says of itself is read by others' readers: OpenAPI by its validator, metrics by Prometheus' parser."""

from __future__ import annotations

from openapi_spec_validator import validate
from prometheus_client.parser import text_string_to_metric_families

from convoscope.serving import Limits
from convoscope.serving.metrics import Metrics
from convoscope.serving.openapi import document


def test_the_document_is_openapi() -> None:
    for models, needs_token in ((["flowers"], False), (["flowers", "ants"], True)):
        validate(document(models, Limits(), needs_token))


def test_the_metrics_are_those_that_prometheus_reads() -> None:
    metrics = Metrics()
    metrics.requests.add(model='a "b"\\\n', status="200")
    metrics.requests.add(2, model='a "b"\\\n', status="503")
    for size, seconds in ((3, 0.02), (1, 0.004), (100, 99.5)):
        metrics.batch(size, seconds)
    read = {each.name: each for each in text_string_to_metric_families(metrics.text(7, {"a": "1f"}))}
    found = {each.labels["status"]: each.value for each in read["convoscope_requests"].samples}
    assert found == {"200": 1, "503": 2}
    assert {each.labels["model"] for each in read["convoscope_requests"].samples} == {'a "b"\\\n'}
    values = {(each.name, each.labels.get("le", "")): each.value for each in read["convoscope_batch_images"].samples}
    assert [values["convoscope_batch_images_bucket", bound] for bound in ("1", "2", "4", "64", "+Inf")] == [
        1,
        1,
        2,
        2,
        3,
    ]
    assert values["convoscope_batch_images_sum", ""] == 104
    assert values["convoscope_batch_images_count", ""] == 3
    assert read["convoscope_waiting_images"].samples[0].value == 7
    assert read["convoscope_model_info"].samples[0].labels == {"model": "a", "version": "1f"}
