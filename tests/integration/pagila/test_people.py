"""People's own queries, unchanged, before, during and after: they never fail, wait, or see another answer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.integration.pagila.day import edit_catalog, serve_customers
from tests.integration.pagila.people import READS, WRITES, Shift, leave_out, read_touched, work, work_during
from tests.moat_fixtures import Moat
from tests.store_fixtures import Store

_ROUNDS = 12


def test_queries_are_many_and_all_find_something(store: Store) -> None:
    assert len(READS) >= 12
    assert {query.subject for query in READS} == {"film", "actor", "customer", "total"}
    with store.connect_person() as person:
        answers = work(person)
    # rewards_report looks at the last month, in which nobody has paid.
    assert [query.name for query in READS if not answers[query.name]] == ["rewards"]
    assert {query.name: answers[query.name][0][0] for query in WRITES if not answers[query.name][0][0]} == {
        # A rule leads elsewhere, and then PostgreSQL counts nothing.
        "pay": 0
    }


def test_answers_before_after_apply_after_work_and_after_destroy(store: Store) -> None:
    with store.connect_person() as person:
        before = work(person)
        assert work(person) == before
        store.apply()
        assert work(person) == before
        with store.open_moat() as moat:
            edit_catalog(moat, 0)
            serve_customers(moat, 0)
        touched = read_touched(store.site.connection)
        assert {subject: len(numbers) for subject, numbers in touched.items()} == {
            "film": 2,
            "actor": 4,
            "customer": 2,
            "total": 0,
        }
        wanted = leave_out(before, touched)
        assert leave_out(work(person), touched) == wanted
        store.destroy()
        assert leave_out(work(person), touched) == wanted


def test_people_work_on_while_agents_write(store: Store) -> None:
    store.apply()
    with store.connect_person() as person, store.open_moat() as moat:
        before = work(person)
        shift = work_during(person, lambda: _work_all_day(moat))
        touched = read_touched(store.site.connection)
        assert len(touched["film"]) == len(touched["customer"]) == 2 * _ROUNDS
    _check(shift)
    wanted = leave_out(before, touched)
    assert all(leave_out(answers, touched) == wanted for answers in shift.rounds)


def test_people_work_on_while_the_policy_comes_and_goes(store: Store) -> None:
    with store.connect_person() as person:
        before = work(person)
        shift = work_during(person, lambda: _repeat(lambda _: (store.apply(), store.destroy()), 2))
    _check(shift)
    assert all(answers == before for answers in shift.rounds)


def _check(shift: Shift) -> None:
    assert shift.failure is None, shift.failure
    assert len(shift.rounds) >= 2


def _work_all_day(moat: Moat) -> None:
    """Let both agents work at once."""
    with ThreadPoolExecutor(2) as pool:
        days = [
            pool.submit(_repeat, lambda number: edit_catalog(moat, number), _ROUNDS),
            pool.submit(_repeat, lambda number: serve_customers(moat, number), _ROUNDS),
        ]
        for day in days:
            day.result()


def _repeat(part: Callable[[int], object], times: int) -> None:
    for number in range(times):
        part(number)
