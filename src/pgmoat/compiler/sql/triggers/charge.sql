-- Charges each transaction to its task and its agent's hour, at COMMIT.
CREATE CONSTRAINT TRIGGER charge AFTER INSERT ON pgmoat.statement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pgmoat.charge();
