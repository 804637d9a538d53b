-- about: the role may hand on what it may read
-- claim: read-table SELECT hr.reviews
-- seed
CREATE TABLE hr.reviews (text text);
INSERT INTO hr.reviews VALUES ('secret');
GRANT USAGE ON SCHEMA hr TO PREFIXbot;
GRANT SELECT ON hr.reviews TO PREFIXbot WITH GRANT OPTION;
-- exploit
GRANT SELECT ON hr.reviews TO PUBLIC;
SELECT pg_catalog.has_table_privilege('PREFIXclerk', 'hr.reviews', 'SELECT');
