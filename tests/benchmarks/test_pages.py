"""Tables and plots, against results made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import page, plot
from benchmarks.parts import PARTS
from benchmarks.results import Result, Spread

MACHINE = {
    "processor": "Abacus 9",
    "cores": 2,
    "memory_gib": 0.5,
    "system": "Wood x1",
    "python": "3.10",
    "commit": "abc",
}


def result(part: str, samples: list[dict[str, Any]]) -> Result:
    settings = {"rounds": 3, "threads": 2, "quick": False}
    numbered = [{"round": index, "load": index / 4, **sample} for index, sample in enumerate(samples, start=1)]
    return Result(part, "2026-01-01 00:00 UTC", MACHINE, settings, numbered)


def lines(text: str, beginning: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(beginning)]


def test_the_lesson_gives_medians_spreads_ratios_and_the_time_at_the_peak() -> None:
    own = [{"row": "batch 32", "peer": "Convoscope", "seconds": value, "peak_mib": 100.0} for value in (1.0, 4.0, 2.0)]
    keras = [{"row": "batch 32", "peer": "Keras/TensorFlow", "seconds": 20.0, "accuracy": 0.875}]
    absent = [{"row": "batch 32", "peer": "PyTorch float32", "failed": "not installed"}]
    # 29,557,248 operations an image, counted by hand, times 60,000 images: 4 s at this peak.
    peak = [{"row": "peak", "peer": "dense, at the peak", "flops": 29_557_248 * 60_000 / 4}]
    made = result("epoch", own + keras + absent + peak)
    section = PARTS["epoch"].section(made)
    assert lines(section.text, "| Convoscope") == ["| Convoscope, batch 32 | 2.00 (1.00–4.00) |  | 100 | – |"]
    assert lines(section.text, "| Keras") == ["| Keras/TensorFlow, batch 32 | 20.0 (20.0–20.0) | 10.0× | – | 87.5 |"]
    assert lines(section.text, "| PyTorch") == ["| PyTorch float32, batch 32 | – | – | – | – |"]
    assert lines(section.text, "| dense") == ["| dense, at the peak, batch 32 | 4.00 (4.00–4.00) | 2.00× |  |  |"]


def test_time_to_accuracy_has_all_seeds_and_counts_those_that_reach_it() -> None:
    row = {"row": "fashion-mnist, 91.0 %", "peer": "Convoscope", "epochs": 2.5, "target": 0.91}
    samples = [
        {**row, "training": 2.0, "whole": 2.5, "accuracy": 0.91},
        {**row, "training": 4.0, "whole": 4.5, "accuracy": 0.915},
        {**row, "training": 3.0, "whole": 3.5, "accuracy": 0.9099},
        {"row": "fashion-mnist, 93.0 %", "peer": "Convoscope", "failed": "no compiler"},
        {"row": "fashion-mnist, 91.0 %", "peer": "PyTorch", "training": 21.0, "accuracy": 0.92},
    ]
    text = PARTS["accuracy"].section(result("accuracy", samples)).text
    assert lines(text, "| fashion-mnist") == [
        "| fashion-mnist, 91.0 % | 2.5 | 3.00 (2.00–4.00) | 3.50 (2.50–4.50) | 91.00 (90.99–91.50) | 2 of 3 "
        "| 21.0 (21.0–21.0) | 92.00 (92.00–92.00) | 7.00× |",
        "| fashion-mnist, 93.0 % | – | – | – | – | 0 of 0 | – | – | – |",
    ]


def test_bfloat16_is_compared_seed_by_seed() -> None:
    samples = [
        {"row": "mnist", "peer": peer, "training": seconds, "accuracy": accuracy, "unit": unit}
        for peer, seconds, unit, accuracies in (
            ("Convoscope", 4.0, None, (0.99, 0.992)),
            ("Convoscope, bf16", 2.0, "AMX", (0.991, 0.990)),
        )
        for accuracy in accuracies
    ]
    text = PARTS["bf16"].section(result("bf16", samples)).text
    assert lines(text, "| mnist") == [
        "| mnist | 99.10 (99.00–99.20) | 99.05 (99.00–99.10) | −0.050 ± 0.150 | 4.00 (4.00–4.00) | 2.00 (2.00–2.00) "
        "| 2.00× |"
    ]
    assert "Multiplied by: AMX." in text


def test_layers_in_bfloat16_are_set_against_those_in_float32() -> None:
    samples = [
        {"row": "lesson, batch 32", "peer": peer, "forward": forward, "step": 3 * forward, "unit": "AMX"}
        for peer, forward in (("Convoscope", 3e-6), ("Convoscope, bf16", 2e-6))
    ]
    text = PARTS["bf16-layers"].section(result("bf16-layers", samples)).text
    assert lines(text, "| lesson") == [
        "| lesson, batch 32 | 3.00 (3.00–3.00) | 2.00 (2.00–2.00) | 1.50× "
        "| 9.00 (9.00–9.00) | 6.00 (6.00–6.00) | 1.50× |"
    ]


def test_the_highest_accuracy_says_how_many_minutes_it_took_and_how_many_seeds() -> None:
    samples = [
        {"row": "mnist", "peer": "Convoscope", "training": seconds, "accuracy": accuracy}
        for seconds, accuracy in ((480.0, 0.9965), (500.0, 0.9967))
    ]
    text = PARTS["best"].section(result("best", samples)).text
    assert lines(text, "| mnist") == ["| mnist | 99.66 (99.65–99.67) | 490 (480–500) | 2 |"]


def test_the_sweep_names_the_rows_that_are_slower_first_and_takes_pytorchs_better_layout() -> None:
    def samples(row: str, own: float, last: float, first: float) -> list[dict[str, Any]]:
        peers = {"Convoscope": own, "PyTorch channels_last": last, "PyTorch channels first": first}
        return [{"row": row, "peer": peer, "forward": value, "step": 2e-3} for peer, value in peers.items()]

    made = result("sweep", samples("won", 1e-3, 9e-3, 3e-3) + samples("lost", 4e-3, 2e-3, 8e-3))
    text = PARTS["sweep"].section(made).text
    slower, everything = text.split("### Slower than PyTorch")[1].split("### All rows")
    lost = (
        "| lost | **slower** | 4,000 (4,000–4,000) | 2,000 (2,000–2,000) | 0.50 | "
        "2,000 (2,000–2,000) | 2,000 (2,000–2,000) | 1.00 |"
    )
    assert lines(slower, "| lost") == [lost]
    assert not lines(slower, "| won")
    assert [line.split(" | ")[0] for line in everything.splitlines() if " | " in line][1:] == ["| lost", "| won"]
    assert "forward: 1 of 2 slower than PyTorch, geometric mean of the ratios 1.22×" in text  # √(3 × ½)


def test_the_sweep_sets_rows_without_a_training_step_beside_onnx_runtime_with_all_threads_and_with_one() -> None:
    times = {"Convoscope": 1e-3, "PyTorch channels_last": 3e-3, "PyTorch channels first": 4e-3, "ONNX Runtime": 2e-3}
    times |= {"ONNX Runtime, one thread": 3e-3, "Convoscope, one thread": 2e-3}
    samples = [{"row": "large", "peer": peer, "forward": value} for peer, value in times.items()]
    samples += [{"row": "small", "peer": "Convoscope", "forward": 1e-3, "step": 1e-3}]
    everything, beside = PARTS["sweep"].section(result("sweep", samples)).text.split("### Beside ONNX Runtime")
    assert "| 3,000 (3,000–3,000) | 3.00 | – | – | – |" in lines(everything, "| large")[0]
    assert lines(beside, "| large") == [
        "| large | 1,000 (1,000–1,000) | 2,000 (2,000–2,000) | 2.00× |",
        "| large, one thread | 2,000 (2,000–2,000) | 3,000 (3,000–3,000) | 1.50× |",
    ]
    assert not lines(beside, "| small")


@pytest.mark.parametrize(("part", "row"), [("inference", "batch 1"), ("startup", "import")])
def test_predictions_and_cold_starts_are_set_against_ours(part: str, row: str) -> None:
    samples = [
        {"row": row, "peer": peer, "seconds": seconds, "peak_mib": 50.0}
        for peer, seconds in (("Convoscope", 0.25), ("ONNX Runtime", 0.5))
    ]
    text = PARTS[part].section(result(part, samples)).text
    assert "| 2.00× |" in next(line for line in text.splitlines() if line.startswith("|") and "ONNX" in line)


def test_a_part_without_any_sample_of_a_peer_still_makes_a_page(tmp_path: Path) -> None:
    failed = {
        "epoch": "batch 32",
        "accuracy": "mnist, 99.0 %",
        "best": "mnist",
        "bf16": "mnist",
        "bf16-layers": "lesson, batch 32",
        "sweep": "lesson, batch 32",
        "errors": "lesson, batch 32",
        "inference": "batch 1",
        "startup": "import",
    }
    sections = []
    for name, row in failed.items():
        made = result(name, [{"row": row, "peer": "Convoscope", "failed": "no compiler"}])
        sections.append((PARTS[name].title, made, PARTS[name].section(made)))
    page.write_page(tmp_path / "benchmarks.md", tmp_path / "results", sections)
    text = (tmp_path / "benchmarks.md").read_text()
    assert text.count(", Convoscope: no compiler") == 9
    assert "Abacus 9, 2 cores, 0.5 GiB" in text
    assert "load average 0.25 to 0.25" in text
    for picture in (tmp_path / "images").iterdir():
        ElementTree.parse(picture)


def test_outputs_that_differ_between_peers_are_told() -> None:
    same = [{"row": "same", "peer": peer, "outputs": [0.5, value]} for peer, value in (("one", 0.25), ("two", 0.25001))]
    other = [{"row": "other", "peer": peer, "outputs": [0.5, value]} for peer, value in (("one", 0.25), ("two", 0.26))]
    assert result("inference", same + other).disagreements() == ["other"]


def test_a_page_says_how_busy_other_programs_were() -> None:
    samples = [{"row": "import", "peer": "Convoscope", "seconds": 1.0, "others": share} for share in (0.0, 0.02, 0.5)]
    assert "other programs took 2% of the cores, at most 50%" in page.provenance(result("startup", samples))


def test_a_result_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    made = result("inference", [{"row": "batch 1", "peer": "Convoscope", "seconds": 0.1, "versions": {"numpy": "2"}}])
    assert Result.load(made.save(tmp_path)) == made
    assert made.versions() == {"numpy": "2"}
    assert list(tmp_path.iterdir()) == [tmp_path / "inference.json"]


def test_a_table_keeps_what_the_page_needs_of_the_samples(tmp_path: Path) -> None:
    peers = {"Convoscope": 1.23456e-4, "PyTorch channels_last": 2e-4, "PyTorch channels first": 3e-4}
    samples = [
        {"row": row, "peer": peer, "forward": scale * value, "step": 0.5, "outputs": [value], "versions": {peer: "2"}}
        for row in ("one", "two")
        for scale in (1.0, 1.5, 0.5)
        for peer, value in peers.items()
    ]
    samples.append({"row": "three", "peer": "Convoscope", "failed": "no memory"})
    part = PARTS["sweep"]
    whole = result("sweep", samples)
    kept = Result.load(whole.save(tmp_path, part.keeps))
    assert "outputs" not in (tmp_path / "sweep.json").read_text(encoding="utf-8").replace("disagreements", "")
    pages = []
    for number, each in enumerate((whole, kept)):
        page.write_page(tmp_path / f"{number}.md", tmp_path, [(part.title, each, part.section(each))])
        pages.append((tmp_path / f"{number}.md").read_text(encoding="utf-8"))
    assert pages[0] == pages[1]
    assert "the outputs of the peers differ" in pages[1]
    assert "three, Convoscope: no memory" in pages[1]


def test_bars_are_as_long_as_their_values() -> None:
    groups = [plot.Group("a < b", [plot.Bar("one", Spread(1, 1, 1)), plot.Bar("two", Spread(2, 1, 4))])]
    root = ElementTree.fromstring(plot.bars("Title & more", "seconds", groups, line=2.0))
    space = {"svg": "http://www.w3.org/2000/svg"}
    drawn = [rectangle for rectangle in root.findall("svg:rect", space) if rectangle.get("height") == "14"]
    widths = [float(rectangle.get("width", "")) for rectangle in drawn]
    assert widths[1] == pytest.approx(2 * widths[0])
    texts = [text.text for text in root.findall("svg:text", space)]
    assert "a < b" in texts
    assert "Title & more" in texts
    assert "two" in texts
    (marked,) = (line for line in root.findall("svg:line", space) if line.get("stroke-dasharray"))
    assert float(marked.get("x1", "")) == pytest.approx(float(drawn[1].get("x", "")) + widths[1])


@pytest.mark.parametrize(
    ("value", "text"), [(0.0123, "0.01"), (0.5, "0.50"), (1.234, "1.23"), (12.34, "12.3"), (12345.6, "12,346")]
)
def test_numbers_are_written_with_three_digits(value: float, text: str) -> None:
    assert page.number(value) == text


def test_the_profile_has_each_part_beside_its_least_and_one_number_for_all() -> None:
    layer = ("convolution, relu, max pooling", 6.0, 3.0), ("dense, relu", 1.2, 1.2)
    around = {"reading": 0.6, "preparing": 0.6, "scoring": 0.6, "clearing": 0.6, "updating": 1.2}
    own = {
        "row": "1 thread",
        "peer": "Convoscope",
        "seconds": 30.0,
        "around": around,
        "steps": [("rescaling", 0.6, 0.0), layer[0], layer[0], layer[1], layer[1]],
        "live": [0.5, 0.5, 0.5],
        "copying": 1e10,
        "weights": 243_786,
    }
    # 16 multiply-adds of 8 lanes a nanosecond, at 2 GHz: half a cycle each.
    peak = {"row": "1 thread", "peer": "dense, at the peak", "flops": 64e9, "lanes": 8, "hertz": 2e9}
    text = PARTS["profile"].section(result("profile", [own, peak])).text
    # 1,048,576 products take 32.768 µs at the peak; 6 s for 60,000 images are 100 µs.
    assert lines(text, "| convolution 2, forward") == [
        "| convolution 2, forward | 100 | 20.0% | 1,048,576 | 1.53 | 32.8 | 3.05 |"
    ]
    assert lines(text, "| scaling") == ["| scaling the images, softmax | 10.0 | 2.0% |  |  |  |  |"]
    # Adam: 7 × 4 bytes of 243,786 weights, for a batch of 32 images.
    assert lines(text, "| adding up") == ["| adding up gradients, Adam | 20.0 | 4.0% |  |  | 21.3 | 0.94 |"]
    least = 389_376 + 48_672 + 1_048_576 + 921_600 + 204_800 + 204_800 + 1_280 + 2_560
    assert f"**{500 / (least / 32e3 + 21.331275):.2f} times the least**" in text
