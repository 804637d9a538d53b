-- A shop as it grew: what each rule is for, and beside it what is in order.
CREATE TABLE usr (
    id integer PRIMARY KEY,
    nm text NOT NULL,
    "SignupDate" text,
    ctry char(2),
    active_flg char(1) DEFAULT 'Y',
    prefs text
);
CREATE TABLE ord (
    id integer PRIMARY KEY,
    usr_id integer NOT NULL,
    stat_cd smallint NOT NULL,
    flg_1 boolean,
    shipped_at timestamptz,
    upd_ts timestamp,
    unit_price real,
    pay_method text,
    duration integer,
    "order" integer,
    data text
);
CREATE TABLE ord_itm (ord_id integer, qty smallint, note1 text, note2 text, note3 text);
CREATE TABLE products (id integer PRIMARY KEY, name text NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE suppliers (id integer PRIMARY KEY, name text NOT NULL, create_date timestamptz NOT NULL);
CREATE TABLE product_attributes (
    id integer PRIMARY KEY, product_id integer REFERENCES products, attribute text, value text
);
CREATE TABLE comments (id integer PRIMARY KEY, object_type text, object_id integer, body text);
CREATE TABLE tenants (
    id integer PRIMARY KEY,
    name text NOT NULL,
    plan text NOT NULL CHECK (plan IN ('free', 'pro')),
    is_active boolean NOT NULL,
    created_at timestamptz NOT NULL,
    trial_ended_at timestamptz
);
CREATE VIEW big_spenders AS SELECT id AS xfrcd FROM usr;
COMMENT ON TABLE tenants IS 'One row per paying organisation.';
COMMENT ON COLUMN tenants.trial_ended_at IS 'End of the free trial; NULL while it runs, or without one.';

INSERT INTO usr
SELECT i, 'n' || i, to_char(date '2020-01-01' + i, 'MM/DD/YYYY'), CASE i % 2 WHEN 0 THEN 'DE' ELSE 'FR' END,
       CASE i % 7 WHEN 0 THEN 'N' ELSE 'Y' END, '{"theme": "t' || i % 3 || '"}'
  FROM generate_series(1, 300) AS i;
INSERT INTO ord
SELECT i, 1 + i % 300, (ARRAY[1, 2, 5])[1 + i % 3], CASE i % 3 WHEN 0 THEN true WHEN 1 THEN false END,
       CASE i % 3 WHEN 0 THEN now() END, now(), 1.5, (ARRAY['card', 'Card', 'cash'])[1 + i % 3], i, i, 'x'
  FROM generate_series(1, 600) AS i;
INSERT INTO products SELECT i, 'p' || i, now() FROM generate_series(1, 50) AS i;
INSERT INTO product_attributes
SELECT i, 1 + i % 50, (ARRAY['color', 'size'])[1 + i % 2], i::text FROM generate_series(1, 100) AS i;
INSERT INTO comments SELECT i, (ARRAY['ord', 'product'])[1 + i % 2], i, 'x' FROM generate_series(1, 100) AS i;
ANALYZE;
