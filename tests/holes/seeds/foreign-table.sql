-- about: a foreign table that everybody's user mapping reads with a stored password
-- needs: postgres_fdw
-- claim: read-table SELECT shop.contracts
-- seed
CREATE EXTENSION postgres_fdw;
CREATE TABLE hr.contracts (text text);
INSERT INTO hr.contracts VALUES ('secret');
CREATE SERVER headquarters FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'HOST', port 'PORT', dbname 'DBNAME');
CREATE USER MAPPING FOR PUBLIC SERVER headquarters OPTIONS (user 'SUPERUSER', password 'PASSWORD');
CREATE FOREIGN TABLE shop.contracts (text text) SERVER headquarters OPTIONS (schema_name 'hr', table_name 'contracts');
GRANT SELECT ON shop.contracts TO PREFIXbot;
-- exploit
SELECT text = 'secret' FROM shop.contracts;
