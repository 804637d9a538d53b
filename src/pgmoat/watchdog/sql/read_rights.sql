-- What the watchdog's role may do. Columns: is_superuser, sees_all, signals_all, is_on_standby, pid.
SELECT r.rolsuper AS is_superuser,
       pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all,
       pg_catalog.pg_has_role('pg_signal_backend', 'USAGE') AS signals_all,
       pg_catalog.pg_is_in_recovery() AS is_on_standby,
       pg_catalog.pg_backend_pid() AS pid
  FROM pg_catalog.pg_roles AS r
 WHERE r.rolname = CURRENT_USER;
