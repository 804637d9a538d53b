-- What this transaction has written since a change: for people, and as a fingerprint by which the same effect is known again.
-- The fingerprint is of all rows in any order. What is another value each time does not count: the transaction's own now()
-- in any column of dates or times, and in a new row what the database draws and nobody may give (pgmoat.entity.drawn_columns).
-- The reasons that go with the rows into the history, and those of deletions into the rows, do count.
-- Arguments: the newest change before. Returns how many rows; the first 100 of them, up to 64 kB, and whether that is not all; the
-- reasons; how many rows by entity and operation.
CREATE OR REPLACE FUNCTION pgmoat.look_at_changes(newest_change bigint, OUT affected bigint, OUT preview jsonb, OUT is_cut boolean,
    OUT fingerprint bytea, OUT reason text,
    OUT counts jsonb)
RETURNS record LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
#variable_conflict use_column
DECLARE
    -- In UTC, and in the server's own time zone: one that the agent has chosen would make any day of the week to today.
    zone text := (SELECT s.setting FROM pg_settings AS s
                   WHERE s.name = 'TimeZone'
                     AND s.source IN ('default', 'environment variable', 'configuration file', 'command line', 'global', 'database'));
    utc timestamp := now() AT TIME ZONE 'UTC';
    own timestamp := now() AT TIME ZONE COALESCE(zone, 'UTC');
    nows jsonb[] := ARRAY[to_jsonb((to_jsonb(utc) #>> '{}') || '+00:00'), -- timestamptz, as the row triggers print it
                          to_jsonb(utc), to_jsonb(own), to_jsonb(utc::date), to_jsonb(own::date)];
    whole jsonb;
    most_characters integer;
BEGIN
    WITH written AS MATERIALIZED (
        SELECT c.id, c.entity, c.operation, c.before, c.after, c.reason,
               CASE c.operation WHEN 'I' THEN 'insert' WHEN 'U' THEN 'update' ELSE 'delete' END AS word
          FROM pgmoat.change AS c
         WHERE c.xid = pg_current_xact_id_if_assigned() AND c.id > newest_change),
    moment AS (
        -- The entity's own view: nobody but its owner could give another one this trigger.
        SELECT v.relname AS entity, array_agg(x.attname::text) AS columns
          FROM pg_class AS v JOIN pg_attribute AS x ON x.attrelid = v.oid AND x.attnum > 0 AND NOT x.attisdropped
          JOIN pg_type AS t ON t.oid = x.atttypid AND t.typcategory = 'D'
         WHERE v.relname IN (SELECT w.entity FROM written AS w) AND v.relkind = 'v'
           AND EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = v.oid AND g.tgfoid = 'pgmoat.after_write()'::regprocedure)
         GROUP BY v.relname),
    image AS (
        SELECT w.id, k.place,
               (SELECT jsonb_object_agg(x.key, CASE WHEN x.value = ANY (nows) AND x.key = ANY (m.columns) THEN NULL
                                                   -- 1.0 and 1.00 are one number.
                                                   WHEN jsonb_typeof(x.value) = 'number' THEN to_jsonb(trim_scale(x.value::numeric))
                                                   ELSE x.value END) FROM jsonb_each(k.image) AS x
                 WHERE w.operation <> 'I' OR e.drawn_columns IS NULL OR x.key <> ALL (e.drawn_columns)) AS kept,
               -- By which of them, but for days: two may be one today, and two tomorrow.
               (SELECT jsonb_object_agg(x.key, LEAST(array_position(nows, x.value), 4)) FROM jsonb_each(k.image) AS x
                 WHERE x.value = ANY (nows) AND x.key = ANY (m.columns)) AS set_to_now
          FROM written AS w LEFT JOIN pgmoat.entity AS e ON e.name = w.entity LEFT JOIN moment AS m ON m.entity = w.entity
         CROSS JOIN LATERAL (VALUES ('before', w.before), ('after', w.after)) AS k (place, image)),
    print AS (
        SELECT w.id, sha256(convert_to(jsonb_build_array(w.entity, w.operation, w.reason,
                   (SELECT jsonb_object_agg(i.place, jsonb_build_array(i.kept, i.set_to_now)) FROM image AS i WHERE i.id = w.id))::text,
                   'UTF8')) AS hash
          FROM written AS w),
    -- By how many rows, not by which: a join of ranges would take long where both are many.
    given AS (
        SELECT s.reason, sum(s.rows) AS rows FROM pgmoat.statement AS s
         WHERE s.xid = pg_current_xact_id_if_assigned() AND s.rows > 0 AND s.last_change > newest_change
         GROUP BY s.reason),
    first AS (
        SELECT w.id, jsonb_build_object('entity', w.entity, 'operation', w.word, 'before', w.before, 'after', w.after) AS change
          FROM written AS w ORDER BY w.id LIMIT 100)
    SELECT (SELECT count(*) FROM written), (SELECT COALESCE(jsonb_agg(f.change ORDER BY f.id), '[]') FROM first AS f),
           sha256(COALESCE((SELECT string_agg(p.hash, ''::bytea ORDER BY p.hash) FROM print AS p), ''::bytea)
                  || convert_to((SELECT COALESCE(jsonb_agg(jsonb_build_array(g.reason, g.rows) ORDER BY g.reason), '[]') FROM given AS g)::text,
                                'UTF8')),
           (SELECT string_agg(DISTINCT r.reason, E'\n' ORDER BY r.reason)
              FROM (SELECT g.reason FROM given AS g UNION ALL SELECT w.reason FROM written AS w) AS r),
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('entity', n.entity, 'operation', n.word, 'rows', n.rows) ORDER BY n.entity, n.word), '[]')
              FROM (SELECT w.entity, w.word, count(*) AS rows FROM written AS w GROUP BY w.entity, w.word) AS n)
      INTO affected, whole, fingerprint, reason, counts;
    preview := whole;
    -- One long value must not hide the rows after it.
    FOREACH most_characters IN ARRAY ARRAY[200, 20] LOOP
        EXIT WHEN octet_length(preview::text) <= 65536;
        preview := pgmoat.shorten_changes(whole, most_characters);
    END LOOP;
    SELECT COALESCE(jsonb_agg(s.change ORDER BY s.place), '[]') INTO preview
      FROM (SELECT e.change, e.place, sum(octet_length(e.change::text) + 2) OVER (ORDER BY e.place) AS bytes
              FROM jsonb_array_elements(preview) WITH ORDINALITY AS e (change, place)) AS s
     WHERE s.bytes <= 65536;
    is_cut := affected > jsonb_array_length(preview) OR preview <> whole;
END
$function$;
