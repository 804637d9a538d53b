"""
A shop whose agents work through the runtime.

In: nothing. Out: SQL and the text of a policy. I/O: none.
"""

from __future__ import annotations

from typing import LiteralString

SCHEMA: LiteralString = """
CREATE TABLE public.orders (
    id bigint PRIMARY KEY,
    usr_id bigint NOT NULL,
    stat_cd integer NOT NULL DEFAULT 1,
    amt numeric(10, 2) NOT NULL DEFAULT 10.50,
    n integer NOT NULL DEFAULT 0,
    note text,
    margin text NOT NULL DEFAULT 'hidden-margin',
    deleted_at timestamptz, deleted_by text, delete_reason text
);
CREATE INDEX ON public.orders (usr_id);
CREATE TABLE public.refunds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ord_id bigint NOT NULL,
    amt numeric NOT NULL CHECK (amt < 1000),
    at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE public.tickets (id bigint PRIMARY KEY, state text NOT NULL DEFAULT 'open');
CREATE TABLE public.payments (id bigserial PRIMARY KEY, card_no text);
"""

RESET: LiteralString = """
DELETE FROM public.refunds; DELETE FROM public.orders; DELETE FROM public.tickets;
INSERT INTO public.orders (id, usr_id) SELECT i, i % 10 FROM generate_series(1, 2000) AS i;
INSERT INTO public.tickets (id) SELECT i FROM generate_series(1, 20) AS i;
DELETE FROM pgmoat.task; DELETE FROM pgmoat.ledger; DELETE FROM pgmoat.hour; DELETE FROM pgmoat.opening;
DELETE FROM pgmoat.statement; DELETE FROM pgmoat.change; DELETE FROM pgmoat.operation_call;
UPDATE pgmoat.agent SET frozen_at = NULL, frozen_by = NULL, frozen_reason = NULL WHERE frozen_at IS NOT NULL;
"""

POLICY = """
entities:
  orders:
    table: public.orders
    columns:
      id: {}
      usr_id: {name: customer_id}
      stat_cd: {name: status, values: {1: pending, 2: shipped, 8: refunded}}
      amt: {name: amount}
      n: {name: visits}
      note: {}
    delete: {mode: soft, reason: required}
  own_orders:
    table: public.orders
    columns: {id: {}, usr_id: {name: customer_id}, n: {name: visits}}
    rows: customer_id = task.customer_id
  refunds:
    table: public.refunds
    columns: {id: {}, ord_id: {name: order_id}, amt: {name: amount}, at: {}}
  tickets:
    table: public.tickets
    columns: {id: {}, state: {}}
    log: {name: ticket_log, state: state, transitions: {open: [closed], closed: [open]}}
operations:
  refund_order:
    doc: Refund an order.
    parameters: {order_id: bigint, amount: numeric, note: {type: text, optional: true}}
    entities:
      orders: {select: all, update: [status, note]}
      refunds: {select: all, insert: [order_id, amount]}
    require:
      - {that: ":amount > 0", message: The amount must be positive.}
    sql:
      - UPDATE orders SET status = 'refunded', note = :note WHERE id = :order_id AND status <> 'refunded'
      - INSERT INTO refunds (order_id, amount) VALUES (:order_id, :amount)
    returns: SELECT id, order_id, amount FROM refunds WHERE order_id = :order_id
    affects: 2
  bump:
    parameters: {order_id: bigint}
    entities: {orders: {update: [visits]}}
    sql: UPDATE orders SET visits = visits + 1 WHERE id = :order_id
  keep:
    parameters: {order_id: bigint, data: jsonb}
    entities: {orders: {update: [note]}}
    sql: UPDATE orders SET note = :data WHERE id = :order_id
agents:
  support: &agent
    entities:
      orders: {update: [status, amount, visits, note], delete: true}
      refunds: {insert: [order_id, amount]}
      tickets: {}
      ticket_log: {insert: all}
    operations: [refund_order, bump, keep]
    connections: 60
    pool: {workers: 10, steps: 2, overflow: 2, timeout: 1s}
    timeouts: {statement: 2s, idle_in_transaction: 1s, transaction: 3s}
    limits: {rows_per_statement: 50, writes_per_task: 5000, writes_per_hour: 1000000}
    guard: {result_rows: 100, result_bytes: 64kB}
  second: *agent
  narrow:                       # may write little, has two connections, and no comment in its statements
    entities: {orders: {update: [visits]}}
    operations: [bump]
    pool: {workers: 2, steps: 1, overflow: 0, timeout: 200ms}
    limits: {rows_per_statement: 3, writes_per_task: 5}
    tags: application_name
  solo:                         # comes straight only
    entities: {orders: {update: [visits]}}
    pool: {workers: 6, steps: 2, overflow: 0, timeout: 1s}
  customer:                     # sees rows of its customer only
    entities: {own_orders: {update: [visits]}}
  robot:                        # claims its tasks
    tasks: claimed
    entities: {orders: {update: [visits]}}
  picky:                        # reads two columns
    entities: {orders: {select: [id, visits]}}
  thrifty:                      # plans must be cheap
    entities: {orders: {update: [visits]}}
    guard: {cost: 20, plan_rows: 500}
"""
