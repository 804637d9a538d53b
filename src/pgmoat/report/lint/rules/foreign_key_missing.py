"""PL041: references that no constraint holds. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pgmoat.report.lint.evidence import join_words
from pgmoat.report.lint.names import normalize, words_of
from pgmoat.report.lint.remedies import describe_column, reference
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Place, Subject, is_view
from pgmoat.report.lint.vocabulary import word_set
from pgmoat.report.survey.snapshot import SurveyedTable

_KEY_WORDS = frozenset({"id", "uuid", "guid", "key", "fk"})
_PLAIN_KEYS = word_set("id uuid guid key code name row_id rowid rowguid oid")
_FAMILIES = {"int2": "integer", "int4": "integer", "int8": "integer", "varchar": "text", "bpchar": "text"}


@dataclass(frozen=True, slots=True)
class _Target:
    """A column that identifies rows of a table."""

    table: SurveyedTable
    column: str
    type_name: str

    @property
    def name(self) -> str:
        return self.table.table.qualified_name


@dataclass(frozen=True, slots=True)
class _Targets:
    """What columns may point to: by the words of the table's name, and by the name of a key."""

    by_table: Mapping[str, Sequence[_Target]]
    by_key: Mapping[str, Sequence[_Target]]


def _find(subject: Subject) -> Iterator[Remark]:
    targets = _list_targets(subject)
    for place in subject.places:
        if is_view(place.table) or place.is_reference or _has_partner(place):
            continue
        found = [target for target in _match(targets, place) if not _is_refuted(place, target)]
        if found:
            yield _remark(subject, place, found)


def _list_targets(subject: Subject) -> _Targets:
    by_table: dict[str, list[_Target]] = defaultdict(list)
    by_key: dict[str, list[_Target]] = defaultdict(list)
    for table in subject.tables:
        singles = [index for index in table.table.unique_indexes if len(index.columns) == 1]
        for index in sorted(singles, key=lambda index: not index.is_primary):
            column = table.table.column(index.columns[0])
            # A key that points on itself is not where others point to.
            if column is None or index.predicate is not None or _is_reference(table, column.name):
                continue
            target = _Target(table, column.name, _family(column.base_type_name))
            by_key[column.name].append(target)
            if index.is_primary or not table.table.primary_key:
                by_table[normalize(table.table.name)].append(target)
    return _Targets(by_table, by_key)


def _is_reference(table: SurveyedTable, column: str) -> bool:
    return any(column in key.columns for key in table.foreign_keys)


def _match(targets: _Targets, place: Place) -> list[_Target]:
    """Return what the column's name points to, of the same type; nothing when it is the table's own key."""
    kind = _family(place.column.base_type_name)
    return _match_table(targets, place, kind) or _match_key(targets, place, kind)


def _match_key(targets: _Targets, place: Place, kind: str) -> list[_Target]:
    """Return the keys of other tables that have the column's name: subject_id of patients."""
    if place.name in _PLAIN_KEYS or not set(words_of(place.name)[-1:]) & _KEY_WORDS:
        return []
    if place.is_unique:  # a key of its own: two tables may share the name of their keys
        return []
    return [
        target
        for target in targets.by_key.get(place.name, ())
        if target.name != place.table_name and target.type_name == kind
    ]


def _match_table(targets: _Targets, place: Place, kind: str) -> list[_Target]:
    words = words_of(place.name)
    if len(words) < 2 or words[-1] not in _KEY_WORDS:
        return []
    stem = normalize("_".join(words[:-1]))
    found = [target for target in targets.by_table.get(stem, ()) if target.type_name == kind]
    if any(target.name == place.table_name for target in found) and place.is_unique:
        return []  # its own key
    nearest = [target for target in found if target.table.table.schema == place.table.table.schema]
    return nearest or found


def _has_partner(place: Place) -> bool:
    """Whether another column says which table it points to: that is another rule's."""
    stem = place.name.removesuffix("_id")
    return stem != place.name and place.table.table.column(f"{stem}_type") is not None


def _list_codes(target: _Target) -> frozenset[str]:
    """Return the values of a target that is a lookup table; empty when they are not known."""
    lookup = target.table.lookup
    if lookup is None or lookup.key != target.column:
        return frozenset()
    return frozenset(code for code, _ in lookup.words)


def _is_refuted(place: Place, target: _Target) -> bool:
    """Whether the data speaks against it: none of its values is in a lookup table that was read whole."""
    codes = _list_codes(target)
    return bool(codes and place.values) and codes.isdisjoint(place.values)


def _remark(subject: Subject, place: Place, found: Sequence[_Target]) -> Remark:
    shown = [f"{target.name}.{target.column}" for target in found]
    if len(found) > 1:
        message = f"points to {join_words(shown[:-1])} or {shown[-1]}: no foreign key says which"
        words = f"say which: by a foreign key, or by references in the policy ({join_words(shown)})"
        remedy = describe_column(subject, place, words, f"Points to {shown[0]}.")
    else:
        message = f"seems to point to {shown[0]}, and no foreign key says so{_say_evidence(place, found[0])}"
        words = "add the foreign key, or references in the policy"
        remedy = reference(subject, place, found[0].name, found[0].column, words)
    return Remark(place.table_name, place.name, message, remedy)


def _say_evidence(place: Place, target: _Target) -> str:
    codes = _list_codes(target)
    if not codes or not place.values:
        return ""
    missing = [value for value in place.values if value not in codes]
    if missing:
        return f"; {len(missing)} of its {len(place.values)} values are not there"
    return f"; all its {len(place.values)} values are there"


def _family(type_name: str) -> str:
    return _FAMILIES.get(type_name, type_name)


RULE = Rule(
    code="PL041",
    slug="foreign-key-missing",
    title="A reference has no foreign key",
    why="A model takes joins from foreign keys. Without one it joins on what sounds alike, and nothing"
    " keeps rows out that point nowhere.",
    bad="CREATE TABLE orders (customer_id integer);  -- and a table customers",
    remedy="Add the foreign key (NOT VALID first, then VALIDATE, on a large table). For agents alone:"
    " references in the policy.",
    weight=0.25,
    find=_find,
)
