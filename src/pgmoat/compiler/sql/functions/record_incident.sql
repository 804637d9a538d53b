-- Records what was done, by the watchdog or by a person; a statement that was ended by it is one that did not finish. What was
-- cancelled and is ended now is not counted twice. Arguments: the agent, its task and step as it claims them, what was wrong,
-- what was done, to what, and more: statement_ms, for how long it had run, and its fingerprint. More than 64 kB of that is
-- cut: an act is not undone because it takes many words. Returns the incident's number.
CREATE OR REPLACE FUNCTION pgmoat.record_incident(agent text, task_id text, step text, kind text, action text, subject text,
    detail jsonb)
RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    number bigint;
BEGIN
    IF action IN ('cancelled', 'terminated') AND detail ? 'statement_ms'
       AND NOT EXISTS (SELECT FROM pgmoat.incident AS i
                        WHERE i.at > clock_timestamp() - interval '10 minutes' AND i.subject = record_incident.subject
                          AND i.action = 'cancelled') THEN
        PERFORM pgmoat.make_days();
        INSERT INTO pgmoat.unfinished (at, agent, task_id, step, how, source, statements, seconds, fingerprint)
        VALUES (clock_timestamp(), agent, left(task_id, 200), left(step, 200), action, 'done', 1,
                (detail ->> 'statement_ms')::double precision / 1000, (detail ->> 'fingerprint')::bigint);
    END IF;
    IF octet_length(detail::text) > 65536 THEN
        detail := (SELECT COALESCE(jsonb_object_agg(left(d.key, 50), CASE WHEN octet_length(d.value::text) <= 1000 THEN d.value
                                                                         ELSE to_jsonb(left(d.value #>> '{}', 200) || '…') END),
                                   '{}') || '{"truncated": true}'
                     FROM (SELECT e.key, e.value
                             FROM jsonb_each(CASE jsonb_typeof(detail) WHEN 'object' THEN detail
                                                  ELSE jsonb_build_object('value', detail) END) AS e
                            ORDER BY octet_length(e.value::text), e.key
                            LIMIT 40) AS d);
    END IF;
    INSERT INTO pgmoat.incident (agent, task_id, step, kind, action, subject, detail)
    VALUES (agent, left(task_id, 200), left(step, 200), kind, action, left(subject, 1000), detail)
    RETURNING id INTO number;
    RETURN number;
END
$function$;
