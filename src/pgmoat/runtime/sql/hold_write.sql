-- Has a write wait for a person's word. Parameters: the call, the preview and its signature, the request.
SELECT pgmoat.hold_write($1, $2, $3, $4)
