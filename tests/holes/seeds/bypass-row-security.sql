-- about: BYPASSRLS: row policies do not bind the role
-- claim: bypass-row-security READ DBNAME
-- seed
CREATE TABLE shop.messages (id integer, reader name, text text);
ALTER TABLE shop.messages OWNER TO PREFIXowner;
INSERT INTO shop.messages VALUES (1, 'PREFIXclerk', 'secret'), (2, 'PREFIXbot', 'hello');
ALTER TABLE shop.messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_messages ON shop.messages USING (reader = SESSION_USER);
GRANT SELECT ON shop.messages TO PREFIXbot, PREFIXclerk;
ALTER ROLE PREFIXbot BYPASSRLS;
-- exploit
SELECT true FROM shop.messages WHERE text = 'secret';
-- people
SELECT text FROM shop.messages;
