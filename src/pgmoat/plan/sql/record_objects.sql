-- Writes the manifest: what was wanted, and the hash of what PostgreSQL reports now.
-- Parameters: objects (JSON array of kind, name, wanted_hash, detail). {fingerprint}: a query for kind, name, hash.
INSERT INTO pgmoat.object (kind, name, wanted_hash, actual_hash, detail)
SELECT w.kind, w.name, w.wanted_hash, f.hash, w.detail
FROM pg_catalog.jsonb_to_recordset(%(objects)s::pg_catalog.jsonb)
    AS w (kind pg_catalog.text, name pg_catalog.text, wanted_hash pg_catalog.text, detail pg_catalog.jsonb)
LEFT JOIN (
{fingerprint}
) AS f ON f.kind = w.kind AND f.name = w.name
ON CONFLICT (kind, name) DO UPDATE
SET wanted_hash = EXCLUDED.wanted_hash, actual_hash = EXCLUDED.actual_hash, detail = EXCLUDED.detail,
    applied_at = pg_catalog.now()
