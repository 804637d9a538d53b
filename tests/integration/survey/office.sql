-- An office: constraints, lookups, codes, secrets, partitions, a view that must not be run.
CREATE SCHEMA office;

CREATE DOMAIN office.grade AS text CHECK (VALUE IN ('junior', 'senior'));
CREATE DOMAIN office.top_grade AS office.grade CHECK (length(VALUE) > 3);
CREATE TYPE office.mood AS ENUM ('sad', 'ok');

CREATE TABLE office.departments (
    id integer PRIMARY KEY,
    label text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO office.departments (id, label) VALUES (10, 'Sales'), (2, 'Stores'), (3, 'Board');

CREATE TABLE office.employees (
    id integer PRIMARY KEY,
    department_id integer NOT NULL REFERENCES office.departments ON DELETE RESTRICT,
    stat_cd smallint NOT NULL,
    kind char(1) CHECK (kind IN ('F', 'P')),
    grade office.top_grade,
    mood office.mood,
    email text NOT NULL UNIQUE,
    pwd text,
    card text,
    born date,
    note text,
    photo bytea,
    settings jsonb,
    tags text[]
);
COMMENT ON TABLE office.employees IS 'Who works here.';
INSERT INTO office.employees
SELECT i, (ARRAY[10, 2, 3])[1 + i % 3], (ARRAY[1, 1, 1, 2])[1 + i % 4], (ARRAY['F', 'P'])[1 + i % 2],
       (ARRAY['junior', 'senior'])[1 + i % 2], 'ok', 'person' || i || '@corp.example',
       md5('secret' || i), '411111111111' || lpad((i % 10)::text, 4, '0'), date '1980-01-01' + i,
       'Zebrawood remark ' || i, decode('ffd8ff', 'hex') || int4send(i) || decode(repeat('00', 4000), 'hex'),
       jsonb_build_object('theme', 'dark', 'recovery', 'person' || i || '@home.example'), ARRAY['a', 'b']
  FROM generate_series(1, 400) AS i;

CREATE TABLE office.badges (
    employee_id integer NOT NULL,
    number integer NOT NULL,
    PRIMARY KEY (employee_id, number)
);
CREATE TABLE office.visits (
    employee_id integer,
    number integer,
    FOREIGN KEY (employee_id, number) REFERENCES office.badges (employee_id, number) ON DELETE CASCADE
);

CREATE TABLE office.events (at date NOT NULL, kind smallint NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE office.events_2024 PARTITION OF office.events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE office.events_2025 PARTITION OF office.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO office.events SELECT date '2024-01-01' + i % 700, 1 + i % 4 FROM generate_series(1, 500) AS i;

CREATE TABLE office.ran (at timestamptz);
CREATE FUNCTION office.leave_a_trace() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO office.ran VALUES (now());
    RETURN 1;
END
$$;
CREATE VIEW office.traced AS SELECT office.leave_a_trace() AS one, e.email FROM office.employees AS e;

CREATE TABLE office.big (id integer, state smallint, filler text);
INSERT INTO office.big SELECT i, 1 + i % 3, repeat('x', 100) FROM generate_series(1, 120000) AS i;
UPDATE office.big SET state = 9 WHERE id = 60000;
VACUUM ANALYZE office.big;
