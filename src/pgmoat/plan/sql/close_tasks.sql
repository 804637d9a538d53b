-- Closes every task and wipes its token.
UPDATE pgmoat.task AS k
SET token_hash = NULL,
    closed_at = COALESCE(k.closed_at, pg_catalog.clock_timestamp()),
    closed_by = COALESCE(k.closed_by, SESSION_USER)
WHERE k.closed_at IS NULL OR k.token_hash IS NOT NULL
