"""A model that is replaced while it is asked, and a server that ends while it is asked: nothing is lost or mixed."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from convoscope.models import load_model
from convoscope.serving import Client, ServingError

from .conftest import PATIENCE, make_model, photo, serving


def test_requests_are_answered_by_the_old_or_the_new_model(model_file: Path, tmp_path: Path) -> None:
    path, other = tmp_path / "insects.safetensors", tmp_path / "other.safetensors"
    shutil.copy(model_file, path)
    make_model(2).save(other)
    contents = [path.read_bytes(), other.read_bytes()]
    images = [photo(seed) for seed in range(3)]
    expected = [[each.told()["classes"] for each in load_model(file).predict_images(images)] for file in (path, other)]
    log, answered, going = io.StringIO(), Counter[int](), True
    with serving(path, log=log) as server:

        def asking() -> None:
            with Client(server.address) as client:
                while going:
                    found = [each["classes"] for each in client.predict(images)]
                    answered[expected.index(found)] += 1  # of one model, and whole

        threads = [threading.Thread(target=asking) for _ in range(3)]
        for thread in threads:
            thread.start()
        for turn in range(6):
            beside = tmp_path / "beside"
            beside.write_bytes(contents[(turn + 1) % 2])
            os.replace(beside, path)
            server.refresh()
            while sum(answered.values()) <= 3 * turn:
                time.sleep(0.005)
        going = False
        for thread in threads:
            thread.join()
        path.write_bytes(contents[1][:1_000])  # not a model: what was loaded goes on answering
        server.refresh()
        server.refresh()
        path.unlink()
        server.refresh()
        assert [each["classes"] for each in Client(server.address).predict(images)] == expected[0]
    assert len(answered) == 2
    events = Counter(json.loads(line)["event"] for line in log.getvalue().splitlines())
    assert (events["replaced"], events["not replaced"]) == (6, 1)


def test_drained_it_answers_what_was_accepted_and_takes_nothing_new(model_file: Path) -> None:
    content, answers = photo(1), []
    with serving(model_file) as server:
        classifier = server.models["insects"].current.classifier
        predict, begun, go_on = classifier.predict, threading.Event(), threading.Event()

        def slow(images: list[object], top: int) -> object:
            begun.set()
            go_on.wait(PATIENCE)
            return predict(images, top)  # type: ignore[arg-type]

        classifier.predict = slow  # type: ignore[method-assign, assignment]
        askers = [threading.Thread(target=lambda: answers.append(Client(server.address).predict(content)))]
        askers[0].start()
        begun.wait(PATIENCE)
        ending = threading.Thread(target=server.drain)
        ending.start()
        time.sleep(0.4)
        with pytest.raises(ServingError):
            Client(server.address).predict(content)
        assert not answers
        go_on.set()
        ending.join(PATIENCE)
        askers[0].join(PATIENCE)
    assert len(answers) == 1
    assert answers[0]["classes"]


def test_sigterm_under_load_loses_no_accepted_request(model_file: Path) -> None:
    command = [sys.executable, "-m", "convoscope", "serve", str(model_file), "--port", "0", "--drain", "20"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    asked, answered, refused = Counter[str](), Counter[str](), Counter[str]()
    content = photo(1, "JPEG", (500, 375))

    def asking(name: str) -> None:
        client = Client(ready["address"], retries=0)
        while True:
            asked[name] += 1
            try:
                client.predict(content)
            except ServingError as error:
                refused[str(error)] += 1
                return
            answered[name] += 1

    threads = [threading.Thread(target=asking, args=(str(number),)) for number in range(6)]
    for thread in threads:
        thread.start()
    while sum(answered.values()) < 30:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join(PATIENCE)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "Traceback" not in err
    # Each client's last request found nobody to take it. All that was read was answered.
    assert sum(refused.values()) == len(threads)
    assert all(asked[name] == answered[name] + 1 for name in asked)
    events = Counter(json.loads(line)["event"] for line in out.splitlines())
    assert events["request"] == sum(answered.values())
    assert events["ended"] == 1
