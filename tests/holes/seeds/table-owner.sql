-- about: the role owns a table of people's: it drops it, or reads past row policies
-- claim: own-relation OWN shop.drafts
-- seed
CREATE TABLE shop.drafts (text text);
INSERT INTO shop.drafts VALUES ('secret');
ALTER TABLE shop.drafts OWNER TO PREFIXbot;
GRANT SELECT ON shop.drafts TO PREFIXclerk;
-- exploit
DROP TABLE shop.drafts;
SELECT true;
-- people
SELECT text FROM shop.drafts;
