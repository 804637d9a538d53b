-- Everything odd that a database may hold: names, types, keys, row security, rules, inheritance, PUBLIC, deletes.
CREATE SCHEMA "Odd ""Schema";
CREATE SCHEMA "dotted.schema";
CREATE TABLE "dotted.schema".t (id int primary key);
CREATE TABLE public."a.b" (id int primary key);
CREATE TABLE "Odd ""Schema"."Tab le ""x""" ("I D" int primary key, "say ""hi""" text, "dot.ted" int, "ümlaut" text, "col:on # x" text, "
new line" text, "tab	" text, "true" boolean, "null" int, "01" int, "1" int, "user" text, "order" int, "xmin_" int, "ctid_" text, "{}" int, "[a, b]" text, "- x" text, "& a" text, "日本語" text, "😀" text);
CREATE TABLE public."user" (id int generated always as identity primary key, "group" text, "desc" text, "end" timestamptz, "default" boolean);
CREATE TABLE public."order" (id bigserial primary key, user_id int references "user", status_cd smallint check (status_cd in (1,2,3)), st char(1), created_at timestamptz default now(), total numeric generated always as (1.5) stored);
INSERT INTO "order" (status_cd, st) SELECT 1 + i % 3, (array['A','B'])[1 + i%2] FROM generate_series(1,100) i;
CREATE TABLE public.orders (id int primary key, a int);
CREATE TABLE public.clash (a_b int, "aB" int, "A_B" int, "a b" int, "A-B" int, primary key (a_b));
CREATE TABLE public.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa (bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb int primary key, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbc int);
CREATE TABLE public.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab (id int primary key);
CREATE TABLE public.nokey (a int, b text);
CREATE TABLE public.nocols ();
CREATE DOMAIN posint AS int CHECK (VALUE > 0);
CREATE DOMAIN yn AS char(1) CHECK (VALUE IN ('Y','N'));
CREATE TYPE mood AS ENUM ('sad', 'ok', 'ha,p: py');
CREATE TYPE comp AS (x int, y text);
CREATE TABLE public.types (id uuid primary key default gen_random_uuid(), p posint, y yn, m mood, mm mood[], c comp, r int4range, x xml, j jsonb, js json, b bytea, bit bit(3), vb varbit, tsv tsvector, i interval, pt point, mac macaddr, inet inet, money money, tz timetz, oid_ oid, reg regclass, "char" "char", nm name, arr int[][], gen int generated always as (length('abc')) stored, idalways int generated always as identity, f4 float4);
CREATE TABLE public.rls_force (id int primary key, tenant_id int, v text); ALTER TABLE rls_force ENABLE ROW LEVEL SECURITY; ALTER TABLE rls_force FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON rls_force USING (tenant_id = current_setting('app.tenant')::int);
CREATE TABLE public.rls_setting (id int primary key, v text); ALTER TABLE rls_setting ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON rls_setting USING (v = current_setting('app.x'));
CREATE TABLE public.rls_none (id int primary key, owner_id int); ALTER TABLE rls_none ENABLE ROW LEVEL SECURITY;
CREATE TABLE public.rls_open (id int primary key, v text); ALTER TABLE rls_open ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON rls_open USING (true);
CREATE TABLE public.rls_restrictive (id int primary key, account_id int); ALTER TABLE rls_restrictive ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON rls_restrictive AS RESTRICTIVE USING (account_id = current_setting('a.b')::int);
CREATE TABLE public.ruled (id int primary key, status text check (status in ('open','closed')), note text); CREATE RULE r AS ON INSERT TO ruled DO INSTEAD NOTHING;
CREATE TABLE public.parted (id int, at date, status text, primary key (id, at)) PARTITION BY RANGE (at); CREATE TABLE parted_2024 PARTITION OF parted FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE public.inh (id int primary key, v text); CREATE TABLE public.inh_child (w int) INHERITS (inh);
CREATE TABLE public.soft1 (id int primary key, deleted_at timestamptz, name text, status text check (status in ('new','done')), comment text);
CREATE TABLE public.soft2 (id int primary key, is_deleted boolean default false, name text, status text check (status in ('new','done')));
CREATE TABLE public.soft3 (id int primary key, deleted_at timestamptz NOT NULL DEFAULT now(), notes text);
CREATE TABLE public.soft4 (id int primary key, deleted_by int, notes text);
CREATE TABLE public.soft5 (id int primary key, removed_at timestamp, notes text, delete_reason varchar(10));
CREATE TABLE public.deleted_only (deleted_at timestamptz, deleted_by text, delete_reason text, id int primary key);
CREATE TABLE public.secrets_only (password text, ssn text);
CREATE TABLE public.tickets (id serial primary key, title text, status text not null default 'open' check (status in ('open','pending','closed')), priority int, notes text, customer_id int, closed_at timestamptz);
CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.nokey VALUES (1); RETURN NEW; END $$;
CREATE TABLE public.triggered (id serial primary key, status text check (status in ('a1','b1')), notes text); CREATE TRIGGER t BEFORE UPDATE ON triggered FOR EACH ROW EXECUTE FUNCTION touch();
CREATE FUNCTION public.secdef(a int, b text) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
GRANT SELECT ON public.orders TO PUBLIC; GRANT SELECT (id) ON public.inh TO PUBLIC; GRANT CREATE ON SCHEMA public TO PUBLIC; GRANT USAGE ON SEQUENCE order_id_seq TO PUBLIC;
SELECT lo_create(4242); GRANT SELECT ON LARGE OBJECT 4242 TO PUBLIC;
CREATE VIEW public.v AS SELECT 1 AS a; CREATE MATERIALIZED VIEW public.mv AS SELECT 1 AS a;
CREATE TABLE public.schema_migrations (version text primary key); CREATE TABLE django_migrations (id int); CREATE TABLE public.orders_bak (id int primary key, a int); CREATE TABLE stg_load (id int);
CREATE UNLOGGED TABLE public.unlogged (id int primary key);
CREATE TABLE agent_things (id int primary key); CREATE TABLE pg_like (id int primary key);
COMMENT ON TABLE tickets IS E'Line one\nline two: with "quotes" # and more\tand tab. \x1b[31mred'; COMMENT ON COLUMN tickets.title IS E'- starts: like yaml';
CREATE TABLE deep (id int primary key, parent_id int references deep, status smallint); INSERT INTO deep SELECT i, null, 100 + i % 4 FROM generate_series(1, 50) i; INSERT INTO deep VALUES (1000, 1, -7);
DO $$ BEGIN EXECUTE (SELECT 'CREATE TABLE wide (id int primary key, ' || string_agg('c' || i || ' int', ', ') || ')' FROM generate_series(1, 1598) i); END $$;
-- A sample misses the rare codes; the second column is no code at all.
CREATE TABLE rare (id serial PRIMARY KEY, status_cd smallint, kind_cd varchar(20));
INSERT INTO rare (status_cd, kind_cd)
SELECT CASE WHEN i = 19999 THEN 77 ELSE 1 + i % 2 END, CASE WHEN i = 19998 THEN 'Anna Smith' ELSE 'A' || i % 2 END
  FROM generate_series(1, 20000) AS i;
