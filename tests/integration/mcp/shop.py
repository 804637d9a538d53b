"""
A shop whose agents come by MCP.

In: nothing. Out: SQL and the text of a policy. I/O: none.
"""

from __future__ import annotations

from typing import LiteralString

SCHEMA: LiteralString = """
CREATE TABLE public.customers (id bigint PRIMARY KEY, nm text NOT NULL, tax_no text DEFAULT 'hidden-tax');
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
CREATE TABLE public.refunds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ord_id bigint NOT NULL,
    amt numeric NOT NULL CHECK (amt < 1000),
    at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE public.tickets (id bigint PRIMARY KEY, state text NOT NULL DEFAULT 'open');
CREATE FUNCTION public.nap(s double precision) RETURNS boolean LANGUAGE sql VOLATILE COST 1
    AS 'SELECT pg_catalog.pg_sleep(s) IS NOT NULL';
CREATE TABLE public.secrets (id bigint PRIMARY KEY, secret text);
"""

RESET: LiteralString = """
DELETE FROM public.refunds; DELETE FROM public.orders; DELETE FROM public.tickets;
DELETE FROM public.customers;
INSERT INTO public.customers (id, nm) SELECT i, 'Customer ' || i FROM generate_series(0, 9) AS i;
INSERT INTO public.orders (id, usr_id) SELECT i, i % 10 FROM generate_series(1, 500) AS i;
INSERT INTO public.tickets (id) SELECT i FROM generate_series(1, 5) AS i;
DELETE FROM pgmoat.task; DELETE FROM pgmoat.ledger; DELETE FROM pgmoat.hour; DELETE FROM pgmoat.opening;
DELETE FROM pgmoat.statement; DELETE FROM pgmoat.change; DELETE FROM pgmoat.operation_call;
DELETE FROM pgmoat.approval;
UPDATE pgmoat.agent SET frozen_at = NULL, frozen_by = NULL, frozen_reason = NULL WHERE frozen_at IS NOT NULL;
"""

POLICY = """
entities:
  customers:
    table: public.customers
    doc: One row per customer.
    columns:
      id: {doc: Number of the customer.}
      nm: {name: name, doc: Full name.}
  orders:
    table: public.orders
    doc: One row per customer order.
    columns:
      id: {doc: Number of the order.}
      usr_id: {name: customer_id, doc: Who placed it., references: customers}
      stat_cd: {name: status, doc: Where it stands., values: {1: pending, 2: shipped, 8: refunded}}
      amt: {name: amount, doc: In euros.}
      n: {name: visits}
      note: {}
    delete: {mode: soft, reason: required}
  own_orders:
    table: public.orders
    doc: Orders of the task's customer.
    columns: {id: {}, usr_id: {name: customer_id}, n: {name: visits}}
    rows: customer_id = task.customer_id
  refunds:
    table: public.refunds
    columns: {id: {}, ord_id: {name: order_id, references: orders}, amt: {name: amount}, at: {}}
  tickets:
    table: public.tickets
    columns: {id: {}, state: {}}
    log:
      name: ticket_log
      doc: What happened to a ticket.
      state: state
      transitions: {open: [closed], closed: [open]}
operations:
  refund_order:
    doc: Refund an order.
    parameters:
      order_id: {type: bigint, doc: The order.}
      amount: numeric
      note: {type: text, optional: true}
    entities:
      orders: {select: all, update: [status, note]}
      refunds: {select: all, insert: [order_id, amount]}
    require:
      - {that: ":amount > 0", message: The amount must be positive.}
    sql:
      - UPDATE orders SET status = 'refunded', note = :note WHERE id = :order_id AND status <> 'refunded'
      - INSERT INTO refunds (order_id, amount) VALUES (:order_id, :amount)
    returns: SELECT order_id, amount FROM refunds WHERE order_id = :order_id
    affects: 2
  clear:
    doc: Clear the note of an order.
    parameters: {order_id: bigint}
    entities: {orders: {update: [note]}}
    sql: UPDATE orders SET note = 'cleared' WHERE id = :order_id
    approval: always
  keep:
    doc: Keep data with an order.
    parameters: {order_id: bigint, data: jsonb, step: {type: text, optional: true}}
    entities: {orders: {update: [note]}}
    sql: UPDATE orders SET note = :data::text || COALESCE(:step, '') WHERE id = :order_id
agents:
  support:                      # works in tasks of an orchestrator
    doc: Answers customers.
    entities:
      customers: {}
      orders: {update: [status, amount, visits, note], delete: true}
      refunds: {insert: [order_id, amount]}
      tickets: {}
      ticket_log: {insert: all}
    operations: [refund_order, keep]
    connections: 60
    pool: {workers: 10, steps: 2, overflow: 2, timeout: 2s}
    timeouts: {statement: 20s, idle_in_transaction: 10s, transaction: 30s}
    limits: {rows_per_statement: 50, writes_per_task: 500, writes_per_hour: 1000000}
    guard: {result_rows: 100, result_bytes: 64kB, functions: [public.nap]}
  robot:                        # the same, and names its tasks
    doc: Answers customers.
    tasks: claimed
    entities:
      customers: {}
      orders: {update: [status, amount, visits, note], delete: true}
      refunds: {insert: [order_id, amount]}
      tickets: {}
      ticket_log: {insert: all}
    operations: [refund_order, keep]
    connections: 60
    pool: {workers: 10, steps: 2, overflow: 2, timeout: 2s}
    timeouts: {statement: 20s, idle_in_transaction: 10s, transaction: 30s}
    limits: {rows_per_statement: 50, writes_per_task: 500, writes_per_hour: 1000000}
    guard: {result_rows: 100, result_bytes: 64kB, functions: [public.nap]}
  hourly:                       # names its tasks, twelve rows an hour
    tasks: claimed
    entities: {orders: {update: [visits]}}
    limits: {rows_per_statement: 50, writes_per_task: 500, writes_per_hour: 12}
  reader:                       # writes nothing
    tasks: claimed
    entities: {orders: {select: [id, status, amount]}, customers: {}}
  careful:                      # asks a person first
    tasks: claimed
    entities: {orders: {update: [visits, note]}}
    operations: [clear]
    approval: {rows_per_statement: 3}
  caller:                       # has operations only
    tasks: claimed
    operations: [refund_order]
  customer:                     # sees rows of its customer only
    entities: {own_orders: {update: [visits]}}
  tight:                        # has one connection
    tasks: claimed
    entities: {orders: {}}
    pool: {workers: 1, steps: 1, overflow: 0, timeout: 300ms}
    timeouts: {statement: 20s}
    guard: {functions: [public.nap]}
"""
