-- Extensions of this database, and libraries that the server loads. Columns: installed, preloaded (NULL: may not be read).
SELECT
    ARRAY(SELECT e.extname::pg_catalog.text FROM pg_catalog.pg_extension AS e ORDER BY e.extname) AS installed,
    (
        SELECT pg_catalog.string_agg(s.setting, ',')
        FROM pg_catalog.pg_settings AS s
        WHERE s.name IN ('shared_preload_libraries', 'session_preload_libraries')
    ) AS preloaded
