-- Data made unreadable, and readable again by the same: XOR with a stream that follows from the secret key. What an agent carries
-- from one call to the next may hold columns that it must not read. Arguments: the data, a number used once.
CREATE OR REPLACE FUNCTION pgmoat.cipher(data bytea, nonce bytea)
RETURNS bytea LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
    WITH size AS MATERIALIZED (SELECT octet_length(data) AS bytes, (octet_length(data) + 31) / 32 AS blocks),
    key AS MATERIALIZED (SELECT sha256(s.token_key || sha256(s.token_key || convert_to('preview', 'UTF8') || nonce)) AS key
                           FROM pgmoat.secret AS s),
    padded AS MATERIALIZED (SELECT data || decode(repeat('00', s.blocks * 32 - s.bytes), 'hex') AS data FROM size AS s),
    stream AS MATERIALIZED (SELECT b.n, sha256(k.key || int8send(b.n) || k.key) AS block
                              FROM key AS k, size AS s, generate_series(0, s.blocks - 1) AS b (n))
    SELECT COALESCE(substring(string_agg(int8send(
               ('x' || encode(substring(p.data FROM t.n * 32 + w.n * 8 + 1 FOR 8), 'hex'))::bit(64)::bigint
               # ('x' || encode(substring(t.block FROM w.n * 8 + 1 FOR 8), 'hex'))::bit(64)::bigint), ''::bytea ORDER BY t.n, w.n)
               FROM 1 FOR (SELECT s.bytes FROM size AS s)), ''::bytea)
      FROM padded AS p, stream AS t, generate_series(0, 3) AS w (n);
$function$;
