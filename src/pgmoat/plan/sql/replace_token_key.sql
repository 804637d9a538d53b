-- Replaces the key that tokens are derived from; two version 4 UUIDs hold 244 bits from a strong random source.
UPDATE pgmoat.secret
SET token_key = pg_catalog.sha256(
    pg_catalog.convert_to(pg_catalog.gen_random_uuid()::pg_catalog.text || pg_catalog.gen_random_uuid()::pg_catalog.text, 'UTF8')
)
