-- about: every role may call a SECURITY DEFINER function that hands out what its owner may read
-- claim: definer-function EXECUTE shop.bank_account(text)
-- seed
CREATE FUNCTION shop.bank_account(who text) RETURNS text LANGUAGE sql SECURITY DEFINER STABLE
SET search_path = pg_catalog, pg_temp
AS 'SELECT iban FROM hr.payroll WHERE person = who';
ALTER FUNCTION shop.bank_account(text) OWNER TO PREFIXowner;
-- exploit
SELECT shop.bank_account('Ada') LIKE 'secret%';
-- people
SELECT shop.bank_account('Ada');
