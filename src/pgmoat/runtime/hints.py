"""
What to do about an error of PostgreSQL's about a parameter.

In: the error's code and words, the parameters. Out: words with the parameter's name, a hint. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

_NUMBER = re.compile(r"\bparameter \$(\d+)")
_EMPTY_VALUE = re.compile(r'^invalid input syntax for type ([^:"]+): ""$')
_OPERATOR = re.compile(r"^operator does not exist: (\S.*?) [-+*/<>=~!@#%^&|`?]+ (\S.*)$")
_MARKS = frozenset({":", "$"})
"""What the parameters of SQL begin with; those of an operation have the name alone."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as its writer calls it, and its value."""

    label: str
    value: Any


@dataclass(frozen=True, slots=True)
class Complaint:
    """What PostgreSQL says about a statement with parameters."""

    state: str
    message: str
    context: str
    parameters: Sequence[Parameter]

    @property
    def parameter(self) -> Parameter | None:
        """The parameter that PostgreSQL speaks of by its number; else the only one there is."""
        for text in (self.message, self.context):
            found = _NUMBER.search(text)
            if found is not None:
                number = int(found[1])
                return self.parameters[number - 1] if 1 <= number <= len(self.parameters) else None
        return self.parameters[0] if len(self.parameters) == 1 else None

    @property
    def label(self) -> str:
        """How the parameter is written in SQL; ``:x`` where nobody knows which one it is."""
        found = self.parameter
        return found.label if found is not None and found.label[:1] in _MARKS else ":x"


def name_parameter(complaint: Complaint) -> str:
    """Return PostgreSQL's words with the parameter's name, where it is known."""
    message = complaint.message
    found = complaint.parameter
    if _NUMBER.search(message) is not None:
        return message if found is None else _NUMBER.sub(lambda _: f"parameter {found.label}", message)
    if complaint.state[:2] != "22":
        return message
    if _NUMBER.search(complaint.context) is None:
        found = _find_by_value(complaint)
    return message if found is None else f"{found.label}: {message}"


def find_hint(complaint: Complaint) -> str:
    """Return what to do about it; empty where PostgreSQL's own words have to do."""
    return next((hint for rule in _RULES if (hint := rule(complaint))), "")


def is_about_json(state: str | None, message: str) -> bool:
    """Return whether a value is none of JSON's, or not as JSON is written."""
    is_type = state in {"42804", "42846"} and "json" in message
    return is_type or (state == "22P02" and "input syntax for type json" in message)


def _hint_at_json(complaint: Complaint) -> str:
    """A list goes as an array unless a mapping stands in it, a text as it is."""
    if not is_about_json(complaint.state, complaint.message):
        return ""
    found = complaint.parameter
    if found is not None and found.label[:1] not in _MARKS:  # an operation's: its type is known
        return "Pass Jsonb(value), from pgmoat.runtime, or json.dumps(value)."
    label = complaint.label if found is not None else _find_label(complaint, list) or ":x"
    return f"Pass Jsonb(value), from pgmoat.runtime, or json.dumps(value), and cast: {label}::jsonb."


def _hint_at_type(complaint: Complaint) -> str:
    if complaint.state not in {"42P18", "42P08"} or _NUMBER.search(complaint.message) is None:
        return ""
    return f"Say its type wherever it stands: {complaint.label}::text, say, or ::bigint."


def _hint_at_operator(complaint: Complaint) -> str:
    """Numbers and lists go with a type of their own; a text takes the type of what it is compared with."""
    found = _OPERATOR.match(complaint.message)
    if complaint.state != "42883" or found is None or not complaint.parameters:
        return ""
    left, right = found[1], found[2]
    if left.endswith("[]") != right.endswith("[]"):
        label = _find_label(complaint, list)
        return f"Is a list compared with one value? Write = ANY({label or ':x'})."
    if left == "text" or right == "text":
        label = _find_label(complaint, int, float, Decimal, date, time, timedelta)
        if label:
            return f"Give text, or cast the parameter: {label}::text."
    other = right if left == "text" else left
    label = _find_label(complaint, str) or ":x"
    return f"Give values of the column's type, or cast the parameter: {label}::{other}."


def _hint_at_empty(complaint: Complaint) -> str:
    if complaint.state not in {"22P02", "22007"} or _EMPTY_VALUE.match(complaint.message) is None:
        return ""
    return "Give NULL (None, null) for no value, not an empty text."


def _hint_at_date(complaint: Complaint) -> str:
    is_date = "date/time field value" in complaint.message and complaint.state == "22008"
    is_unread = complaint.state == "22007" and re.search(r"type (date|time)", complaint.message) is not None
    return "Write dates as YYYY-MM-DD, of a day that there is." if is_date or is_unread else ""


_RULES: tuple[Callable[[Complaint], str], ...] = (
    _hint_at_json,
    _hint_at_type,
    _hint_at_operator,
    _hint_at_empty,
    _hint_at_date,
)


def _find_by_value(complaint: Complaint) -> Parameter | None:
    """Return the one parameter whose text stands in the message, or None."""
    fitting = [
        parameter
        for parameter in complaint.parameters
        if isinstance(parameter.value, str) and complaint.message.endswith(f': "{parameter.value}"')
    ]
    return fitting[0] if len(fitting) == 1 else None


def _find_label(complaint: Complaint, *kinds: type) -> str:
    """Return the parameter whose value is of one of *kinds*; ``:x`` for several, empty for none."""
    fitting = [parameter.label for parameter in complaint.parameters if isinstance(parameter.value, kinds)]
    return fitting[0] if len(fitting) == 1 else ":x" if fitting else ""
