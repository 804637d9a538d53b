-- Everything of people's that could run when a role is tried. Each advances the sequence traps.sprung, which no
-- rollback takes back. The role PREFIXbot may do everything that can be granted here.
CREATE ROLE PREFIXbot LOGIN PASSWORD 'PREFIXbot';
CREATE SCHEMA traps;
CREATE SEQUENCE traps.sprung;
CREATE FUNCTION traps.spring() RETURNS boolean LANGUAGE sql VOLATILE
AS 'SELECT pg_catalog.nextval(''traps.sprung'') > 0';

CREATE FUNCTION traps.volatile_one(a integer) RETURNS integer LANGUAGE plpgsql VOLATILE
AS $$ BEGIN PERFORM traps.spring(); RETURN a; END $$;
CREATE FUNCTION traps.stable_one(a integer) RETURNS integer LANGUAGE plpgsql STABLE
AS $$ BEGIN PERFORM traps.spring(); RETURN a; END $$;
CREATE FUNCTION traps.immutable_one(a integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE
AS $$ BEGIN PERFORM traps.spring(); RETURN a; END $$;
CREATE FUNCTION traps.strict_one(a integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE STRICT
AS $$ BEGIN PERFORM traps.spring(); RETURN a; END $$;
CREATE FUNCTION traps.nothing_volatile() RETURNS integer LANGUAGE plpgsql VOLATILE
AS $$ BEGIN PERFORM traps.spring(); RETURN 1; END $$;
CREATE FUNCTION traps.nothing_immutable() RETURNS integer LANGUAGE plpgsql IMMUTABLE
AS $$ BEGIN PERFORM traps.spring(); RETURN 1; END $$;
CREATE FUNCTION traps.inlined(a integer) RETURNS integer LANGUAGE sql STABLE
AS 'SELECT traps.stable_one(a)';
CREATE FUNCTION traps.rows() RETURNS SETOF integer LANGUAGE plpgsql VOLATILE ROWS 5
AS $$ BEGIN PERFORM traps.spring(); RETURN NEXT 1; END $$;
CREATE FUNCTION traps.many(VARIADIC a integer[]) RETURNS integer LANGUAGE plpgsql IMMUTABLE
AS $$ BEGIN PERFORM traps.spring(); RETURN 1; END $$;
CREATE FUNCTION traps.any_one(a anyelement, b anyarray) RETURNS anyelement LANGUAGE plpgsql IMMUTABLE
AS $$ BEGIN PERFORM traps.spring(); RETURN a; END $$;
CREATE FUNCTION traps.definer(a text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER
AS $$ BEGIN PERFORM traps.spring(); RETURN a; END $$;
CREATE PROCEDURE traps.act(a text, INOUT b integer) LANGUAGE plpgsql
AS $$ BEGIN PERFORM traps.spring(); COMMIT; END $$;
CREATE PROCEDURE traps.act_bare() LANGUAGE plpgsql AS $$ BEGIN PERFORM traps.spring(); COMMIT; END $$;
CREATE AGGREGATE traps.total(integer) (SFUNC = int4pl, STYPE = integer);
CREATE FUNCTION traps.on_write() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN PERFORM traps.spring(); RETURN NEW; END $$;
CREATE DOMAIN traps.checked AS integer CHECK (traps.volatile_one(VALUE) IS NOT NULL);

CREATE TABLE traps.things (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    a integer DEFAULT traps.volatile_one(1),
    b traps.checked DEFAULT 3,
    c integer GENERATED ALWAYS AS (1 + 1) STORED,
    d integer CHECK (traps.volatile_one(d) > 0)
);
ALTER TABLE traps.things ENABLE ROW LEVEL SECURITY;
CREATE POLICY guarded ON traps.things USING (traps.spring()) WITH CHECK (traps.spring());
CREATE TRIGGER each_row BEFORE INSERT OR UPDATE OR DELETE ON traps.things
FOR EACH ROW EXECUTE FUNCTION traps.on_write();
CREATE TRIGGER each_statement BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON traps.things
FOR EACH STATEMENT EXECUTE FUNCTION traps.on_write();
CREATE VIEW traps.shown AS SELECT id, a, traps.volatile_one(a) AS v FROM traps.things WHERE traps.spring();
CREATE VIEW traps.gated AS SELECT id, a FROM traps.things WHERE (SELECT traps.nothing_volatile()) = 1;
CREATE TRIGGER instead INSTEAD OF INSERT OR UPDATE OR DELETE ON traps.gated
FOR EACH ROW EXECUTE FUNCTION traps.on_write();
CREATE TRIGGER each_statement BEFORE INSERT OR UPDATE OR DELETE ON traps.gated
FOR EACH STATEMENT EXECUTE FUNCTION traps.on_write();
CREATE VIEW traps.ruled AS SELECT 1 AS one;
CREATE RULE on_insert AS ON INSERT TO traps.ruled DO INSTEAD SELECT traps.spring();
CREATE SEQUENCE traps.numbers;
CREATE TABLE traps.parts (a integer) PARTITION BY RANGE (a);
CREATE TABLE traps.part PARTITION OF traps.parts FOR VALUES FROM (1) TO (10);
SELECT pg_catalog.lo_from_bytea(4712, 'left alone');
GRANT SELECT, UPDATE ON LARGE OBJECT 4712 TO PREFIXbot;

GRANT ALL ON SCHEMA traps TO PREFIXbot;
GRANT ALL ON ALL TABLES IN SCHEMA traps TO PREFIXbot;
GRANT ALL ON ALL SEQUENCES IN SCHEMA traps TO PREFIXbot;
GRANT ALL ON ALL ROUTINES IN SCHEMA traps TO PREFIXbot;
REVOKE ALL ON SEQUENCE traps.sprung FROM PREFIXbot;
ALTER ROLE PREFIXbot CREATEROLE CREATEDB REPLICATION;
GRANT pg_read_server_files, pg_write_server_files, pg_execute_server_program TO PREFIXbot;

CREATE FUNCTION traps.on_ddl() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
AS $$ BEGIN PERFORM traps.spring(); END $$;
CREATE EVENT TRIGGER PREFIXddl_start ON ddl_command_start EXECUTE FUNCTION traps.on_ddl();
CREATE EVENT TRIGGER PREFIXddl_end ON ddl_command_end EXECUTE FUNCTION traps.on_ddl();
