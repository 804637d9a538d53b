"""
A site where each operation leaves a trace of its own.

In: nothing. Out: SQL and the text of a policy. I/O: none.
"""

from __future__ import annotations

from typing import LiteralString

SCHEMA: LiteralString = """
CREATE TABLE public.counters (id bigint PRIMARY KEY, v integer NOT NULL DEFAULT 0);
CREATE TABLE public.notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, op bigint NOT NULL);
CREATE TABLE public.payments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, op bigint NOT NULL, amt numeric NOT NULL
);
CREATE TABLE public.orders (
    id bigint PRIMARY KEY, deleted_at timestamptz, deleted_by text, delete_reason text
);
CREATE TABLE public.tickets (id bigint PRIMARY KEY, state text NOT NULL DEFAULT 'open');
INSERT INTO public.tickets (id) SELECT i FROM generate_series(1, 3000) AS i;
"""

RESET: LiteralString = """
TRUNCATE public.counters, public.notes, public.payments, public.orders;
INSERT INTO public.counters (id) SELECT i FROM generate_series(0, 1000) AS i;
INSERT INTO public.orders (id) SELECT i FROM generate_series(1, 1000) AS i;
DELETE FROM pgmoat.task; DELETE FROM pgmoat.ledger; DELETE FROM pgmoat.hour; DELETE FROM pgmoat.opening;
DELETE FROM pgmoat.statement; DELETE FROM pgmoat.change; DELETE FROM pgmoat.operation_call;
"""

POLICY = """
entities:
  counters: {table: public.counters, columns: {id: {}, v: {}}}
  notes: {table: public.notes, columns: {id: {}, op: {}}}
  payments: {table: public.payments, columns: {id: {}, op: {}, amt: {name: amount}}}
  orders: {table: public.orders, columns: {id: {}}, delete: {mode: soft, reason: required}}
  tickets:
    table: public.tickets
    columns: {id: {}, state: {}}
    log: {name: ticket_log, state: state, transitions: {open: [closed]}}
operations:
  pay:
    parameters: {op: bigint, amount: numeric}
    entities: {counters: {update: [v]}, payments: {select: all, insert: [op, amount]}}
    sql:
      - UPDATE counters SET v = v + 1 WHERE id = :op
      - INSERT INTO payments (op, amount) VALUES (:op, :amount)
    returns: SELECT id, op, amount FROM payments WHERE op = :op
    affects: 2
agents:
  worker: &agent
    entities:
      counters: {update: [v]}
      notes: {insert: [op]}
      orders: {delete: true}
      tickets: {}
      ticket_log: {insert: all}
    operations: [pay]
    connections: 60
    pool: {workers: 10, steps: 2, overflow: 2, timeout: 1s}
    timeouts: {statement: 10s, idle_in_transaction: 10s, transaction: 30s}
    limits: {writes_per_task: 5000, writes_per_hour: 1000000}
  second: *agent
"""
