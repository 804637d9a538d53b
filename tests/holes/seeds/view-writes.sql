-- about: a view through which the role changes rows of a table that it may not touch
-- claim: write-view UPDATE shop.raises
-- seed
CREATE VIEW shop.raises AS SELECT person, salary FROM hr.payroll;
ALTER VIEW shop.raises OWNER TO PREFIXowner;
GRANT SELECT, UPDATE ON shop.raises TO PREFIXbot;
-- exploit
UPDATE shop.raises SET salary = 20000 WHERE person = 'Bob' RETURNING true;
