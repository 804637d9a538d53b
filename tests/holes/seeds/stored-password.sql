-- about: a foreign server for which the role has a user mapping, with a password that it may read
-- claim: stored-password READ PREFIXbot on warehouse
-- seed
CREATE FOREIGN DATA WRAPPER warehouse_wrapper;
CREATE SERVER warehouse FOREIGN DATA WRAPPER warehouse_wrapper OPTIONS (host 'warehouse.example');
CREATE USER MAPPING FOR PREFIXbot SERVER warehouse OPTIONS (user 'etl', password 'secret-password');
GRANT USAGE ON FOREIGN SERVER warehouse TO PREFIXbot;
-- exploit
SELECT umoptions::text LIKE '%secret-password%' FROM pg_catalog.pg_user_mappings WHERE srvname = 'warehouse';
