-- about: pg_read_server_files: files of the server's account
-- claim: read-files READ the server
-- seed
GRANT pg_read_server_files TO PREFIXbot;
-- exploit
COPY shop.notes (text) FROM 'DATADIR/PG_VERSION';
SELECT true FROM shop.notes WHERE text = (SELECT pg_catalog.split_part(pg_catalog.current_setting('server_version'), '.', 1));
