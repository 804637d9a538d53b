-- about: REPLICATION: the role copies every database of the server, byte for byte
-- connects: replication
-- claim: replication READ the server
-- seed
ALTER ROLE PREFIXbot REPLICATION;
-- exploit
IDENTIFY_SYSTEM
