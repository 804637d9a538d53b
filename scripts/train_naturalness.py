#!/usr/bin/env python3
"""
Train the model that says how natural a name is, and write the file that the package ships.

    python3 -m venv /tmp/training && /tmp/training/bin/pip install -e . -r scripts/train_naturalness.txt
    /tmp/training/bin/python scripts/train_naturalness.py ../shared/naturalness/train.csv

In: a CSV file with the columns text and label (0 regular, 1 low, 2 least). Out: the model's file, and what
cross-validation says of its accuracy. I/O: files, standard output. The same input gives the same file.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedKFold

from pgmoat.report.naming.features import list_keys
from pgmoat.report.naming.model import MODEL_FILE, Model, digest_lists, dump_text
from pgmoat.report.naming.naturalness import rate

_SEED = 20260101
_STEP = 0.01  # what a weight of 1 stands for
_LEAST_WEIGHT = 3  # a key whose weights are smaller is left out
_LEAST_NAMES = 2  # a key of fewer names says nothing about others
_FOLDER = Path(__file__).parents[1] / "src/pgmoat/report/naming/data"


def main() -> None:
    """Train, measure, write."""
    options = parse()
    names, labels = read_rows(options.train)
    if options.folds:
        folds = StratifiedKFold(options.folds, shuffle=True, random_state=_SEED)
        measure("names at random", folds.split(names, labels), names, labels, options.strength)
        groups = [zlib.crc32(re.sub(r"[\d_]+", "", name.lower()).encode()) for name in names]
        folds = GroupKFold(options.folds).split(names, labels, groups)
        measure("names that differ in numbers only stay together", folds, names, labels, options.strength)
    model = train(names, labels, options.strength)
    packed = gzip.compress(dump_text(model).encode(), 9, mtime=0)
    options.target.write_bytes(packed)
    say(f"{options.target}: {len(model.weights)} keys, {len(packed)} bytes")


def say(line: str) -> None:
    """Print *line* at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def parse() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description="Train the model of naturalness.")
    parser.add_argument("train", type=Path, help="CSV file with the columns text and label")
    parser.add_argument("--target", type=Path, default=_FOLDER / MODEL_FILE)
    parser.add_argument("--strength", type=float, default=0.1, help="inverse of the L2 penalty")
    parser.add_argument("--folds", type=int, default=5, help="of the cross-validation; 0: none")
    return parser.parse_args()


def read_rows(path: Path) -> tuple[list[str], Any]:
    """Return names and labels."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], np.array([int(row["label"]) for row in rows])


def train(names: Sequence[str], labels: Any, strength: float) -> Model:
    """Return a model of *names*: logistic regression over their keys, its weights rounded."""
    keys = [Counter(list_keys(name)) for name in names]
    counts = Counter(key for found in keys for key in found)
    known = sorted(key for key, count in counts.items() if count >= _LEAST_NAMES and key.isprintable())
    places = {key: place for place, key in enumerate(known)}
    fitted = LogisticRegression(C=strength, max_iter=500).fit(build_matrix(keys, places), labels)
    regular, low, least = fitted.coef_
    rounded = np.rint(np.stack([regular - low, least - low]) / _STEP).astype(int)
    bias = np.rint((fitted.intercept_[[0, 2]] - fitted.intercept_[1]) / _STEP).astype(int)
    weights = {key: (int(rounded[0, place]), int(rounded[1, place])) for key, place in places.items()}
    kept = {key: pair for key, pair in weights.items() if max(map(abs, pair)) >= _LEAST_WEIGHT}
    return Model(_STEP, (int(bias[0]), int(bias[1])), kept, digest_lists())


def build_matrix(keys: Sequence[Counter[str]], places: dict[str, int]) -> Any:
    """Return how often each name has each known key."""
    cells = [
        (row, places[key], count)
        for row, found in enumerate(keys)
        for key, count in sorted(found.items())
        if key in places
    ]
    rows, columns, counts = zip(*cells, strict=True)
    return csr_matrix((np.array(counts, float), (rows, columns)), shape=(len(keys), len(places)))


def measure(
    what: str, folds: Iterable[tuple[Any, Any]], names: Sequence[str], labels: Any, strength: float
) -> None:
    """Print how often models that were trained on the other folds are right."""
    found = np.zeros(len(labels), int)
    for seen, unseen in folds:
        model = train([names[at] for at in seen], labels[seen], strength)
        found[unseen] = [int(np.argmax(rate(names[at], model))) for at in unseen]
    three = (found == labels).mean()
    two = ((found == 0) == (labels == 0)).mean()
    say(f"{what}: {three:.2%} on three levels, {two:.2%} on regular against the rest")


if __name__ == "__main__":
    main()
