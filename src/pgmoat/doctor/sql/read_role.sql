-- What the connecting role may do. Columns: as in pgmoat.doctor.privileges.OwnRights, but for foreign_tables.
SELECT
    r.rolname::pg_catalog.text AS role,
    r.rolsuper AS is_superuser,
    r.rolcreaterole AS can_create_roles,
    pg_catalog.has_database_privilege(d.oid, 'CREATE') AS can_create_schemas,
    pg_catalog.pg_has_role(d.datdba, 'USAGE') AS owns_database,
    pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS reads_all_sessions,
    pg_catalog.pg_has_role('pg_signal_backend', 'USAGE') AS signals_sessions
FROM pg_catalog.pg_roles AS r
CROSS JOIN pg_catalog.pg_database AS d
WHERE r.rolname = CURRENT_USER AND d.datname = pg_catalog.current_database()
