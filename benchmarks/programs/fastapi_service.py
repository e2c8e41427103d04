"""A plain service of an ONNX file, as one writes it with FastAPI and ONNX Runtime: a peer, and no part of the product.

``uvicorn benchmarks.programs.fastapi_service:app``; MODEL_FILE, MODEL_CLASSES, MODEL_THREADS are in the environment.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import onnxruntime
from fastapi import FastAPI, UploadFile
from PIL import Image, ImageOps

SIDE = 224
CLASSES = os.environ["MODEL_CLASSES"].split(",")

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(os.environ["MODEL_THREADS"])
session = onnxruntime.InferenceSession(os.environ["MODEL_FILE"], options, providers=["CPUExecutionProvider"])
name = session.get_inputs()[0].name
app = FastAPI()


def prepared(image: Image.Image) -> Any:
    """Scale an image until its shorter side has 224 pixels, and cut out the middle, (1, 224, 224, 3)."""
    image = ImageOps.exif_transpose(image).convert("RGB")
    scale = SIDE / min(image.size)
    sides = [max(SIDE, int(side * scale)) for side in image.size]
    left, top = (round((side - SIDE) / 2) for side in sides)
    across, down = image.width / sides[0], image.height / sides[1]
    box = (left * across, top * down, (left + SIDE) * across, (top + SIDE) * down)
    right, bottom = min(box[2], image.width), min(box[3], image.height)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, (*box[:2], right, bottom)))[None]


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/predict")
def predict(file: UploadFile, top: int = 5) -> dict[str, Any]:
    probabilities = session.run(None, {name: prepared(Image.open(file.file))})[0][0]
    best = (-probabilities).argsort()[:top]
    found = [
        {"class": CLASSES[index], "index": int(index), "probability": float(probabilities[index])} for index in best
    ]
    return {"predictions": [{"file": file.filename, "classes": found}]}
