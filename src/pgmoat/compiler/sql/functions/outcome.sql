-- What became of a write or call that was held, for the agent itself. Arguments: its number. Returns its state (pending, approved,
-- rejected, done, expired); the request and the reason that the agent gave; why a person is asked; the person's reason; until when
-- it waits, or may run; what it gave when it ran.
CREATE OR REPLACE FUNCTION pgmoat.outcome(approval bigint, OUT state text, OUT operation text, OUT key text, OUT request jsonb,
    OUT why text, OUT reason text, OUT expires_at timestamptz, OUT result jsonb, OUT given_reason text)
RETURNS record LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
#variable_conflict use_column
DECLARE
    t record;
BEGIN
    PERFORM pgmoat.gate('outcome()');
    SELECT s.agent, s.scope INTO t FROM pgmoat.session_task AS s;
    IF NOT FOUND THEN
        SELECT s.agent, '{}'::jsonb AS scope INTO t FROM pgmoat.named_task AS s;
    END IF;
    SELECT v.state, p.operation, p.key, p.request, p.why, p.decision_reason, p.expires_at, o.result, p.given_reason
      INTO state, operation, key, request, why, reason, expires_at, result, given_reason
      FROM pgmoat.approval AS p
      JOIN pgmoat.approvals AS v ON v.id = p.id
      JOIN pgmoat.task AS k ON k.id = p.task
      LEFT JOIN pgmoat.operation_call AS o ON o.id = p.call
     WHERE p.id = outcome.approval AND p.agent = t.agent AND k.scope = t.scope;
    IF NOT FOUND THEN
        PERFORM pgmoat.refuse_approval('PM055', outcome.approval::text, NULL);
    END IF;
END
$function$;
