"""
Which columns are commented out until a person says otherwise.

In: a column and its sample. Out: the reason. I/O: none.
"""

from __future__ import annotations

from collections.abc import Sequence

from pgmoat.catalog.snapshot import Column
from pgmoat.report.survey.kinds import Harm
from pgmoat.report.survey.sensitive import Sensitivity, Sureness, judge_column
from pgmoat.report.survey.snapshot import SurveyedTable


def find_sensitivity(column: Column, words: Sequence[str], table: SurveyedTable) -> Sensitivity | None:
    """Return what is sensitive about a column, None if nothing is."""
    sample = table.samples.get(column.name)
    return judge_column(column, sample, table=table.table.qualified_name, words=words)


def is_hidden(found: Sensitivity) -> bool:
    """Whether the column is commented out: free text is not, unless its values show what it holds."""
    return found.harm is not Harm.HINT or (found.sureness is not Sureness.POSSIBLE and _is_borne_out(found))


def _is_borne_out(found: Sensitivity) -> bool:
    return any("sampled values" in reason for reason in found.reasons)
