-- Ends every session of a role and waits until they are gone, with their temporary objects and their locks.
-- OFFSET 0 keeps the planner from asking pg_terminate_backend() before it knows whose session it is.
-- Placeholders: role (literal).
DO $body$
DECLARE
    give_up timestamptz := pg_catalog.clock_timestamp() + interval '10 seconds';
BEGIN
    LOOP
        PERFORM pg_catalog.pg_stat_clear_snapshot();
        PERFORM pg_catalog.pg_terminate_backend(f.pid)
           FROM (SELECT a.pid FROM pg_catalog.pg_stat_activity AS a
                  WHERE a.usename = {role} AND a.pid <> pg_catalog.pg_backend_pid() OFFSET 0) AS f;
        EXIT WHEN NOT FOUND OR pg_catalog.clock_timestamp() > give_up;
        PERFORM pg_catalog.pg_sleep(0.02);
    END LOOP;
END
$body$
