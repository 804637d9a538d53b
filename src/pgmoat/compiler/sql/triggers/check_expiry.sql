-- Looks, at COMMIT, whether what a person has approved still holds.
CREATE CONSTRAINT TRIGGER check_expiry AFTER UPDATE ON pgmoat.approval
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.done_at IS NOT NULL AND OLD.done_at IS NULL)
    EXECUTE FUNCTION pgmoat.check_expiry();
