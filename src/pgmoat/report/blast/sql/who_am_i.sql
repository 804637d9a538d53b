-- Who the session logged in as. Parameters: none. Columns: login, is_superuser.
SELECT
    SESSION_USER::pg_catalog.text AS login,
    (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = SESSION_USER) AS is_superuser
