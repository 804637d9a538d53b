-- Rows before and after with the beginnings of their long values: how long each is, and a hash, by which two that begin alike are told
-- apart. Arguments: an array of entity, operation, before, after; how many characters.
CREATE OR REPLACE FUNCTION pgmoat.shorten_changes(changes jsonb, most_characters integer)
RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT COALESCE(jsonb_agg(e.change || i.images ORDER BY e.place), '[]')
      FROM jsonb_array_elements(changes) WITH ORDINALITY AS e (change, place)
     CROSS JOIN LATERAL (
            SELECT jsonb_object_agg(k.place, (
                       SELECT jsonb_object_agg(x.key, CASE WHEN length(t.text) <= most_characters OR t.text IS NULL THEN x.value
                                                           ELSE to_jsonb(left(t.text, most_characters)
                                  || format('… (%s characters, SHA-256 %s)', length(t.text),
                                            left(encode(sha256(convert_to(t.text, 'UTF8')), 'hex'), 32))) END)
                         FROM jsonb_each(NULLIF(e.change -> k.place, 'null')) AS x CROSS JOIN LATERAL (SELECT x.value #>> '{}') AS t (text)))
                   AS images
              FROM (VALUES ('before'), ('after')) AS k (place)) AS i;
$function$;
