"""
What is there in the end, as the superuser sees it, against what the callers were told.

In: a site, Answers. Out: none, or a failed assertion. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from tests.integration.runtime.faults.crew import Answer
from tests.integration.runtime.faults.plan import HOT, PURSE, PURSE_ROWS, Operation
from tests.moat_fixtures import Moat

Told = dict[Operation, list[Answer]]


def judge(site: Moat, operations: Sequence[Operation], answers: Sequence[Answer], first_ticket: int) -> int:
    """Assert that all is done once and accounted for; return how many first answers were lost."""
    told: Told = defaultdict(list)
    for answer in answers:
        told[answer.operation].append(answer)
    assert {operation.number: len(told[operation]) for operation in operations} == {
        operation.number: operation.callers for operation in operations
    }
    lost = sum(_check_answers(of_one) for of_one in told.values())
    done = [operation for operation in operations if told[operation][0].results is not None]
    _check_effects(site, done, first_ticket)
    _check_hot_counter(site, told)
    _check_keys(site, done)
    _check_budgets(site, done)
    return lost


def _check_answers(answers: Sequence[Answer]) -> bool:
    """Assert that all callers of one operation were told the same; return whether no one was told first."""
    operation = answers[0].operation
    if any(answer.results is None for answer in answers):
        assert operation.is_poor, operation
        assert all(answer.results is None for answer in answers), operation
        return False
    contents = [
        tuple((r.columns, r.rows, r.affected, r.statement_id) for r in answer.results or ())
        for answer in answers
    ]
    assert all(content == contents[0] for content in contents), operation
    assert sum(affected for _, _, affected, _ in contents[0]) == operation.rows, operation
    first = [answer for answer in answers if not any(r.replayed for r in answer.results or ())]
    assert len(first) <= 1, operation
    return not first


def _check_effects(site: Moat, done: Sequence[Operation], first_ticket: int) -> None:
    wanted: dict[str, Counter[int]] = {
        name: Counter() for name in ("counter", "note", "payment", "order", "ticket")
    }
    traces = {
        "update": ("counter",),
        "update returning": (),
        "insert": ("note",),
        "insert returning": ("note",),
        "call": ("counter", "payment"),
        "event": ("ticket",),
        "delete": ("order",),
        "transaction": ("counter", "note", "counter", "payment"),
    }
    for operation in done:
        for trace in traces[operation.kind]:
            wanted[trace][operation.number] += 1
    wanted["counter"][HOT] = sum(operation.kind == "update returning" for operation in done)
    actual = {
        "counter": site.read("SELECT id, v FROM public.counters WHERE v <> 0"),
        "note": site.read("SELECT op, count(*) FROM public.notes GROUP BY op"),
        "payment": site.read("SELECT op, count(*) FROM public.payments GROUP BY op"),
        "order": site.read("SELECT id, 1 FROM public.orders WHERE deleted_at IS NOT NULL"),
        "ticket": site.read(
            "SELECT t.id - %s, count(*) FROM public.tickets AS t"
            "  JOIN pgmoat.log_ticket_log AS l ON l.tickets_id = t.id"
            " WHERE t.state = 'closed' AND t.id > %s GROUP BY t.id",
            first_ticket,
            first_ticket,
        ),
    }
    for name, rows in actual.items():
        assert dict(rows) == {number: count for number, count in wanted[name].items() if count}, name


def _check_hot_counter(site: Moat, told: Told) -> None:
    """Each value of the counter was given to one operation: no update was lost, none done twice."""
    values = [
        of_one[0].results[0][0]["v"]
        for operation, of_one in told.items()
        if operation.kind == "update returning" and of_one[0].results is not None
    ]
    assert sorted(values) == list(range(1, len(values) + 1))


def _check_keys(site: Moat, done: Sequence[Operation]) -> None:
    assert site.value("SELECT count(*) FROM pgmoat.operation_call") == sum(
        len(operation.requests) for operation in done
    )
    assert site.value("SELECT count(*) FROM pgmoat.operation_call WHERE result IS NULL") == 0


def _check_budgets(site: Moat, done: Sequence[Operation]) -> None:
    """The ledger is what the change rows say, each task's own and of all below it."""
    own = dict(
        site.read(
            "SELECT k.agent || ' ' || k.task_id, count(*) FROM pgmoat.change AS c"
            " JOIN pgmoat.statement AS s ON s.xid = c.xid AND c.id BETWEEN s.first_change AND s.last_change"
            " JOIN pgmoat.task AS k ON k.id = s.task GROUP BY 1"
        )
    )
    assert sum(own.values()) == site.value("SELECT count(*) FROM pgmoat.change")
    wanted_own: Counter[str] = Counter()
    wanted_used: Counter[str] = Counter()
    for operation in done:
        place = operation.place
        wanted_own[f"{place.agent} {place.full_id}"] += operation.rows
        while place is not None:
            wanted_used[f"{place.agent} {place.full_id}"] += operation.rows
            place = place.parent
    assert own == wanted_own
    used = site.read(
        "SELECT k.agent || ' ' || k.task_id, l.rows_used, least(k.max_writes, a.writes_per_task)"
        "  FROM pgmoat.task AS k JOIN pgmoat.agent AS a ON a.name = k.agent"
        "  JOIN LATERAL (SELECT x.rows_used FROM pgmoat.ledger AS x WHERE x.task = k.id"
        "                 ORDER BY x.seq DESC LIMIT 1) AS l ON true"
    )
    assert {name: rows for name, rows, _ in used if rows} == wanted_used
    assert all(rows <= limit for _, rows, limit in used)
    assert wanted_used[f"worker {PURSE}"] == PURSE_ROWS
