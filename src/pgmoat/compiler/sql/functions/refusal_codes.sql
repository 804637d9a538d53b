-- The SQLSTATEs with which pgmoat refuses, and what each means: the one list of what is counted. A code that is added
-- here gets its counters at the next apply, by the statement below. Returns code and meaning.
CREATE OR REPLACE FUNCTION pgmoat.refusal_codes()
RETURNS TABLE (code text, meaning text) LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
    VALUES
        ('PM001', 'no task: no token, or one that is not the role''s'),
        ('PM002', 'the task is closed'),
        ('PM003', 'the task is past its deadline'),
        ('PM004', 'the task is frozen'),
        ('PM005', 'the agent is frozen'),
        ('PM006', 'the transaction runs above READ COMMITTED'),
        ('PM007', 'statement_timeout was lifted'),
        ('PM008', 'the token stands in the text of the query'),
        ('PM009', 'one transaction writes for two tasks'),
        ('PM010', 'the statement passes rows_per_statement'),
        ('PM011', 'the task''s writes_per_task is used up'),
        ('PM012', 'the agent''s writes_per_hour is used up'),
        ('PM013', 'the task''s bytes_per_task is used up'),
        ('PM014', 'another transaction holds the agent''s hour'),
        ('PM015', 'the task''s scope lacks a value that the entity asks for'),
        ('PM016', 'the agent''s tasks_per_hour is used up'),
        ('PM017', 'a task id, step or limit that is not allowed'),
        ('PM018', 'a child task with more than its parent'),
        ('PM019', 'a task that the agent may not claim'),
        ('PM020', 'DELETE without a reason'),
        ('PM021', 'a word that the value map lacks'),
        ('PM022', 'an event of a row that the agent does not see'),
        ('PM023', 'a step from a state that is no longer the present one'),
        ('PM024', 'a step that the log''s transitions do not have'),
        ('PM025', 'an edit of an append-only log'),
        ('PM026', 'the idempotency key stands for another event'),
        ('PM027', 'an event without idempotency key'),
        ('PM028', 'nothing to undo'),
        ('PM029', 'a row would leave the task''s scope'),
        ('PM030', 'no such agent'),
        ('PM031', 'the task is open with another scope, parent or origin'),
        ('PM032', 'no such task'),
        ('21000', 'one statement changes a row twice'),
        ('40001', 'a row, or the budget, has moved: to be repeated')
$function$;
SELECT pgmoat.make_refusal_counters();
