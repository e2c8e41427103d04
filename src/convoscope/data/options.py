"""What ``tf.data`` has beside data sets: its constants, and options that change how fast something is, not what."""

from __future__ import annotations

from typing import Any

#: As many threads, or as much room, as suits the machine.
AUTOTUNE = -1
#: What `Dataset.cardinality` says of a data set that has no end.
INFINITE_CARDINALITY = -1
#: What `Dataset.cardinality` says of a data set of which nobody knows how many elements it has.
UNKNOWN_CARDINALITY = -2


class Options:
    """TensorFlow's pipeline options. Any can be set; none has an effect here.

    Examples
    --------
    >>> options = Options()
    >>> options.experimental_distribute.auto_shard_policy = "data"
    >>> options.deterministic = False
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        inner = Options()
        self.__dict__[name] = inner
        return inner
