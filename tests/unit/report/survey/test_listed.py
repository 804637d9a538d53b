"""Values that CHECKs list, as PostgreSQL prints the expressions."""

from __future__ import annotations

import pytest

from pgmoat.report.survey.listed import list_values


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("(kind = ANY (ARRAY['a'::text, 'b c'::text]))", ("a", "b c")),
        (
            "((kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
            ("a", "b"),
        ),
        ("(upper((kind)::text) = ANY (ARRAY['M'::text, 'F'::text]))", ("M", "F")),
        ("((kind = 'x'::bpchar) OR (kind = 'y'::bpchar) OR (kind IS NULL))", ("x", "y")),
        ("((kind IS NOT NULL) AND (kind = ANY (ARRAY[1, 2])))", ("1", "2")),
        ("(kind = ANY (ARRAY[1, 0, '-2'::integer, (-3)]))", ("1", "0", "-2", "-3")),
        ("(kind = ANY ('{1,2,3}'::integer[]))", ("1", "2", "3")),
        ("(VALUE = ANY (ARRAY['x'::text, 'x'::text]))", ("x",)),
        ("kind IN (1.5, 2)", ("1.5", "2")),
        ("((kind = true) OR (kind = false))", ("true", "false")),
        ("(kind = ''::text)", ("",)),
    ],
)
def test_listed_values(expression: str, values: tuple[str, ...]) -> None:
    assert list_values(expression, ["kind"]) == values


@pytest.mark.parametrize(
    "expression",
    [
        "(kind > 0)",
        "(kind <> ALL (ARRAY[1, 2]))",
        "(NOT (kind = 1))",
        "(kind = other)",
        "((kind = 1) OR (kind > 5))",
        "((kind IS NOT NULL) OR (kind = 1))",
        "(other = ANY (ARRAY[1, 2]))",
        "(kind = ANY (ARRAY[now(), NULL::timestamp with time zone]))",
        "(lower(kind || 'x') = 'ax')",
        """(kind = ANY ('{"a,b"}'::text[]))""",
        "not even SQL (",
    ],
)
def test_anything_else_lists_nothing(expression: str) -> None:
    assert list_values(expression, ["kind"]) == ()


def test_quoted_names_and_more_than_one_column() -> None:
    assert list_values('("Kind of" = ANY (ARRAY[1, 2]))', ["Kind of"]) == ("1", "2")
    assert list_values("(a = 1)", ["a", "b"]) == ()
