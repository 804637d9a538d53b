-- What a keyed write has written so far, for the database alone to read. Parameters: the call.
SELECT p.preview, p.signature FROM pgmoat.sign_preview($1) AS p
