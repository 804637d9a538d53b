-- The version in the server's program file as it lies on disk now: a package may have replaced it under the running
-- server. Read by the server itself, so that it works from elsewhere too. Needs a superuser.
-- Columns: text (bytea, begins with the version; NULL if there is no such file).
SELECT substring(
        f.content FROM position('postgres (PostgreSQL) '::pg_catalog.bytea IN f.content) + 22 FOR 20
    ) AS text
FROM (
    SELECT pg_catalog.pg_read_binary_file(c.setting || '/postgres', 0, 500000000, true) AS content
    FROM pg_catalog.pg_config() AS c
    WHERE c.name = 'BINDIR'
) AS f
