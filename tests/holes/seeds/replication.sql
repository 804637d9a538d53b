-- about: REPLICATION: the role copies every database of the server, byte for byte
-- connects: replication
-- seed
ALTER ROLE PREFIXbot REPLICATION;
-- exploit
IDENTIFY_SYSTEM
