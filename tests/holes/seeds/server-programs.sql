-- about: pg_execute_server_program: programs as the server's account
-- claim: run-programs EXECUTE the server
-- seed
GRANT pg_execute_server_program TO PREFIXbot;
-- exploit
COPY shop.notes (text) FROM PROGRAM 'echo secret';
SELECT true FROM shop.notes WHERE text = 'secret';
