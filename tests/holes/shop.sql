-- A shop in which nothing is open but what PostgreSQL opens itself, before holes are made in it.
-- Roles: PREFIXowner owns it, PREFIXclerk is people's program, PREFIXbot is the role that is asked about.
CREATE ROLE PREFIXowner;
CREATE ROLE PREFIXclerk LOGIN PASSWORD 'PREFIXclerk';
CREATE ROLE PREFIXbot LOGIN PASSWORD 'PREFIXbot';

CREATE SCHEMA shop AUTHORIZATION PREFIXowner;
CREATE SCHEMA hr AUTHORIZATION PREFIXowner;
SET ROLE PREFIXowner;

CREATE TABLE shop.customers (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL,
    card_number text NOT NULL
);
INSERT INTO shop.customers (name, email, card_number)
SELECT 'Customer ' || i, 'c' || i || '@example.com', '4111-secret-' || i FROM pg_catalog.generate_series(1, 200) AS i;

CREATE TABLE shop.orders (
    id serial PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES shop.customers,
    status text NOT NULL DEFAULT 'open',
    total numeric(10, 2) NOT NULL DEFAULT 0,
    stamped_by text
);
INSERT INTO shop.orders (customer_id, total)
SELECT 1 + i % 200, i FROM pg_catalog.generate_series(1, 1000) AS i;

CREATE TABLE shop.notes (id serial PRIMARY KEY, text text NOT NULL);

CREATE TABLE hr.payroll (person text PRIMARY KEY, salary integer NOT NULL, iban text NOT NULL);
INSERT INTO hr.payroll VALUES ('Ada', 9000, 'secret-iban-1'), ('Bob', 4000, 'secret-iban-2');

-- What everyone of the shop's programs may do; it must stay.
GRANT USAGE ON SCHEMA shop TO PREFIXclerk, PREFIXbot;
GRANT SELECT, INSERT, UPDATE ON shop.orders, shop.notes TO PREFIXclerk;
GRANT USAGE ON SEQUENCE shop.orders_id_seq, shop.notes_id_seq TO PREFIXclerk;
GRANT SELECT ON shop.customers TO PREFIXclerk;
GRANT SELECT, INSERT ON shop.notes TO PREFIXbot;
GRANT USAGE ON SEQUENCE shop.notes_id_seq TO PREFIXbot;
RESET ROLE;
