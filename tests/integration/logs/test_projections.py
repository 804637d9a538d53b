"""What a log tells: the present state, the state at a time; and the last step taken back."""

from __future__ import annotations

from tests.moat_fixtures import Moat, refused

_STEP = "INSERT INTO order_state_log (order_id, new_status, idempotency_key) VALUES (3, %s, %s)"
_UNDO = "SELECT event_id, previous_status, new_status, undoes FROM order_state_log_undo(3, 'wrong', %s)"


def take_steps(shop: Moat, *steps: str) -> None:
    for number, status in enumerate(steps):
        with shop.task("support") as agent:
            agent.execute(_STEP, (status, f"{status}-{number}"))


def test_the_state_at_a_time(shop: Moat) -> None:
    before = shop.value("SELECT clock_timestamp()")
    take_steps(shop, "processing")
    between = shop.value("SELECT clock_timestamp()")
    take_steps(shop, "shipped")
    with shop.task("support") as agent:
        states = [
            agent.execute("SELECT status FROM order_state_log_at(%s, 3)", (at,)).fetchone()
            for at in (before, between, shop.value("SELECT clock_timestamp()"))
        ]
        everything = agent.execute("SELECT * FROM order_state_log_at(%s)", (between,)).fetchall()
        current = agent.execute("SELECT status FROM order_state_log_current WHERE order_id = 3").fetchone()
        untouched = agent.execute("SELECT * FROM order_state_log_at(now(), for_order_id => 4)").fetchall()
    assert states == [("pending",), ("processing",), ("shipped",)]
    assert len(everything) == 30
    assert current == ("shipped",)
    assert untouched == [(4, "processing", None)]


def test_undo_goes_back_step_by_step_as_new_events(shop: Moat) -> None:
    take_steps(shop, "processing", "shipped")
    for number, status in enumerate((2, 1)):
        with shop.task("support") as agent:
            agent.execute(_UNDO, (f"u{number}",))
        assert shop.value("SELECT stat_cd FROM public.orders WHERE id = 3") == status
    with refused("PM028"), shop.task("support") as agent:
        agent.execute(_UNDO, ("u2",))
    assert shop.read(
        "SELECT new_status, undoes IS NULL FROM pgmoat.log_order_state_log ORDER BY event_id"
    ) == [
        ("processing", True),
        ("shipped", True),
        ("processing", False),
        ("pending", False),
    ]
    assert (
        shop.value("SELECT count(*) FROM pgmoat.log_order_state_log WHERE changed_by = 'agent:support-v2'")
        == 4
    )


def test_undo_repeats_by_key(shop: Moat) -> None:
    take_steps(shop, "processing", "shipped")
    answers: list[object] = []
    for _ in range(3):
        with shop.task("support") as agent:
            answers.append(agent.execute(_UNDO, ("u",)).fetchone())
    assert answers == [answers[0]] * 3
    assert shop.value("SELECT stat_cd FROM public.orders WHERE id = 3") == 2


def test_undo_is_refused_when_people_moved_the_state(shop: Moat) -> None:
    take_steps(shop, "processing")
    shop.run("UPDATE public.orders SET stat_cd = 9 WHERE id = 3")
    with refused("PM023"), shop.task("support") as agent:
        agent.execute(_UNDO, ("u",))
    assert shop.value("SELECT stat_cd FROM public.orders WHERE id = 3") == 9


def test_undo_of_another_row_under_the_key_is_loud(shop: Moat) -> None:
    take_steps(shop, "processing")
    with shop.task("support") as agent:
        agent.execute(_UNDO, ("u",))
    with refused("PM026"), shop.task("support") as agent:
        agent.execute("SELECT * FROM order_state_log_undo(6, 'wrong', 'u')")


def test_no_undo_where_the_policy_has_none(shop: Moat) -> None:
    with refused("42883"), shop.task("support") as agent:
        agent.execute("SELECT machine_log_undo(1)")
