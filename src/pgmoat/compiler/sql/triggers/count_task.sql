-- Counts the tasks that an agent opens by itself, at COMMIT: no lock is held while the agent thinks.
CREATE CONSTRAINT TRIGGER count_task AFTER INSERT ON pgmoat.task
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.origin <> 'issued') EXECUTE FUNCTION pgmoat.count_task();
