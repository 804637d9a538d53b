-- about: every role may create objects in schema public
-- claim: create-in-schema CREATE public
-- seed
GRANT CREATE ON SCHEMA public TO PUBLIC;
-- exploit
CREATE TABLE public.customers_copy (card_number text);
SELECT true;
-- people
CREATE TABLE public.scratchpad (note text);
