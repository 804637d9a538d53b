"""Words are found however a name is written, and unknown ones stay whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgmoat.report.naming.words import is_word, split_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("order_date", "order date"),
        ("OrderDate", "order date"),
        ("orderDate", "order date"),
        ("ORDER_DATE", "order date"),
        ("ORDERDATE", "order date"),
        ("orderdate", "order date"),
        ('Order-Date "x"', "order date x"),
        ("HTTPServerError", "http server error"),
        ("userIDs", "user ids"),
        ("addressLine1", "address line 1"),
        ("18_49_share", "18 49 share"),
        ("secondaryordercategoryname", "secondary order category name"),
        ("MINCODEINSUBSECTION", "min code in subsection"),
        ("custid", "cust id"),
        ("creditcardid", "credit card id"),
        ("auctionbid", "auction bid"),
        ("rowguid", "row guid"),
        ("wardid", "ward id"),
        ("valueuom", "value uom"),
        ("Größe", "grosse"),
        ("Straße", "strasse"),
        ("prénom", "prenom"),
        ("客户", ""),
        ("___", ""),
        ("", ""),
    ],
)
def test_words(name: str, words: str) -> None:
    assert split_words(name) == tuple(words.split())


@pytest.mark.parametrize(
    "name", ["hadm", "xyzzy", "edregtime", "approver", "android", "delisted", "username"]
)
def test_unknown_and_derived_words_stay_whole(name: str) -> None:
    assert split_words(name) == (name,)


@pytest.mark.parametrize("word", ["customer", "colour", "color", "id", "uuid", "approver", "delisted"])
def test_word(word: str) -> None:
    assert is_word(word)


@pytest.mark.parametrize("word", ["cust", "qty", "la", "xyzzy", "", "customre"])
def test_no_word(word: str) -> None:
    assert not is_word(word)


@given(st.text(max_size=80))
def test_no_letter_of_ascii_is_lost(name: str) -> None:
    if name.isascii():
        kept = "".join(letter for letter in name.lower() if letter.isalnum())
        assert "".join(split_words(name)) == kept
    assert all(word.isascii() and word.isalnum() and word == word.lower() for word in split_words(name))
