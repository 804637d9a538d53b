-- Types, keys and names that need care.
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE "Odd Table" (
    "Key A" integer NOT NULL,
    "order" integer NOT NULL,
    payload json,
    price numeric(10, 2),
    ratio double precision,
    feeling mood,
    seq bigserial,
    doubled integer GENERATED ALWAYS AS ("order" * 2) STORED,
    PRIMARY KEY ("Key A", "order")
);
