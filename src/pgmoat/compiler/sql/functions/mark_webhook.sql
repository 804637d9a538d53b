-- Notes how far a webhook has been told of incidents; the first time, that it begins after those that are there.
-- Arguments: who leads; the webhook's name; the incident that is settled, NULL when none is; whether it was delivered; what
-- went wrong, NULL when nothing did. Returns whether it counted: only the leader's does.
CREATE OR REPLACE FUNCTION pgmoat.mark_webhook(holder text, webhook text, settled bigint, is_delivered boolean, problem text)
RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF NOT pgmoat.leads(holder) THEN
        RETURN false;
    END IF;
    INSERT INTO pgmoat.webhook (name, last_incident)
    VALUES (webhook, (SELECT COALESCE(max(i.id), 0) FROM pgmoat.incident AS i))
        ON CONFLICT DO NOTHING;
    UPDATE pgmoat.webhook AS w
       SET last_incident = CASE WHEN settled IS NULL THEN w.last_incident -- LEAST passes over NULL
                                ELSE GREATEST(w.last_incident, LEAST(settled, (SELECT max(i.id) FROM pgmoat.incident AS i))) END,
           delivered = w.delivered + CASE WHEN settled IS NOT NULL AND is_delivered THEN 1 ELSE 0 END,
           dropped = w.dropped + CASE WHEN settled IS NOT NULL AND NOT is_delivered THEN 1 ELSE 0 END,
           attempts = CASE WHEN settled IS NULL THEN w.attempts + 1 ELSE 0 END,
           failing_since = CASE WHEN problem IS NOT NULL THEN COALESCE(w.failing_since, clock_timestamp()) END,
           last_error = left(problem, 500)
     WHERE w.name = webhook AND (settled IS NOT NULL OR problem IS NOT NULL);
    RETURN true;
END
$function$;
