-- about: a column of card numbers, granted by itself
-- claim: read-table SELECT shop.customers
-- seed
GRANT SELECT (id, card_number) ON shop.customers TO PREFIXbot;
-- exploit
SELECT card_number LIKE '%secret%' FROM shop.customers LIMIT 1;
