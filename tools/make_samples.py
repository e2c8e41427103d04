"""Draw the two images that come with the filter lab: ``python tools/make_samples.py``.

The photograph is a scene whose rays are traced here, so that it is nobody's but ours: edges of every direction,
texture (bricks, wood), smooth shading, colour, soft shadows and reflections. The drawing is a house in strokes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

FOLDER = Path(__file__).parent.parent / "src" / "convoscope" / "filters" / "samples"
SIZE, RAYS = 512, 16
EYE, LIGHT, LIGHT_SIZE = np.array([0.0, 1.7, -6.0]), np.array([-3.2, 5.5, -3.0]), 0.7
WALL, FAR = 2.6, 1e9

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ball:
    """A ball: where it is, and how much it mirrors."""

    centre: tuple[float, float, float]
    radius: float
    mirror: float
    stripes: bool
    colour: tuple[float, float, float]


BALLS = (
    Ball((-1.45, 0.95, 0.3), 0.95, 0.06, False, (0.86, 0.12, 0.10)),
    Ball((0.75, 0.75, -0.5), 0.75, 0.05, True, (0.10, 0.28, 0.72)),
    Ball((1.95, 1.1, 1.1), 1.1, 0.6, False, (0.95, 0.70, 0.25)),
    Ball((-0.35, 0.3, -1.7), 0.3, 0.08, False, (0.12, 0.62, 0.25)),
)


def normalized(vectors: Array) -> Array:
    """Give vectors the length 1."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def noise(x: Array, y: Array, seed: int) -> Array:
    """Return smooth noise from -1 to 1: random numbers at whole places, and a blend between."""
    table = np.random.default_rng(seed).uniform(-1, 1, (64, 64))
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    u, v = x - column, y - row
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)

    def at(right: int, down: int) -> Array:
        return np.asarray(table[(row + down) % 64, (column + right) % 64])

    return np.asarray((at(0, 0) * (1 - u) + at(1, 0) * u) * (1 - v) + (at(0, 1) * (1 - u) + at(1, 1) * u) * v)


def bricks(x: Array, y: Array) -> Array:
    """Colour a wall: courses of bricks, each of its own red, with mortar between."""
    row = np.floor(y / 0.34)
    along = x / 0.92 + 0.5 * (row % 2)
    own = noise(np.floor(along) * 7.3 + 0.5, row * 5.1 + 0.5, 1)
    grain = 0.10 * noise(x * 13, y * 13, 2) + 0.06 * noise(x * 31, y * 31, 3)
    edge = np.minimum(np.minimum(along % 1, 1 - along % 1) * 0.92, np.minimum(y % 0.34, 0.34 - y % 0.34))
    mortar = np.clip((0.030 - edge) / 0.012, 0, 1)[..., None]
    brick = np.array([0.60, 0.27, 0.19]) * (1 + 0.22 * own + grain)[..., None]
    return brick * (1 - mortar) + np.array([0.70, 0.67, 0.61]) * (1 + grain)[..., None] * mortar


def planks(x: Array, z: Array) -> Array:
    """Colour a floor: planks that run away from the eye, with their grain and the gaps between them."""
    plank = np.floor(x / 0.62)
    own = noise(plank * 3.7 + 0.5, plank * 1.9 + 0.5, 4)
    rings = np.sin(24 * (x + 0.20 * noise(x * 1.3 + 9 * own, z * 0.55, 5)) + 5 * own)
    grain = 0.07 * rings + 0.06 * noise(x * 40, z * 2.2, 6)
    gap = np.clip((0.014 - np.minimum(x % 0.62, 0.62 - x % 0.62)) / 0.008, 0, 1)
    return np.asarray(np.array([0.66, 0.47, 0.28]) * ((1 + 0.14 * own + grain) * (1 - 0.75 * gap))[..., None])


def ball_colour(ball: Ball, points: Array) -> Array:
    """Colour a ball: evenly, or in stripes that are slanted."""
    base = np.broadcast_to(np.array(ball.colour), points.shape)
    if not ball.stripes:
        return np.asarray(base)
    local = (points - np.array(ball.centre)) / ball.radius
    slant = 0.80 * local[..., 1] + 0.45 * local[..., 0] - 0.40 * local[..., 2]
    white = np.clip(0.5 + 12 * np.sin(slant * 11) / 2, 0, 1)[..., None]
    return np.asarray(base * (1 - white) + np.array([0.93, 0.92, 0.88]) * white)


def nearest(origins: Array, rays: Array) -> tuple[Array, npt.NDArray[np.intp]]:
    """Return how far rays go, and what they meet: a ball's number, then the floor, the wall, or nothing (-1)."""
    far = np.full(rays.shape[:-1], FAR)
    what = np.full(rays.shape[:-1], -1)
    candidates = []
    for ball in BALLS:
        to = origins - np.array(ball.centre)
        half = (to * rays).sum(-1)
        inside = half**2 - (to * to).sum(-1) + ball.radius**2
        distance = -half - np.sqrt(np.maximum(inside, 0))
        candidates.append(np.where((inside > 0) & (distance > 1e-4), distance, FAR))
    for axis, place in ((1, 0.0), (2, WALL)):
        slope = np.where(np.abs(rays[..., axis]) < 1e-9, 1e-9, rays[..., axis])
        distance = (place - origins[..., axis]) / slope
        candidates.append(np.where(distance > 1e-4, distance, FAR))
    for number, distance in enumerate(candidates):
        closer = distance < far
        far, what = np.where(closer, distance, far), np.where(closer, number, what)
    return far, what


def light_from(origins: Array, rays: Array, lamp: Array, bounces: int) -> Array:
    """Return the colours that come along rays, (..., 3), in linear light."""
    far, what = nearest(origins, rays)
    points = origins + rays * np.minimum(far, 1e4)[..., None]
    colours, normals = np.zeros(points.shape), np.zeros(points.shape)
    mirror, shine = np.zeros(far.shape), np.zeros(far.shape)
    for number, ball in enumerate(BALLS):
        here = what == number
        colours[here] = ball_colour(ball, points[here])
        normals[here] = (points[here] - np.array(ball.centre)) / ball.radius
        mirror[here], shine[here] = ball.mirror, 0.6
    floor, wall = what == len(BALLS), what == len(BALLS) + 1
    colours[floor], normals[floor], mirror[floor] = planks(points[floor][:, 0], points[floor][:, 2]), (0, 1, 0), 0.07
    colours[wall], normals[wall] = bricks(points[wall][:, 0], points[wall][:, 1]), (0, 0, -1)

    to_lamp = lamp - points
    distance = np.linalg.norm(to_lamp, axis=-1)
    to_lamp /= distance[..., None]
    blocked, _ = nearest(points + normals * 1e-3, to_lamp)
    lit = (blocked >= distance) * np.maximum((normals * to_lamp).sum(-1), 0) * 34 / distance**2
    ambient = 0.16 + 0.10 * normals[..., 1]
    result = colours * (lit + ambient)[..., None] * np.array([1.0, 0.97, 0.90])
    halfway = normalized(to_lamp - rays)
    result += ((blocked >= distance) * shine * np.maximum((normals * halfway).sum(-1), 0) ** 90)[..., None]
    result[what < 0] = (0.62, 0.66, 0.72)  # behind the camera: a bright room
    reflecting = mirror > 0
    if bounces and reflecting.any():
        normal, ray = normals[reflecting], rays[reflecting]
        along = (ray * normal).sum(-1, keepdims=True)
        share = mirror[reflecting] + (1 - mirror[reflecting]) * 0.5 * (1 + along[:, 0]) ** 5  # Schlick's, halved
        seen = light_from(points[reflecting] + normal * 1e-3, ray - 2 * along * normal, lamp[reflecting], bounces - 1)
        tint = np.where((what[reflecting] == 2)[:, None], np.array(BALLS[2].colour), 1.0)
        result[reflecting] += seen * tint * share[:, None] - result[reflecting] * share[:, None]
    return np.asarray(result)


def photograph() -> Image.Image:
    """Trace the scene."""
    random = np.random.default_rng(0)
    total = np.zeros((SIZE, SIZE, 3))
    side = int(RAYS**0.5)
    for number in range(RAYS):
        down, right = divmod(number, side)
        jitter = random.uniform(0, 1, (2, SIZE, SIZE))
        x = (np.arange(SIZE)[None, :] + (right + jitter[0]) / side) / SIZE * 2 - 1
        y = 1 - (np.arange(SIZE)[:, None] + (down + jitter[1]) / side) / SIZE * 2
        rays = normalized(np.stack([x * 0.50, y * 0.50 - 0.10, np.ones_like(x)], -1))
        lamp = LIGHT + random.uniform(-LIGHT_SIZE, LIGHT_SIZE, (SIZE, SIZE, 3))
        total += np.minimum(light_from(np.broadcast_to(EYE, rays.shape), rays, lamp, 2), 4)
    linear = total / RAYS
    linear = np.maximum(linear + 0.35 * (linear - linear.mean(axis=2, keepdims=True)), 0)  # as colour film does
    exposed = 1 - np.exp(-1.25 * linear)  # film's shoulder: bright places fade to white without a rim
    return Image.fromarray(np.rint(255 * np.clip(exposed, 0, 1) ** (1 / 2.2)).astype(np.uint8))


def drawing() -> Image.Image:
    """Draw a house: upright, level and slanted strokes, a round sun, and smoke."""
    image = Image.new("L", (32, 32), 0)
    pen = ImageDraw.Draw(image)
    pen.line([(6, 15), (6, 28)], fill=255)
    pen.line([(22, 15), (22, 28)], fill=255)
    pen.line([(2, 28), (29, 28)], fill=255)
    pen.line([(4, 16), (14, 6)], fill=255)
    pen.line([(14, 6), (24, 16)], fill=255)
    pen.line([(6, 15), (22, 15)], fill=160)
    pen.rectangle([9, 19, 12, 28], outline=200)
    pen.rectangle([15, 19, 19, 23], outline=200)
    pen.line([(17, 19), (17, 23)], fill=200)
    pen.line([(15, 21), (19, 21)], fill=200)
    pen.line([(19, 10), (19, 5)], fill=255)
    pen.line([(21, 12), (21, 5)], fill=255)
    pen.line([(19, 5), (21, 5)], fill=255)
    pen.ellipse([25, 2, 29, 6], fill=255)
    pen.point([(20, 3), (21, 2), (20, 1), (19, 0)], fill=96)
    return image


def main() -> None:
    """Draw both, into the package."""
    for name, image in (("photograph", photograph()), ("drawing", drawing())):
        image.save(FOLDER / f"{name}.png", optimize=True)
        print(f"{name}.png: {image.width}×{image.height}, {(FOLDER / f'{name}.png').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
