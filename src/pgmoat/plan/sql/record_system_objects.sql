-- Writes what migrations made to the manifest, without a wanted_hash.
-- Parameters: left_out (text[], kind and name): made by others. {fingerprint}: a query for kind, name, schema, hash.
INSERT INTO pgmoat.object (kind, name, wanted_hash, actual_hash)
SELECT f.kind, f.name, NULL, f.hash
FROM (
{fingerprint}
) AS f
WHERE f.schema = 'pgmoat'
  AND f.kind IN ('table', 'view')
  AND NOT f.kind || ' ' || f.name = ANY (%(left_out)s::pg_catalog.text[])
ON CONFLICT (kind, name) DO UPDATE SET actual_hash = EXCLUDED.actual_hash
