-- about: tables that people make later are readable for the role from their first day
-- claim: future-objects SELECT tables of PREFIXowner in schema shop
-- seed
ALTER DEFAULT PRIVILEGES FOR ROLE PREFIXowner IN SCHEMA shop GRANT SELECT ON TABLES TO PREFIXbot;
-- before
SET ROLE PREFIXowner;
CREATE TABLE shop.leads AS SELECT 'secret' AS name;
-- exploit
SELECT name = 'secret' FROM shop.leads;
