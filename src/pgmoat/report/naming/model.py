"""
The trained model: what each key of a name weighs.

In: the shipped file, written by scripts/train_naturalness.py. Out: Model. I/O: that file, read once.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from math import exp

_LISTS = "words.txt.gz", "terms.txt", "abbreviations.txt"
MODEL_FILE = "naturalness.txt.gz"


@dataclass(frozen=True, slots=True, eq=False)  # one is itself alone, so that sums can be kept for it
class Model:
    """
    A linear model of three levels.

    Weights say how much more a key speaks for regular, and for least, than for low. They are whole
    multiples of *step*, so every machine has the same sum.
    """

    step: float
    bias: tuple[int, int]
    weights: Mapping[str, tuple[int, int]]
    digest: str  # of the word lists that it was trained with

    def add_up(self, keys: Iterable[str]) -> tuple[int, int]:
        """Return the sum of the weights of *keys*, without the bias."""
        regular = least = 0
        weights = self.weights
        for key in keys:
            weight = weights.get(key)
            if weight is not None:
                regular += weight[0]
                least += weight[1]
        return regular, least

    def rate(self, regular: int, least: int) -> tuple[float, float, float]:
        """Return how probable regular, low and least are, for sums of weights."""
        one = exp((regular + self.bias[0]) * self.step)
        three = exp((least + self.bias[1]) * self.step)
        total = one + 1 + three
        return one / total, 1 / total, three / total


@cache
def load_model() -> Model:
    """Return the shipped model."""
    packed = (files("pgmoat.report.naming") / "data" / MODEL_FILE).read_bytes()
    return load_text(gzip.decompress(packed).decode())


def load_text(text: str) -> Model:
    """Return the model that *text* holds: a line of JSON, then a key and its weights a line."""
    first, *lines = text.splitlines()
    header = json.loads(first)
    weights: dict[str, tuple[int, int]] = {}
    for line in lines:
        key, regular, least = line.split("\t")
        weights[key] = (int(regular), int(least))
    regular, least = header["bias"]
    return Model(header["step"], (regular, least), weights, header["digest"])


def dump_text(model: Model) -> str:
    """Return the text that load_text() takes."""
    header = json.dumps({"step": model.step, "bias": model.bias, "digest": model.digest})
    lines = (f"{key}\t{one}\t{three}" for key, (one, three) in sorted(model.weights.items()))
    return "\n".join([header, *lines]) + "\n"


def digest_lists() -> str:
    """Return a digest of the shipped word lists, on which a model's keys depend."""
    folder = files("pgmoat.report.naming") / "data"
    return sha256(b"".join((folder / name).read_bytes() for name in _LISTS)).hexdigest()[:16]
