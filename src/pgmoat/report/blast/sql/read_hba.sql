-- Lines of pg_hba.conf that let somebody in, or refuse somebody. Columns: the fields of HbaFact.
SELECT
    h.line_number AS line,
    h.type,
    COALESCE(h.database, '{}') AS databases,
    COALESCE(h.user_name, '{}') AS users,
    COALESCE(h.address, '') AS address,
    COALESCE(h.netmask, '') AS netmask,
    h.auth_method AS method
FROM pg_catalog.pg_hba_file_rules() AS h
WHERE h.error IS NULL
ORDER BY h.line_number
