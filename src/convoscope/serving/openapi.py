"""What a server answers, described for programs: OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convoscope import __version__
from convoscope.serving.settings import Limits

_CLASS = {
    "type": "object",
    "required": ["class", "index", "probability"],
    "properties": {
        "class": {"type": "string"},
        "index": {"type": "integer"},
        "probability": {"type": "number", "minimum": 0, "maximum": 1},
    },
}
_PREDICTION = {
    "type": "object",
    "description": "What one image shows, or why it cannot be read.",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "description": "The image's name, or its number."},
        "classes": {
            "type": "array",
            "items": _CLASS,
            "description": ("The most probable ones first; probabilities are calibrated."),
        },
        "none_of_these": {"type": "boolean", "description": "Whether the image belongs to none of the classes."},
        "score": {"type": "number", "description": "How unlike the training images the image is."},
        "threshold": {"type": "number", "description": "The score above which it belongs to none of the classes."},
        "hint": {"type": "string", "description": "What is unusual about the image."},
        "error": {"type": "string", "description": "Why the image cannot be read."},
    },
}
_ANSWER = {
    "type": "object",
    "required": ["model", "version", "predictions"],
    "properties": {
        "model": {"type": "string"},
        "version": {"type": "string", "description": "The start of the SHA-256 of the model's file."},
        "predictions": {"type": "array", "items": _PREDICTION},
    },
}
_ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
_REFUSALS = {
    "400": "The request is not valid; the message says why.",
    "401": "The token is missing or wrong.",
    "404": "There is no such model.",
    "408": "The request took too long to arrive.",
    "413": "The request has too many bytes or images.",
    "415": "The Content-Type is not supported.",
    "422": "None of the images can be read.",
    "429": "Too many requests per minute: try again after Retry-After seconds.",
    "503": "Too many images are waiting: try again after Retry-After seconds.",
}


def document(models: Sequence[str], limits: Limits, needs_token: bool) -> dict[str, Any]:
    """Return the OpenAPI document of a server.

    Parameters
    ----------
    models : sequence of str
        Their names; the first one answers at ``/predict``.
    limits : Limits
    needs_token : bool
    """
    security: list[dict[str, list[str]]] = [{"token": []}] if needs_token else []
    paths = {
        "/predict": {"post": _predict(f"Classify images with the model {models[0]}", [], limits, security)},
        "/predict/{model}": {"post": _predict("Classify images with a model", [_model(models)], limits, security)},
        "/models": {"get": _plain("List the models, their classes and versions", "application/json", security)},
        "/health": {"get": _plain("Report that the server is alive", "application/json", [])},
        "/ready": {
            "get": _plain("Report whether the server accepts requests; 503 during shutdown", "application/json", [])
        },
        "/metrics": {"get": _plain("Metrics for Prometheus", "text/plain", security)},
    }
    schemes = {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}} if needs_token else {}
    schemas = {"Answer": _ANSWER, "Error": _ERROR}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Convoscope", "version": __version__, "description": "Image classifiers over HTTP."},
        "paths": paths,
        "components": {"schemas": schemas, **schemes},
    }


def _predict(
    summary: str, parameters: list[dict[str, Any]], limits: Limits, security: list[dict[str, list[str]]]
) -> dict[str, Any]:
    top = {
        "name": "top",
        "in": "query",
        "description": "Number of classes to return.",
        "schema": {"type": "integer", "minimum": 1, "default": 5},
    }
    name = {
        "name": "name",
        "in": "query",
        "description": "The name of a single image in the response.",
        "schema": {"type": "string"},
    }
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    text = {"type": "string", "contentEncoding": "base64"}
    named = {"type": "object", "required": ["data"], "properties": {"name": {"type": "string"}, "data": text}}
    many = {"type": "array", "maxItems": limits.max_files, "items": {"anyOf": [text, named]}}
    files = {"type": "array", "maxItems": limits.max_files, "items": file}
    content = {
        "multipart/form-data": {"schema": {"type": "object", "properties": {"file": files}}},
        "application/json": {
            "schema": {
                "oneOf": [
                    {"type": "object", "required": ["image"], "properties": {"image": text}},
                    {"type": "object", "required": ["images"], "properties": {"images": many}},
                ]
            }
        },
        **{kind: {"schema": file} for kind in ("image/jpeg", "image/png", "application/octet-stream")},
    }
    answers: dict[str, Any] = {"200": _response("The results, in the order of the images.", "Answer")}
    for status, words in _REFUSALS.items():
        answers[status] = _response(words, "Answer" if status == "422" else "Error")
    return {
        "summary": summary,
        "description": f"Up to {limits.max_files} images and {limits.max_bytes:,} bytes. Nothing is ever downloaded.",
        "parameters": [*parameters, top, name],
        "requestBody": {"required": True, "content": content},
        "responses": answers,
        "security": security,
    }


def _model(models: Sequence[str]) -> dict[str, Any]:
    return {"name": "model", "in": "path", "required": True, "schema": {"type": "string", "enum": list(models)}}


def _plain(summary: str, kind: str, security: list[dict[str, list[str]]]) -> dict[str, Any]:
    return {
        "summary": summary,
        "responses": {"200": {"description": "Yes.", "content": {kind: {}}}},
        "security": security,
    }


def _response(words: str, schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": words, "content": content}
