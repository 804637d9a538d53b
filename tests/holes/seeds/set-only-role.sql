-- about: privileges that are not inherited, and that SET ROLE gives all the same
-- claim: use-role SET ROLE PREFIXkeepers
-- seed
CREATE ROLE PREFIXoperators NOINHERIT;
CREATE ROLE PREFIXkeepers;
CREATE TABLE hr.grievances (id integer, text text);
INSERT INTO hr.grievances VALUES (1, 'secret');
GRANT USAGE ON SCHEMA hr TO PREFIXkeepers;
GRANT SELECT, DELETE ON hr.grievances TO PREFIXkeepers;
GRANT PREFIXkeepers TO PREFIXoperators;
GRANT PREFIXoperators TO PREFIXbot;
-- exploit
SET LOCAL ROLE PREFIXkeepers;
DELETE FROM hr.grievances RETURNING text = 'secret';
