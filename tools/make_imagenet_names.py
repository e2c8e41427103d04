"""Write ImageNet's 1,000 classes with their first names, from the lists in the package timm (Apache-2.0).

The identifiers and the names are WordNet's; `decode_predictions` gives them.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src" / "convoscope" / "applications" / "imagenet_classes.txt"
_NOTICE = """\
# The classes of ImageNet's 1,000, in order: WordNet's identifier and first name of each.
# WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved. Permission to use, copy, modify and
# distribute this database for any purpose and without fee or royalty is granted, provided that this notice is kept.
# It is provided "as is" and Princeton University makes no representations or warranties, express or implied.
# The name of Princeton University may not be used in advertising or publicity pertaining to its distribution.
"""


def main() -> None:
    spec = find_spec("timm")
    assert spec is not None, "install timm"
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "data" / "_info"
    names = dict(
        line.split("\t", 1) for line in (folder / "imagenet_synset_to_lemma.txt").read_text("utf-8").splitlines()
    )
    classes = (folder / "imagenet_synsets.txt").read_text("utf-8").split()
    lines = [f"{each} {names[each].split(', ')[0].replace(' ', '_')}" for each in classes]
    TARGET.write_text(_NOTICE + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
