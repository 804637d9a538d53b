-- Takes objects out of the manifest. Parameters: objects (JSON array of kind and name).
DELETE FROM pgmoat.object AS o
USING pg_catalog.jsonb_to_recordset(%(objects)s::pg_catalog.jsonb)
    AS g (kind pg_catalog.text, name pg_catalog.text)
WHERE o.kind = g.kind AND o.name = g.name
