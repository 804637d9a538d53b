-- about: UPDATE on a sequence: setval makes people's inserts fail, and nothing takes it back
-- claim: use-sequence UPDATE shop.invoices_id_seq
-- seed
CREATE TABLE shop.invoices (id serial PRIMARY KEY, text text);
ALTER TABLE shop.invoices OWNER TO PREFIXowner;
INSERT INTO shop.invoices (text) VALUES ('one'), ('two');
GRANT SELECT, INSERT ON shop.invoices TO PREFIXclerk;
GRANT USAGE ON SEQUENCE shop.invoices_id_seq TO PREFIXclerk;
GRANT UPDATE ON SEQUENCE shop.invoices_id_seq TO PREFIXbot;
-- exploit
SELECT pg_catalog.setval('shop.invoices_id_seq', 1, false) = 1;
-- people
INSERT INTO shop.invoices (text) VALUES ('three');
