-- What the agent's own task has written, the newest first, with the columns that the session's role may read itself: of a
-- scoped task that is what is in its scope. Arguments: how many rows at the most.
CREATE OR REPLACE FUNCTION pgmoat.my_changes(most_rows bigint DEFAULT 100)
RETURNS TABLE (at timestamptz, step text, entity text, operation text, before jsonb, after jsonb, reason text, called text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 100 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off -- as everywhere: a plan made while the history was empty must not scan a grown one
AS $function$
#variable_conflict use_column
DECLARE
    this_task bigint;
BEGIN
    PERFORM pgmoat.gate('my_changes()');
    SELECT s.id INTO this_task FROM pgmoat.session_task AS s;
    IF NOT FOUND THEN
        SELECT n.id INTO this_task FROM pgmoat.named_task AS n;
    END IF;
    RETURN QUERY
    WITH written AS (
        SELECT c.xid, c.id, c.at, s.step, c.entity, c.operation, c.before, c.after, s.reason
          FROM pgmoat.statement AS s
          JOIN pgmoat.change AS c ON c.xid = s.xid AND c.id BETWEEN s.first_change AND s.last_change
         WHERE s.task = this_task
         ORDER BY c.at DESC, c.id DESC LIMIT most_rows),
    readable AS (
        -- The entity's own view: nobody but its owner could give another one this trigger.
        SELECT v.relname AS entity, array_agg(x.attname::text) AS columns
          FROM pg_class AS v JOIN pg_attribute AS x ON x.attrelid = v.oid AND x.attnum > 0 AND NOT x.attisdropped
         WHERE v.relname IN (SELECT w.entity FROM written AS w) AND v.relkind = 'v'
           AND EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = v.oid AND g.tgfoid = 'pgmoat.after_write()'::regprocedure)
           AND has_column_privilege(session_user, v.oid, x.attnum, 'SELECT')
         GROUP BY v.relname)
    SELECT w.at, w.step, w.entity, CASE w.operation WHEN 'I' THEN 'insert' WHEN 'U' THEN 'update' ELSE 'delete' END,
           (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(w.before) AS e WHERE e.key = ANY (r.columns)),
           (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(w.after) AS e WHERE e.key = ANY (r.columns)),
           NULLIF(w.reason, ''),
           (SELECT o.operation FROM pgmoat.operation_call AS o
             WHERE o.xid = w.xid AND w.id BETWEEN o.first_change AND o.last_change AND o.operation <> 'write()')
      FROM written AS w LEFT JOIN readable AS r ON r.entity = w.entity
     ORDER BY w.at DESC, w.id DESC;
END
$function$;
