-- Counts what an agent has waiting, at COMMIT: no lock is held while the agent thinks.
CREATE CONSTRAINT TRIGGER count_holds AFTER INSERT ON pgmoat.statement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.operation = 'hold') EXECUTE FUNCTION pgmoat.count_holds();
