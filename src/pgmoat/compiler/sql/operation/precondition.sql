-- A precondition: anything but true refuses the call.
    IF (
{that}
    ) IS NOT TRUE THEN
        PERFORM pgmoat.refuse_precondition({operation}, {number}, {message});
    END IF;
