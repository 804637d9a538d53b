"""How often the shipped model is right, on names that it has not seen; and that it fits the word lists."""

from __future__ import annotations

import csv
import os
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgmoat.report.naming.features import list_keys
from pgmoat.report.naming.model import digest_lists, dump_text, load_model, load_text
from pgmoat.report.naming.naturalness import Level, Naturalness, classify, classify_many

_LABELLED = Path(__file__).parents[4].parent / "shared" / "naturalness" / "validation.csv"
_LEVELS = (Level.REGULAR, Level.LOW, Level.LEAST)
_LEAST_RIGHT_OF_THREE = 0.910
_LEAST_RIGHT_OF_TWO = 0.965


def test_accuracy_on_the_validation_split() -> None:
    if not _LABELLED.exists():
        message = f"no labelled names beside the project: {_LABELLED} is missing"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with _LABELLED.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3462
    found = classify_many([row["text"] for row in rows])
    cells = Counter(
        (int(row["label"]), _LEVELS.index(one.level)) for row, one in zip(rows, found, strict=True)
    )
    right_of_three = sum(count for (label, level), count in cells.items() if label == level)
    right_of_two = sum(count for (label, level), count in cells.items() if (label == 0) == (level == 0))
    assert right_of_three / len(rows) >= _LEAST_RIGHT_OF_THREE, cells
    assert right_of_two / len(rows) >= _LEAST_RIGHT_OF_TWO, cells


@pytest.mark.parametrize(
    ("names", "level"),
    [
        ("customer_address unit_price OrderDetails first_name is_active title emailaddress", Level.REGULAR),
        ("usr_id DeptName prodDesc qty EmpNum", Level.LOW),
        ("OITM gsn flg_1 xq3 RDN22 tbl1", Level.LEAST),
    ],
)
def test_levels(names: str, level: Level) -> None:
    assert {name: classify(name).level for name in names.split()} == dict.fromkeys(names.split(), level)


def test_many_are_each() -> None:
    names = ["customer_id", "cust_id", "", "客户", "x" * 300, "customer_id"]
    assert classify_many(names) == [classify(name) for name in names]


@given(st.text(max_size=80))
def test_any_text_has_a_level(name: str) -> None:
    found = classify(name)
    assert abs(found.regular + found.low + found.least - 1) < 1e-9
    shares = {Level.REGULAR: found.regular, Level.LOW: found.low, Level.LEAST: found.least}
    assert shares[found.level] == max(shares.values())


def test_the_level_is_the_sum_of_the_keys() -> None:
    model = load_model()
    for name in ("cust_addr_ln1", "OrderOrder", "a_a"):
        shares = model.rate(*model.add_up(list_keys(name)))
        assert classify(name) == Naturalness(classify(name).level, *shares)


def test_the_model_was_trained_with_these_word_lists() -> None:
    assert load_model().digest == digest_lists(), "run scripts/train_naturalness.py"


def test_dumped_and_loaded_is_the_same() -> None:
    model = load_model()
    copy = load_text(dump_text(model))
    assert (copy.step, copy.bias, copy.weights, copy.digest) == (
        model.step,
        model.bias,
        model.weights,
        model.digest,
    )


def test_everything_shipped_is_small() -> None:
    sizes = [
        len(file.read_bytes())
        for file in (files("pgmoat.report.naming") / "data").iterdir()
        if file.is_file()
    ]
    assert len(sizes) >= 5
    assert sum(sizes) < 600_000
