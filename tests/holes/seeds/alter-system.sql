-- about: a parameter of the whole server that the role may change for everybody
-- commits
-- claim: alter-system ALTER SYSTEM log_connections
-- seed
GRANT ALTER SYSTEM ON PARAMETER log_connections TO PREFIXbot;
-- exploit
ALTER SYSTEM RESET log_connections;
