"""Where the boxes of a network stand: in ranks along the way of the data, without crossings where that can be had.

The usual steps for layered drawings (Sugiyama, Tagawa and Toda, 1981): each box gets a rank, an edge that passes ranks
gets a lane in each of them, boxes and lanes of a rank are put in order, and then moved to where they belong, chains as
a whole.
Along the ranks is *depth*, across them *breadth*: a drawing from left to right only exchanges the two.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

_LANE = 12.0  # the breadth that a passing edge takes
_APART, _LANES_APART = 26.0, 12.0  # between boxes, and beside a lane
_BETWEEN = 34.0  # from rank to rank
_SWEEPS, _ROUNDS = 8, 60


@dataclass(eq=False)
class Item:
    """A box, or a lane that an edge takes past a rank.

    Attributes
    ----------
    breadth, depth : float
        How large it is.
    across, along : float
        Where its centre is: what is found here.
    """

    breadth: float
    depth: float
    rank: int = 0
    is_lane: bool = False
    across: float = 0.0
    along: float = 0.0
    before: list[Link] = field(default_factory=list)
    after: list[Link] = field(default_factory=list)


@dataclass(eq=False)
class Link:
    """A piece of an edge, from one rank to the next."""

    start: Item
    end: Item
    is_shortcut: bool


@dataclass(eq=False)
class Edge:
    """An edge between two boxes, and the lanes that it takes in between."""

    start: Item
    end: Item
    lanes: list[Item] = field(default_factory=list)
    is_shortcut: bool = False


@dataclass
class Layout:
    """Ranks of items in order, and how large the whole is."""

    ranks: list[list[Item]]
    edges: list[Edge]
    breadth: float = 0.0
    depth: float = 0.0


def laid_out(boxes: Sequence[Item], pairs: Sequence[tuple[int, int]]) -> Layout:
    """Give boxes their places.

    Parameters
    ----------
    boxes : sequence of Item
        In an order in which each comes after those that it is reached from.
    pairs : sequence of (int, int)
        The edges, as the numbers of their boxes.
    """
    edges = [Edge(boxes[start], boxes[end]) for start, end in pairs]
    for edge in edges:
        edge.end.rank = max(edge.end.rank, edge.start.rank + 1)
    _mark_shortcuts(boxes, pairs, edges)
    layout = Layout([[] for _ in range(max(box.rank for box in boxes) + 1)], edges)
    for box in boxes:
        layout.ranks[box.rank].append(box)
    # Long ones last, so that they come outside.
    for edge in sorted(edges, key=lambda edge: edge.end.rank - edge.start.rank):
        _link(edge, layout.ranks)
    _put_in_order(layout.ranks)
    _move(layout.ranks)
    _finish(layout)
    return layout


def _mark_shortcuts(boxes: Sequence[Item], pairs: Sequence[tuple[int, int]], edges: Sequence[Edge]) -> None:
    """A shortcut is an edge whose end can be reached from its start in another way too."""
    after: dict[int, list[int]] = {}
    for start, end in pairs:
        after.setdefault(start, []).append(end)
    for (start, end), edge in zip(pairs, edges, strict=True):
        if end == start + 1 or edge.end.rank - edge.start.rank == 1:
            continue
        seen, waiting = set[int](), [other for other in after[start] if other != end]
        while waiting and not edge.is_shortcut:
            number = waiting.pop()
            edge.is_shortcut = number == end
            if number not in seen and boxes[number].rank < edge.end.rank:
                seen.add(number)
                waiting += after.get(number, ())


def _link(edge: Edge, ranks: list[list[Item]]) -> None:
    """Give an edge its lanes, and links from one to the next."""
    edge.lanes = [Item(_LANE, 0.0, rank, is_lane=True) for rank in range(edge.start.rank + 1, edge.end.rank)]
    for lane in edge.lanes:
        ranks[lane.rank].append(lane)
    chain = [edge.start, *edge.lanes, edge.end]
    for start, end in itertools.pairwise(chain):
        link = Link(start, end, edge.is_shortcut)
        start.after.append(link)
        end.before.append(link)


# ---- the order within ranks


def _put_in_order(ranks: list[list[Item]]) -> None:
    """Sort each rank by where its neighbours are, back and forth, and keep the order with the fewest crossings."""
    best, fewest = [list(rank) for rank in ranks], _crossings(ranks)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        for rank in ranks[1:] if down else ranks[-2::-1]:
            places = {id(item): place for other in ranks for place, item in enumerate(other)}
            own = {
                id(item): _mean([places[id(link.start if down else link.end)] for link in links])
                if (links := item.before if down else item.after)
                else float(places[id(item)])
                for item in rank
            }
            rank.sort(key=lambda item: (own[id(item)], item.is_lane))
        if (count := _crossings(ranks)) < fewest:
            best, fewest = [list(rank) for rank in ranks], count
    for rank, order in zip(ranks, best, strict=True):
        rank[:] = order


def _crossings(ranks: Sequence[Sequence[Item]]) -> int:
    count = 0
    for rank, following in itertools.pairwise(ranks):
        places = {id(item): place for place, item in enumerate(following)}
        ends = [[places[id(link.end)] for link in item.after] for item in rank]
        for place, own in enumerate(ends):
            count += sum(a > b for others in ends[place + 1 :] for b in others for a in own)
    return count


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


# ---- coordinates


@dataclass(eq=False)
class _Column:
    """Items that stand exactly below each other: a chain of boxes, or the lanes of an edge."""

    items: list[Item]
    across: float = 0.0


def _move(ranks: Sequence[Sequence[Item]]) -> None:
    """Put chains into straight columns, and these near what they are linked with, as far as others leave room."""
    columns = _columns(ranks)
    of = {id(item): column for column in columns for item in column.items}
    beside = [(of[id(a)], of[id(b)], _distance(a, b)) for rank in ranks for a, b in itertools.pairwise(rank)]
    _begin(columns, beside)
    lefts: dict[int, list[tuple[_Column, float]]] = {id(column): [] for column in columns}
    rights: dict[int, list[tuple[_Column, float]]] = {id(column): [] for column in columns}
    for left, right, distance in beside:
        lefts[id(right)].append((left, distance))
        rights[id(left)].append((right, distance))
    pulls = {id(column): _pulls(column, of) for column in columns}
    for sweep in range(_ROUNDS):
        for column in columns if sweep % 2 else reversed(columns):
            links = pulls[id(column)]
            if not links:
                continue
            wanted = _mean([other.across for other in links])
            low = max((other.across + distance for other, distance in lefts[id(column)]), default=-math.inf)
            high = min((other.across - distance for other, distance in rights[id(column)]), default=math.inf)
            column.across = max(low, min(high, wanted))
    for column in columns:
        for item in column.items:
            item.across = column.across


def _columns(ranks: Sequence[Sequence[Item]]) -> list[_Column]:
    """Join items with the one before them where nothing else leads there, and no other join is crossed."""
    of: dict[int, _Column] = {}
    columns = []
    for number, rank in enumerate(ranks):
        above = {id(item): place for place, item in enumerate(ranks[number - 1])} if number else {}
        last = -1
        for item in rank:
            joined = _joined(item)
            if joined is not None and above[id(joined)] > last:
                last = above[id(joined)]
                of[id(joined)].items.append(item)
                of[id(item)] = of[id(joined)]
            else:
                of[id(item)] = _Column([item])
                columns.append(of[id(item)])
    return columns


def _joined(item: Item) -> Item | None:
    """Return the item before that this one is to stand exactly below."""
    before = [link for link in item.before if item.is_lane or not link.is_shortcut]
    if len(before) != 1:
        return None
    start = before[0].start
    if item.is_lane and start.is_lane:
        return start
    after = [link for link in start.after if not link.is_shortcut]
    return start if len(after) == 1 and not before[0].is_shortcut else None


def _pulls(column: _Column, of: dict[int, _Column]) -> list[_Column]:
    """Return the columns that a column wants to be near; a shortcut moves no boxes."""
    is_lane = all(item.is_lane for item in column.items)
    found = []
    for item in column.items:
        found += [of[id(link.start)] for link in item.before if is_lane or not link.is_shortcut]
        found += [of[id(link.end)] for link in item.after if is_lane or not link.is_shortcut]
    return [other for other in found if other is not column]


def _begin(columns: Sequence[_Column], beside: Sequence[tuple[_Column, _Column, float]]) -> None:
    """Put columns in the middle between as far left and as far right as they can be: both have all room, so it has."""
    left, right = ({id(column): 0.0 for column in columns} for _ in range(2))
    for _ in columns:
        before = dict(left), dict(right)
        for one, other, distance in beside:
            left[id(other)] = max(left[id(other)], left[id(one)] + distance)
            right[id(one)] = min(right[id(one)], right[id(other)] - distance)
        if (left, right) == before:
            break
    for column in columns:
        column.across = (left[id(column)] + right[id(column)]) / 2


def _distance(first: Item, second: Item) -> float:
    """Return how far the centres of two neighbours must be from each other."""
    apart = _LANES_APART if first.is_lane or second.is_lane else _APART
    return (first.breadth + second.breadth) / 2 + apart


def _finish(layout: Layout) -> None:
    """Stack the ranks, and move everything to begin at 0."""
    items = [item for rank in layout.ranks for item in rank]
    left = min(item.across - item.breadth / 2 for item in items)
    for item in items:
        item.across -= left
    layout.breadth = max(item.across + item.breadth / 2 for item in items)
    along, begun = 0.0, False
    for rank in layout.ranks:
        # Where edges go far to the side, they get more room to bend.
        far = max((abs(link.start.across - link.end.across) for item in rank for link in item.before), default=0.0)
        along += min(_BETWEEN + far * 0.1, 2 * _BETWEEN) if begun else 0.0
        deepest = max(item.depth for item in rank)
        for item in rank:
            item.along = along + deepest / 2
            item.depth = deepest if item.is_lane else item.depth
        along += deepest
        begun = True
    layout.depth = along
