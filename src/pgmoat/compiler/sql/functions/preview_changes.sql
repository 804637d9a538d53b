-- What this transaction has written so far, and would write by what it has had held, before and after, with the columns that the session's role may read itself.
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
        SELECT f.place, f.id, f.entity, f.operation, f.before, f.after
          FROM (SELECT 0 AS place, c.id, c.entity, CASE c.operation WHEN 'I' THEN 'insert' WHEN 'U' THEN 'update' ELSE 'delete' END
                       AS operation, c.before, c.after
                  FROM pgmoat.change AS c WHERE c.xid = pg_current_xact_id_if_assigned()
                 UNION ALL
                SELECT 1, p.id * 100 + h.place, h.change ->> 'entity', h.change ->> 'operation',
                       NULLIF(h.change -> 'before', 'null'), NULLIF(h.change -> 'after', 'null')
                  FROM pgmoat.approval AS p CROSS JOIN LATERAL jsonb_array_elements(p.preview) WITH ORDINALITY AS h (change, place)
                 WHERE p.held_in = pg_current_xact_id_if_assigned()
                   AND p.agent = (SELECT a.name FROM pgmoat.agent AS a WHERE a.role = session_user)) AS f
         ORDER BY f.place, f.id LIMIT most_rows),
    readable AS (
        -- The entity's own view: nobody but its owner could give another one this trigger.
        SELECT v.relname AS entity, array_agg(x.attname::text) AS columns
          FROM pg_class AS v JOIN pg_attribute AS x ON x.attrelid = v.oid AND x.attnum > 0 AND NOT x.attisdropped
         WHERE v.relname IN (SELECT w.entity FROM written AS w) AND v.relkind = 'v'
           AND EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = v.oid AND g.tgfoid = 'pgmoat.after_write()'::regprocedure)
           AND has_column_privilege(session_user, v.oid, x.attnum, 'SELECT')
         GROUP BY v.relname)
    SELECT w.entity, w.operation,
           (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(w.before) AS e WHERE e.key = ANY (r.columns)),
           (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(w.after) AS e WHERE e.key = ANY (r.columns))
      FROM written AS w LEFT JOIN readable AS r ON r.entity = w.entity
     ORDER BY w.place, w.id;
END
$function$;
