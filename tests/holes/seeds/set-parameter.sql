-- about: a parameter that only superusers set: this one turns off triggers and foreign keys
-- claim: set-parameter SET session_replication_role
-- seed
GRANT SET ON PARAMETER session_replication_role TO PREFIXbot;
-- exploit
SET LOCAL session_replication_role = 'replica';
SELECT pg_catalog.current_setting('session_replication_role') = 'replica';
