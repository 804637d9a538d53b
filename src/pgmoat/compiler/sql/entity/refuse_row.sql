-- The part of an INSERT or UPDATE trigger that refuses a row outside the task's scope.

    IF {condition} IS NOT TRUE THEN
        PERFORM pgmoat.refuse_row({entity}, ARRAY[{columns}]);
    END IF;
