-- Trigger of every event log: what stands in it stays, for everybody.
CREATE OR REPLACE FUNCTION pgmoat.refuse_edit()
RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM025');
    RAISE EXCEPTION 'pgmoat: %.% is append-only: no %', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'PM025', HINT = 'Correct an event by a new one.';
END
$function$;
