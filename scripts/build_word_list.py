#!/usr/bin/env python3
"""
Build the word list that the package ships: words of SCOWL, most frequent first.

In: the folder of SCOWL's lists (Debian's package scowl puts it into /usr/share/dict/scowl), the word list of
wordninja 2.0.0 (wordninja/wordninja_words.txt.gz in its wheel), which says how frequent words are.
Out: src/pgmoat/report/naming/data/words.txt.gz. I/O: files.
"""

from __future__ import annotations

import argparse
import gzip
import re
from pathlib import Path

_TARGET = Path(__file__).parents[1] / "src/pgmoat/report/naming/data/words.txt.gz"
_KINDS = ("english", "american", "british", "british_z", "variant_1")
_SIZES = (10, 20, 35, 40, 50, 55, 60)  # 60: what a spell checker accepts


def main() -> None:
    """Write the list."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("scowl", type=Path, help="folder of SCOWL's lists")
    parser.add_argument("frequencies", type=Path, help="wordninja_words.txt.gz")
    options = parser.parse_args()
    words = order_words(read_sizes(options.scowl), read_ranks(options.frequencies))
    packed = gzip.compress("\n".join(words).encode(), 9, mtime=0)
    _TARGET.write_bytes(packed)


def read_sizes(folder: Path) -> dict[str, int]:
    """Return the smallest of SCOWL's sizes that has each plain lower-case word."""
    sizes: dict[str, int] = {}
    for size in _SIZES:
        for kind in _KINDS:
            path = folder / f"{kind}-words.{size}"
            for line in path.read_text("iso-8859-1").splitlines() if path.exists() else ():
                if re.fullmatch("[a-z]{2,}", line):
                    sizes.setdefault(line, size)
    return sizes


def read_ranks(path: Path) -> dict[str, int]:
    """Return the rank of each word, the most frequent first."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return {line.strip(): rank for rank, line in reversed(list(enumerate(file)))}


def order_words(sizes: dict[str, int], ranks: dict[str, int]) -> list[str]:
    """Return the words by rank; those without one after all others, by size."""
    last = len(ranks)
    return sorted(sizes, key=lambda word: (ranks.get(word, last), sizes[word], word))


if __name__ == "__main__":
    main()
