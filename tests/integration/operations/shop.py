"""
A shop whose agents refund orders by operations.

In: nothing. Out: SQL and the text of a policy. I/O: none.
"""

from __future__ import annotations

from typing import LiteralString

SCHEMA: LiteralString = """
CREATE TYPE public.mood AS ENUM ('happy', 'angry');
CREATE TABLE public.orders (
    id bigint PRIMARY KEY,
    stat_cd integer NOT NULL DEFAULT 7,
    amount numeric NOT NULL DEFAULT 100,
    margin text DEFAULT 'hidden-margin' CHECK (length(margin) > 3),
    deleted_at timestamptz, deleted_by text, delete_reason text
);
CREATE TABLE public.refunds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ord_id bigint NOT NULL,
    amt numeric NOT NULL CHECK (amt < 1000),
    why text
);
CREATE TABLE public.payments (id bigserial PRIMARY KEY, card_no text);
"""

RESET: LiteralString = """
DELETE FROM public.refunds; DELETE FROM public.orders; DELETE FROM public.payments;
INSERT INTO public.orders (id) SELECT i FROM generate_series(1, 200) AS i;
INSERT INTO public.payments (card_no) VALUES ('4111-1');
DELETE FROM pgmoat.task; DELETE FROM pgmoat.ledger; DELETE FROM pgmoat.hour;
DELETE FROM pgmoat.statement; DELETE FROM pgmoat.change; DELETE FROM pgmoat.operation_call;
UPDATE pgmoat.agent SET frozen_at = NULL, frozen_by = NULL, frozen_reason = NULL WHERE frozen_at IS NOT NULL;
"""

POLICY = """
entities:
  orders:
    table: public.orders
    columns:
      id: {}
      stat_cd: {name: status, values: {5: shipped, 7: delivered, 8: refunded}}
      amount: {}
    delete: soft
  refunds:
    table: public.refunds
    columns: {id: {}, ord_id: {name: order_id}, amt: {name: amount}, why: {name: reason}}
operations:
  refund_order:
    doc: Refund an order in full or in part.
    parameters:
      order_id: bigint
      amount: {type: numeric, doc: In the order's currency.}
      reason: {type: text, optional: true}
    entities:
      orders: {select: all, update: [status]}
      refunds: {insert: [order_id, amount, reason]}
    require:
      - {that: ":amount > 0", message: The amount must be positive.}
      - that: EXISTS (SELECT FROM orders AS o WHERE o.id = :order_id AND o.status = 'delivered')
        message: Only a delivered order can be refunded.
    sql:
      - UPDATE orders SET status = 'refunded' WHERE id = :order_id AND status = 'delivered'  -- one
      - INSERT INTO refunds (order_id, amount, reason) VALUES (:order_id, :amount, :reason);
    returns: SELECT id, status FROM orders WHERE id = :order_id
    affects: 2
  add_refund:                   # several on purpose: the key is optional
    parameters: {order_id: bigint, amount: numeric}
    entities: {refunds: {insert: [order_id, amount]}}
    returns: INSERT INTO refunds (order_id, amount) VALUES (:order_id, :amount) RETURNING id, amount
    idempotency: optional
  mark_many:
    parameters: {first: bigint, last: bigint}
    entities: {orders: {update: [amount]}}
    sql: UPDATE orders SET amount = amount + 1 WHERE id BETWEEN :first AND :last
    affects: any
    expires: 1h
  remember:
    doc: Keeps values of all sorts.
    parameters:
      at: timestamptz
      data: {type: jsonb, optional: true}
      mood: {type: public.mood, optional: true}
      tags: {type: "text[]", optional: true}
    entities: {refunds: {insert: [order_id, amount, reason]}}
    sql: >-
      INSERT INTO refunds (order_id, amount, reason)
      VALUES (1, 1, concat_ws('|', :at, :data, :mood, (:tags)[1:1]))
    returns: SELECT i FROM generate_series(1, 150) AS i ORDER BY i
  drop_order:
    parameters: {order_id: bigint}
    entities: {orders: {select: [id], delete: true}}
    sql: DELETE FROM orders WHERE id = :order_id
agents:
  support: &agent               # operations, and no write grant at all
    entities: {orders: {}}
    operations: [refund_order, add_refund, mark_many, remember, drop_order]
    connections: 60
    timeouts: {lock: 20s, statement: 20s}
    limits: {rows_per_statement: 50, writes_per_task: 10000, writes_per_hour: 1000000}
  second: *agent
  hasty:                        # waits for nobody, and may write little
    entities: {orders: {}}
    operations: [refund_order, mark_many, add_refund]
    timeouts: {lock: 100ms}
    limits: {rows_per_statement: 10, writes_per_task: 12}
  blind:                        # sees nothing but what operations return
    operations: [refund_order]
  clerk:                        # writes by SQL, and may call nothing
    entities: {orders: {update: all}, refunds: {insert: all}}
"""
