"""Functions that the written source holds where it needs them: what PyTorch does not compute as Keras does."""

from __future__ import annotations

#: Each function's text by its name, and the functions that it calls.
HELPERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "pad_same": (
        '''
def pad_same(x, kernel_size, stride, dilation=(1, 1), value=0.0):
    """Pad images so that a window begins at every stride: where the padding is odd, the end gets one more."""
    sides = []
    for length, kernel, step, apart in zip(x.shape[2:], kernel_size, stride, dilation):
        total = max((-(-length // step) - 1) * step + apart * (kernel - 1) + 1 - length, 0)
        sides = [total // 2, total - total // 2, *sides]
    return F.pad(x, sides, value=value)
''',
        (),
    ),
    "average_pool_same": (
        '''
def average_pool_same(x, kernel_size, stride):
    """Take the mean of each window; what is padded does not count."""
    sums = F.avg_pool2d(pad_same(x, kernel_size, stride), kernel_size, stride)
    return sums / F.avg_pool2d(pad_same(x.new_ones(1, 1, *x.shape[2:]), kernel_size, stride), kernel_size, stride)
''',
        ("pad_same",),
    ),
    "rectify": (
        '''
def rectify(x, most, slope, threshold):
    """Keep values from a threshold up to a bound; below it, a share of what is missing to it."""
    kept = torch.where(x >= threshold, x, slope * (x - threshold))
    return kept if most is None else kept.clamp(max=most)
''',
        (),
    ),
}


def texts(wanted: set[str]) -> list[str]:
    """Return the text of functions, those that they call before them."""
    found: dict[str, str] = {}

    def add(name: str) -> None:
        text, calls = HELPERS[name]
        for each in calls:
            add(each)
        found.setdefault(name, text.strip("\n"))

    for name in sorted(wanted):
        add(name)
    return list(found.values())
