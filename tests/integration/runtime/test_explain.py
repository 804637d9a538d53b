"""
An empty answer says why, straight and through PgBouncer.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

from pgmoat.runtime import Moat


def test_play(moat: Moat) -> None:
    task = moat.open_task("support", "t-1")
    if True:
        for q in ["SELECT id FROM orders WHERE status='shiped'","SELECT count(*) FROM orders WHERE status='Pending'",
          "SELECT id FROM orders WHERE note = 'x'", "SELECT o.id FROM orders o JOIN refunds r ON r.order_id=o.id",
          "SELECT id FROM tickets WHERE state='Open'", "select id from tickets where id > 100 and state = 'open'",
          "select id from tickets where id = 100", "select id from tickets where state = NULL",
          "select id from tickets where id < 5 and id > 10", "select id from tickets where id < 5 and id > 4",
          "select o.id from orders o join tickets t on t.id = o.amount where o.visits=0",
          "select state, count(*) from tickets group by 1 having count(*) > 50",
          "select state from tickets order by 1 limit 5 offset 50", "select avg(visits) from orders where visits > 3",
          "with a as (select id from tickets where state = 'opne') select * from a where id > 3",
          "select id from tickets where id in (select order_id from refunds)",
          "select id from tickets where id not in (select null::bigint union select 3)",
          "select max(length(note)) from orders",
          "select id from tickets t where exists (select 1 from orders o where o.id = t.id and o.status = 'shipped')",
          "select id from tickets where state like 'OPE%'", "select 1 where false", "select id from tickets union select id from refunds where id = 5 order by 1 offset 99",
          "select sum(o.amount) from orders o left join refunds r on r.order_id = o.id"]:
            r = task.query(q)
            print(q); 
            for w in r.warnings: print("      W", w)
            for x in r.reasons: print("      ", x.kind, x.certainty, x.entity, x.column, x.value, x.suggestion)
