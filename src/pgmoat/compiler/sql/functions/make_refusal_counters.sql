-- Makes the counters that are missing: one for each agent, and for everybody else (''), and code. The sequences
-- belong to a column, so that they go with their table.
CREATE OR REPLACE FUNCTION pgmoat.make_refusal_counters()
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    missing record;
BEGIN
    INSERT INTO pgmoat.refusal_counter (agent, code)
    SELECT x.agent, c.code
      FROM (SELECT a.name AS agent FROM pgmoat.agent AS a UNION ALL SELECT '') AS x CROSS JOIN pgmoat.refusal_codes() AS c
     ORDER BY x.agent, c.code
    ON CONFLICT (agent, code) DO NOTHING;
    FOR missing IN SELECT r.id, 'refusal_' || r.id AS name FROM pgmoat.refusal_counter AS r WHERE r.counter IS NULL ORDER BY r.id
    LOOP
        EXECUTE format('CREATE SEQUENCE pgmoat.%I OWNED BY pgmoat.refusal_counter.counter', missing.name);
        UPDATE pgmoat.refusal_counter AS r SET counter = format('pgmoat.%I', missing.name)::regclass WHERE r.id = missing.id;
    END LOOP;
END
$function$;
