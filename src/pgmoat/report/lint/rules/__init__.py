"""
Every rule of the lint, one file each.

I/O: none.
"""

from __future__ import annotations

from pgmoat.report.lint.rule import Rule
from pgmoat.report.lint.rules import (
    abbreviation,
    boolean_without_claim,
    case_variants,
    column_comment_missing,
    comment_repeats_name,
    date_as_text,
    entity_attribute_value,
    flag_not_boolean,
    foreign_key_missing,
    generic_name,
    json_as_text,
    leftover_name,
    mixed_case,
    money_as_float,
    null_without_meaning,
    number_as_text,
    numbered_columns,
    polymorphic_reference,
    reserved_word,
    sentinel_value,
    several_names,
    table_comment_missing,
    table_without_key,
    timestamp_without_zone,
    unexplained_codes,
    unit_missing,
    unnatural_column_name,
    unnatural_table_name,
)

RULES: tuple[Rule, ...] = (
    unnatural_table_name.RULE,
    unnatural_column_name.RULE,
    abbreviation.RULE,
    generic_name.RULE,
    numbered_columns.RULE,
    reserved_word.RULE,
    mixed_case.RULE,
    boolean_without_claim.RULE,
    several_names.RULE,
    unit_missing.RULE,
    leftover_name.RULE,
    unexplained_codes.RULE,
    null_without_meaning.RULE,
    case_variants.RULE,
    flag_not_boolean.RULE,
    sentinel_value.RULE,
    table_comment_missing.RULE,
    column_comment_missing.RULE,
    comment_repeats_name.RULE,
    table_without_key.RULE,
    foreign_key_missing.RULE,
    polymorphic_reference.RULE,
    entity_attribute_value.RULE,
    timestamp_without_zone.RULE,
    date_as_text.RULE,
    number_as_text.RULE,
    json_as_text.RULE,
    money_as_float.RULE,
)
