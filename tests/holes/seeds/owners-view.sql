-- about: a view reads a table that the role may not, with the rights of the view's owner
-- claim: read-view SELECT shop.staff_directory
-- seed
CREATE VIEW shop.staff_directory AS SELECT person, iban FROM hr.payroll;
ALTER VIEW shop.staff_directory OWNER TO PREFIXowner;
GRANT SELECT ON shop.staff_directory TO PREFIXbot, PREFIXclerk;
-- exploit
SELECT iban LIKE 'secret%' FROM shop.staff_directory LIMIT 1;
-- people
SELECT person FROM shop.staff_directory;
