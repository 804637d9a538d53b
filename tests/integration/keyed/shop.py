"""
A shop whose agents write counters with their own SQL.

In: nothing. Out: SQL and the text of a policy. I/O: none.
"""

from __future__ import annotations

from typing import LiteralString

SCHEMA: LiteralString = """
CREATE TABLE public.counters (
    id bigint PRIMARY KEY,
    v bigint NOT NULL DEFAULT 0,
    note text DEFAULT 'hidden-note',
    margin text DEFAULT 'hidden-margin',
    deleted_at timestamptz, deleted_by text, delete_reason text
);
CREATE TABLE public.refunds (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, counter bigint, why text);
CREATE TABLE public.items (id bigint PRIMARY KEY, cust bigint NOT NULL, sku text);
CREATE INDEX ON public.items (cust);
"""

RESET: LiteralString = """
DELETE FROM public.counters; DELETE FROM public.refunds; DELETE FROM public.items;
INSERT INTO public.counters (id) SELECT i FROM generate_series(1, 60) AS i;
INSERT INTO public.items (id, cust, sku) VALUES (1, 42, 'a'), (2, 42, 'b'), (3, 43, 'c');
DELETE FROM pgmoat.task; DELETE FROM pgmoat.ledger; DELETE FROM pgmoat.hour; DELETE FROM pgmoat.opening;
DELETE FROM pgmoat.statement; DELETE FROM pgmoat.change; DELETE FROM pgmoat.operation_call;
UPDATE pgmoat.agent SET frozen_at = NULL, frozen_by = NULL, frozen_reason = NULL WHERE frozen_at IS NOT NULL;
"""

POLICY = """
entities:
  counters:
    table: public.counters
    columns: {id: {}, v: {}, note: {}}
    delete: soft
  refunds:
    table: public.refunds
    columns: {id: {}, counter: {}, why: {}}
  items:
    table: public.items
    columns: {id: {}, cust: {name: customer_id}, sku: {}}
    rows: customer_id = task.customer_id
operations:
  refund:
    parameters: {counter_id: bigint}
    entities: {counters: {select: [id, v], update: [v]}, refunds: {insert: [counter, why]}}
    sql:
      - UPDATE counters SET v = v + 1 WHERE id = :counter_id
      - INSERT INTO refunds (counter, why) VALUES (:counter_id, 'hidden-why')
    affects: 2
agents:
  worker: &worker
    entities: {counters: {insert: all, update: all, delete: true}, items: {update: [sku]}}
    operations: [refund]
    connections: 60
    timeouts: {lock: 20s, statement: 20s, idle_in_transaction: 60s}
    limits: {rows_per_statement: 50, writes_per_task: 1000, bytes_per_task: 1MB, writes_per_hour: 1000000}
  twin: *worker                 # the same rights under another name
  hasty:                        # waits for nobody, and may write little
    entities: {counters: {update: [v]}}
    timeouts: {lock: 100ms}
    limits: {rows_per_statement: 10, writes_per_task: 12, bytes_per_task: 64kB}
  narrow:                       # writes a column that it may not read
    entities: {counters: {select: [id, v], update: [v, note]}}
  claimer:
    entities: {counters: {update: all}}
    tasks: claimed
  reader:
    entities: {counters: {}}
    limits: {writes_per_task: 5}
"""
