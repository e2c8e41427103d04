"""What programs and systems put into a folder of images does not become a class."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from convoscope.datasets.folder.listing import files_below, list_folder
from convoscope.datasets.folder.not_images import FIGURES
from convoscope.errors import DataError

from .test_listing import write

RUN = {"format": "convoscope-run", "version": 1}
MLFLOW_RUN = 32 * "a"


def write_run(folder: Path, config: Any = RUN) -> Path:
    write(folder, "mistakes.png", "confusion.png", "example.png", "history.jsonl", "report.json", "model.safetensors")
    (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write(tmp_path / "photos", "cat/1.png", "dog/1.png")


def check_only_photos(photos: Path, *left_out: str) -> None:
    listing = list_folder(photos)
    assert listing.class_names == ["cat", "dog"]
    assert [entry.name for entry in listing.entries] == ["cat/1.png", "dog/1.png"]
    assert set(listing.left_out) == set(left_out)
    assert listing.skipped == {}
    files, not_read = files_below(photos)
    assert files == [photos / "cat/1.png", photos / "dog/1.png"]
    assert set(not_read) == set(left_out)


@pytest.mark.parametrize("config", [RUN, "{", "[]", 1000 * "["])
@pytest.mark.parametrize("place", ["run1", "runs/photos-fast-1", "runs/old/best", "cat/run1", "wandb"])
def test_runs_are_left_out_wherever_they_are_kept(photos: Path, place: str, config: Any) -> None:
    write_run(photos / place, config)
    write(photos / place, ".hidden.png")
    check_only_photos(photos, place if place.startswith("cat") else place.partition("/")[0])


def test_a_run_without_its_settings_is_known_by_its_files(photos: Path) -> None:
    (write_run(photos / "run1") / "config.json").unlink()
    check_only_photos(photos, "run1")


def test_a_run_without_its_settings_may_have_figures_and_notes_beside_it(photos: Path) -> None:
    run = write_run(photos / "runs" / "1", "{")
    write(run, *(f"{figure}.{kind}" for figure in FIGURES for kind in ("png", "svg")), "notes.txt", "plots/maps.png")
    check_only_photos(photos, "runs")
    write(run, "me.png")
    assert [entry.name for entry in list_folder(photos).entries if entry.label == "runs"].count("runs/1/me.png") == 1


def test_an_experiment_is_left_out_with_its_charts_and_pages(photos: Path) -> None:
    write(photos, "runs/compare-1/accuracy.png", "runs/compare-1/report.html", "runs/notes.md")
    (photos / "runs" / "compare-1" / "experiment.json").write_text('{"format": "convoscope-experiment", "version": 1}')
    write_run(photos / "runs" / "compare-1" / "runs" / "filters=8")
    (photos / "runs" / "failed-1").mkdir()
    check_only_photos(photos, "runs")
    assert list_folder(photos).left_out == {"runs": "Convoscope experiments"}


@pytest.mark.parametrize(
    ("place", "files", "what"),
    [
        ("wandb", ["run-20250101_120000-abc/run-abc.wandb", "run-20250101_120000-abc/files/media/1.png"], "Weights &"),
        ("wandb", ["offline-run-1-abc/run-abc.wandb", "debug.log", "settings"], "Weights &"),
        ("logs", ["train/events.out.tfevents.17.host", "validation/events.out.tfevents.17.host"], "TensorBoard"),
        ("mlruns", [f"1/{MLFLOW_RUN}/artifacts/confusion.png", f"1/models/m-{MLFLOW_RUN}/artifacts/x.png"], "MLflow"),
        ("figures", ["curves.png", "curves.svg", "maps.png", "maps.svg"], "figures"),
        ("compared", ["gap.png", "gap.svg", "report.html", "report.md"], "figures"),
        ("venv", ["pyvenv.cfg", "lib/logo.png"], "Python environment"),
        ("cache", ["flowers-12/34/images.npy", "flowers-12/34/index.json", "flowers-12.lock"], "decoded images"),
        ("@eaDir", ["1.png/SYNOPHOTO_THUMB_M.jpg"], "system files"),
        ("cat/@eaDir", ["1.png/SYNOPHOTO_THUMB_M.jpg"], "system files"),
        ("$RECYCLE.BIN", ["S-1-5-21/$R1.png"], "system files"),
        ("$Recycle.Bin", ["S-1-5-21/$R1.png"], "system files"),
        ("System Volume Information", ["WPSettings.dat"], "system files"),
        ("lost+found", ["#12"], "system files"),
        ("__pycache__", ["labels.cpython-311.pyc"], "system files"),
        ("__MACOSX", ["cat/._1.png"], "system files"),
        ("#recycle", ["1.png"], "system files"),
    ],
)
def test_other_programs_results_and_system_folders_are_left_out(
    photos: Path, place: str, files: list[str], what: str
) -> None:
    write(photos / place, *files)
    check_only_photos(photos, place)
    assert what in list_folder(photos).left_out[place]


def test_the_names_of_all_figures_are_known() -> None:
    from convoscope.experiments import charts
    from convoscope.plots.whole_run import FIGURES as DRAWN

    assert {*DRAWN, *(f"accuracy-{cost}" for cost in charts.COSTS), "gap"} == FIGURES


def test_maps_without_their_drawings_may_be_a_persons_images(photos: Path) -> None:
    write(photos, "maps/maps.png", "maps/gap.png", "maps/gap.svg")
    assert list_folder(photos).class_names == ["cat", "dog", "maps"]


def test_an_mlflow_folder_is_known_by_its_description(photos: Path) -> None:
    write(photos, "mlruns/0/some-run/artifacts/confusion.png")
    (photos / "mlruns" / "0" / "meta.yaml").write_text("experiment_id: '0'\nartifact_location: file:///x\n")
    check_only_photos(photos, "mlruns")


@pytest.mark.parametrize("name", ["runs", "wandb", "mlruns", "logs", "experiments", "venv", "cache", "artifacts"])
def test_a_class_may_have_the_name_of_a_results_folder(photos: Path, name: str) -> None:
    write(photos / name, "1.png", "model.json")
    assert list_folder(photos).class_names == sorted(["cat", "dog", name])
    write_run(photos / name / "photos-fast-1")
    write(photos / name, "run-1/run-1.wandb")
    listing = list_folder(photos)
    assert listing.class_names == sorted(["cat", "dog", name])
    assert [entry.name for entry in listing.entries if entry.label == name] == [f"{name}/1.png", f"{name}/model.json"]
    assert set(listing.left_out) == {f"{name}/photos-fast-1", f"{name}/run-1"}


@pytest.mark.parametrize("file", ["1.png", "1", "IMG.0001", "1.JPG"])
def test_a_folder_with_any_image_beside_runs_stays_a_class(photos: Path, file: str) -> None:
    write_run(photos / "runs" / "photos-fast-1")
    write(photos, f"runs/more/{file}")
    assert [entry.name for entry in list_folder(photos).entries] == ["cat/1.png", "dog/1.png", f"runs/more/{file}"]


def test_another_programs_config_is_no_run(photos: Path) -> None:
    write(photos / "bird", "1.png")
    (photos / "bird" / "config.json").write_text('{"format": "coco"}')
    assert list_folder(photos).class_names == ["bird", "cat", "dog"]


def test_a_runs_own_pictures_are_not_for_predicting(photos: Path) -> None:
    run = write_run(photos / "runs" / "1")
    assert files_below(run) == files_below(run.parent) == ([], {"": "Convoscope runs"})
    trash = write(photos / "@Recycle", "1.png")
    assert files_below(trash) == ([trash / "1.png"], {})


def test_runs_beside_the_parts_change_nothing(tmp_path: Path) -> None:
    write(tmp_path, "train/a/1.png", "train/b/1.png")
    write_run(tmp_path / "runs" / "1")
    listing = list_folder(tmp_path)
    assert [(e.name, e.part) for e in listing.entries] == [("train/a/1.png", "train"), ("train/b/1.png", "train")]
    assert (listing.left_out, listing.skipped) == ({"runs": "Convoscope runs"}, {})
    write_run(tmp_path / "train" / "run1")
    assert list_folder(tmp_path).class_names == ["a", "b"]


def test_a_folder_of_results_alone_says_what_is_in_it(tmp_path: Path) -> None:
    write_run(tmp_path / "runs" / "1")
    with pytest.raises(DataError, match=r"no folder of images .in runs there are Convoscope runs"):
        list_folder(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="there are no such pipes")
def test_a_pipe_in_place_of_a_description_hangs_nothing(photos: Path) -> None:
    (photos / "odd").mkdir()
    for name in ("config.json", "experiment.json", "meta.yaml"):
        os.mkfifo(photos / "odd" / name)
    assert list_folder(photos).class_names == ["cat", "dog", "odd"]
