-- The orders table of a shop that named its columns long ago.
CREATE TABLE customers (id bigint PRIMARY KEY, nm text NOT NULL, ssn text);
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    usr_id bigint NOT NULL REFERENCES customers (id),
    stat_cd integer NOT NULL DEFAULT 1,
    flg_1 boolean NOT NULL DEFAULT false,
    upd_ts timestamptz DEFAULT now()
);
