"""
Singular and plural of English nouns, as names of tables use them.

In: a word or a snake_case name. Out: the same with its last word in the other number. I/O: none.
"""

from __future__ import annotations

from pgmoat.report.naming.words import is_word

_IRREGULAR = {
    "person": "people",
    "child": "children",
    "man": "men",
    "woman": "women",
    "foot": "feet",
    "tooth": "teeth",
    "mouse": "mice",
    "leaf": "leaves",
    "shelf": "shelves",
    "half": "halves",
    "life": "lives",
    "knife": "knives",
    "wife": "wives",
    "criterion": "criteria",
    "phenomenon": "phenomena",
    "medium": "media",
    "datum": "data",
    "analysis": "analyses",
    "basis": "bases",
    "diagnosis": "diagnoses",
    "crisis": "crises",
    "thesis": "theses",
    "hypothesis": "hypotheses",
    "axis": "axes",
    "index": "indexes",
    "vertex": "vertices",
    "matrix": "matrices",
    "hero": "heroes",
    "potato": "potatoes",
    "tomato": "tomatoes",
    "quiz": "quizzes",
    "move": "moves",
    "movie": "movies",
    "cookie": "cookies",
    "calorie": "calories",
    "bus": "buses",
    "gas": "gases",
    "lens": "lenses",
    "cache": "caches",
    "axe": "axes",
    "database": "databases",
}
_SINGULARS = {plural: singular for singular, plural in reversed(_IRREGULAR.items())} | {"indices": "index"}
_SAME_TEXT = (
    "news series species equipment information metadata data media staff inventory feedback software "
    "hardware history stock content mail email traffic money cash status alias sms gps dns analytics "
    "logistics sales goods settings"
)
_SAME = frozenset(_SAME_TEXT.split())
_COUNTLESS = _SAME - {"inventory", "history", "stock", "content", "email", "status", "alias"}


def plural(name: str) -> str:
    """Return *name* with its last word in the plural: ``order_item`` becomes ``order_items``."""
    head, last = _cut(name)
    return head + _plural(last)


def singular(name: str) -> str:
    """Return *name* with its last word in the singular: ``order_items`` becomes ``order_item``."""
    head, last = _cut(name)
    return head + _singular(last)


def _cut(name: str) -> tuple[str, str]:
    head, separator, last = name.rpartition("_")
    return head + separator, last


def _cut_compound(word: str) -> tuple[str, str]:
    """Return the beginning and the person in ``salesperson``; an empty beginning for other words."""
    for person in ("person", "people", "woman", "women", "man", "men"):
        if word.endswith(person) and len(word) > len(person) and is_word(word[: -len(person)]):
            return word[: -len(person)], person
    return "", word


def _plural(word: str) -> str:
    beginning, word = _cut_compound(word)
    return beginning + _plural_simple(word)


def _singular(word: str) -> str:
    beginning, word = _cut_compound(word)
    return beginning + _singular_simple(word)


def _plural_simple(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if (
        not word
        or word in _COUNTLESS
        or word in _SINGULARS
        or word[-1].isdigit()
        or _singular_simple(word) != word
    ):
        return word
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"


def _singular_simple(word: str) -> str:
    if word in _SINGULARS:
        return _SINGULARS[word]
    if word in _SAME or word in _IRREGULAR or len(word) < 4 or not word.endswith("s"):
        return "id" if word == "ids" else word
    if word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith("es") and not is_word(word[:-1]) and is_word(word[:-2]):
        return word[:-2]
    return word[:-1]
