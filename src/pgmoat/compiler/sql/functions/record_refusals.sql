-- Writes down what the counters of refusals have counted since the last time. Arguments: who asks. Returns how many
-- refusals; NULL unless the asker leads.
CREATE OR REPLACE FUNCTION pgmoat.record_refusals(holder text)
RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    refusals bigint;
BEGIN
    IF NOT pgmoat.leads(holder) THEN
        RETURN NULL;
    END IF;
    PERFORM pgmoat.make_days();
    WITH counter AS MATERIALIZED (
        SELECT r.id, r.counted, COALESCE(pg_sequence_last_value(r.counter), 0) AS value
          FROM pgmoat.refusal_counter AS r
         WHERE r.counter IS NOT NULL
    ), moved AS (
        UPDATE pgmoat.refusal_counter AS r SET counted = c.value
          FROM counter AS c
         WHERE r.id = c.id AND c.value <> c.counted
        RETURNING r.agent, r.code, c.value - c.counted AS refusals
    ), recorded AS (
        -- A counter that somebody dropped and that apply made again begins at 0.
        INSERT INTO pgmoat.unfinished (at, agent, how, source, code, statements)
        SELECT clock_timestamp(), m.agent, 'refused', 'counted', m.code, m.refusals
          FROM moved AS m
         WHERE m.refusals > 0
        RETURNING statements
    )
    SELECT COALESCE(sum(r.statements), 0) INTO refusals FROM recorded AS r;
    RETURN refusals;
END
$function$;
