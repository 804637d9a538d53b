-- Gives a new agent its counters of refusals.
CREATE TRIGGER add_refusal_counters AFTER INSERT ON pgmoat.agent
    FOR EACH STATEMENT EXECUTE FUNCTION pgmoat.add_refusal_counters();
