-- about: pg_read_all_data: every table of every database
-- claim: predefined-role SELECT DBNAME
-- seed
GRANT pg_read_all_data TO PREFIXbot;
-- exploit
SELECT card_number LIKE '%secret%' FROM shop.customers LIMIT 1;
