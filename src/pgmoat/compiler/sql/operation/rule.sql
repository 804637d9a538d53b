-- Which rule asks for a person's word whatever is written: anything but false does.
    IF (
{condition}
    ) IS NOT FALSE THEN
        pgmoat_rule := {rule};
    END IF;
