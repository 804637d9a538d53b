"""
A shop of two customers and a policy that scopes it, for agents that try to see more.

In: nothing. Out: SQL and the text of a policy. I/O: none.
"""

from __future__ import annotations

from typing import LiteralString

SCHEMA: LiteralString = """
CREATE TYPE public.tier AS ENUM ('gold', 'base');
CREATE DOMAIN public.customer_number AS bigint;
CREATE TABLE public.customers (
    id bigint PRIMARY KEY,
    nm text NOT NULL,
    eml text UNIQUE,
    tier public.tier NOT NULL DEFAULT 'base',
    region varchar(20) NOT NULL DEFAULT 'north'
);
CREATE TABLE public.orders (
    id bigserial PRIMARY KEY,
    usr_id public.customer_number REFERENCES public.customers (id),
    stat_cd integer NOT NULL DEFAULT 1,
    ref text UNIQUE,
    amt numeric NOT NULL DEFAULT 10 CHECK (amt >= 0),
    EXCLUDE USING btree (ref WITH =)
);
CREATE INDEX ON public.orders (usr_id);
CREATE TABLE public.order_items (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ord_id bigint,
    sku text,
    qty integer NOT NULL DEFAULT 1
);
CREATE INDEX ON public.order_items (ord_id);
CREATE TABLE public.notes (id bigserial PRIMARY KEY, item integer, txt text);
CREATE TABLE public.gifts (
    id bigserial PRIMARY KEY, tier public.tier, region varchar(20), owner uuid, txt text
);
CREATE TABLE public.visits (id bigserial PRIMARY KEY, cust bigint NOT NULL DEFAULT 42, page text);
CREATE TABLE public.plain (id bigserial PRIMARY KEY, txt text);
"""

RESET: LiteralString = """
DELETE FROM public.notes; DELETE FROM public.order_items; DELETE FROM public.orders; DELETE FROM public.gifts;
DELETE FROM public.visits; DELETE FROM public.plain; DELETE FROM public.customers;
ALTER SEQUENCE public.orders_id_seq RESTART; ALTER SEQUENCE public.order_items_id_seq RESTART;
ALTER SEQUENCE public.notes_id_seq RESTART; ALTER SEQUENCE public.gifts_id_seq RESTART;
INSERT INTO public.customers (id, nm, eml, tier, region)
VALUES (42, 'Ann', 'ann@example.com', 'gold', 'north'), (43, 'Bob', 'bob@secret.example', 'base', 'south'),
       (44, 'Cy', 'cy@secret.example', 'base', 'south');
INSERT INTO public.orders (usr_id, stat_cd, ref, amt)
SELECT 42 + i % 3, 1 + i % 2, 'ref-' || i, i FROM generate_series(0, 29) AS i;
INSERT INTO public.orders (usr_id, ref, amt) VALUES (NULL, 'nobody', 7777);
INSERT INTO public.order_items (ord_id, sku)
SELECT o.id, 'sku-' || o.id FROM public.orders AS o ORDER BY o.id;
INSERT INTO public.order_items (ord_id, sku) VALUES (NULL, 'sku-of-nobody');
INSERT INTO public.notes (item, txt) SELECT i.id, 'note ' || i.id FROM public.order_items AS i ORDER BY i.id;
INSERT INTO public.gifts (tier, region, owner, txt)
VALUES ('gold', 'north', '00000000-0000-0000-0000-000000000042', 'mug'),
       ('base', 'south', '00000000-0000-0000-0000-000000000043', 'car');
INSERT INTO public.visits (cust, page) VALUES (42, '/a'), (43, '/b');
INSERT INTO public.plain (txt) VALUES ('everybody');
DELETE FROM pgmoat.task; DELETE FROM pgmoat.ledger; DELETE FROM pgmoat.hour;
DELETE FROM pgmoat.statement; DELETE FROM pgmoat.change;
"""
# Orders 1, 4, 7... (10 of them) are customer 42's, 2, 5, 8... 43's, 3, 6, 9... 44's; 31 is nobody's.
OWN_ORDERS = tuple(range(1, 31, 3))

POLICY = """
entities:
  customers:
    table: public.customers
    columns: {id: {}, nm: {name: name}, eml: {name: email}}
    rows: id = task.customer_id
  orders:
    table: public.orders
    columns:
      id: {}
      usr_id: {name: customer_id, references: customers}
      stat_cd: {name: status, values: {1: pending, 2: shipped}}
      ref: {}
      amt: {name: amount}
    rows: customer_id = task.customer_id
    delete: soft
  orders_by_index:            # the same rows, agents' conditions may use indexes
    table: public.orders
    columns: {id: {}, amt: {name: amount}, ref: {}}
    rows: usr_id = task.customer_id
    rows_first: false
  items:
    table: public.order_items
    columns: {id: {}, ord_id: {name: order_id}, sku: {}, qty: {}}
    rows: order_id in orders
    delete: soft
  notes:                      # two steps away, by a column that agents do not see
    table: public.notes
    columns: {id: {}, txt: {}}
    rows: item in items
  gifts:
    table: public.gifts
    columns: {id: {}, tier: {}, txt: {}}
    rows: tier = task.tier and region = task.region and owner = task.owner
  visits:                     # the scope column is hidden and has a default
    table: public.visits
    columns: {id: {}, page: {}}
    rows: cust = task.customer_id
  plain:
    table: public.plain
    columns: {id: {}, txt: {}}
agents:
  clerk:
    entities: &all
      customers: {insert: all, update: all}
      orders: {insert: all, update: all, delete: true}
      orders_by_index: {update: all}
      items: {insert: all, update: all, delete: true}
      notes: {update: all}
      gifts: {update: all}
      visits: {insert: all, update: all}
      plain: {insert: all}
    connections: 60
    timeouts: {lock: 20s, statement: 20s}
    limits: {rows_per_statement: 1000, writes_per_task: 100000, writes_per_hour: 1000000}
"""
