-- about: every role may create temporary tables, in which a name is first on everybody's search_path
-- claim: temporary-tables TEMPORARY DBNAME
-- seed
GRANT TEMPORARY ON DATABASE "DBNAME" TO PUBLIC;
-- exploit
CREATE TEMPORARY TABLE orders AS SELECT 1 AS id;
SELECT true;
-- people
CREATE TEMPORARY TABLE sums AS SELECT 1 AS id;
