-- What this transaction has written so far, before and after, with the columns that the session's role may read itself.
-- Followed by ROLLBACK it shows what a write would do. Arguments: how many rows at the most.
CREATE OR REPLACE FUNCTION pgmoat.preview_changes(most_rows bigint DEFAULT 100)
RETURNS TABLE (entity text, operation text, before jsonb, after jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
#variable_conflict use_column
BEGIN
    PERFORM pgmoat.check_writer('preview_changes()');
    RETURN QUERY
    WITH written AS (
        SELECT c.id, c.entity, c.operation, c.before, c.after FROM pgmoat.change AS c
         WHERE c.xid = pg_current_xact_id_if_assigned() ORDER BY c.id LIMIT most_rows),
    readable AS (
        -- The entity's own view: nobody but its owner could give another one this trigger.
        SELECT v.relname AS entity, array_agg(x.attname::text) AS columns
          FROM pg_class AS v JOIN pg_attribute AS x ON x.attrelid = v.oid AND x.attnum > 0 AND NOT x.attisdropped
         WHERE v.relname IN (SELECT w.entity FROM written AS w) AND v.relkind = 'v'
           AND EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = v.oid AND g.tgfoid = 'pgmoat.after_write()'::regprocedure)
           AND has_column_privilege(session_user, v.oid, x.attnum, 'SELECT')
         GROUP BY v.relname)
    SELECT w.entity, CASE w.operation WHEN 'I' THEN 'insert' WHEN 'U' THEN 'update' ELSE 'delete' END,
           (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(w.before) AS e WHERE e.key = ANY (r.columns)),
           (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(w.after) AS e WHERE e.key = ANY (r.columns))
      FROM written AS w LEFT JOIN readable AS r ON r.entity = w.entity
     ORDER BY w.id;
END
$function$;
