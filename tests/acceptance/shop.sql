-- A small legacy shop.
CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, nm text NOT NULL, ssn text);
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    usr_id bigint NOT NULL REFERENCES customers (id),
    stat_cd integer NOT NULL DEFAULT 1,
    upd_ts timestamptz DEFAULT now()
);
CREATE INDEX ON orders (stat_cd);
CREATE TABLE payments (id bigint PRIMARY KEY, card_no text);
INSERT INTO customers (nm, ssn) SELECT 'customer ' || n, '078-05-' || n FROM generate_series(1, 20) AS n;
INSERT INTO orders (usr_id, stat_cd) SELECT 1 + n % 20, 1 + n % 2 FROM generate_series(1, 200) AS n;
INSERT INTO payments VALUES (1, '4111111111111111');
