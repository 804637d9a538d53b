-- about: the role is a member of another and has its privileges without asking
-- claim: use-role INHERIT PREFIXreporting
-- seed
CREATE ROLE PREFIXreporting;
GRANT USAGE ON SCHEMA hr TO PREFIXreporting;
GRANT SELECT ON hr.payroll TO PREFIXreporting;
GRANT PREFIXreporting TO PREFIXbot, PREFIXclerk;
-- exploit
SELECT iban LIKE 'secret%' FROM hr.payroll LIMIT 1;
-- people
SELECT salary FROM hr.payroll;
