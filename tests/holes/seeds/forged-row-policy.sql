-- about: a row policy asks a setting, and any session sets it
-- claim: forge-policy SELECT shop.tickets
-- seed
CREATE TABLE shop.tickets (tenant text, text text);
ALTER TABLE shop.tickets OWNER TO PREFIXowner;
INSERT INTO shop.tickets VALUES ('north', 'secret'), ('south', 'hello');
ALTER TABLE shop.tickets ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tickets ON shop.tickets USING (tenant = pg_catalog.current_setting('app.tenant', true));
GRANT SELECT ON shop.tickets TO PREFIXbot, PREFIXclerk;
-- exploit
SET LOCAL app.tenant = 'north';
SELECT text = 'secret' FROM shop.tickets;
