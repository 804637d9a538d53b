-- A day at the desk, as people's own programs write it. It ends as it began, but for the sequences.
-- A header names each statement.

-- sign_up
INSERT INTO customer (store_id, first_name, last_name, email, address_id, active)
VALUES (1, 'ADA', 'BYRON', 'ada@example.com', 5, 1)
RETURNING first_name, activebool, create_date = CURRENT_DATE;

-- order_a_disc
INSERT INTO inventory (inventory_id, film_id, store_id)
VALUES (nextval('inventory_inventory_id_seq'), 7, 1)
RETURNING film_id, store_id;

-- rent_it_out
INSERT INTO rental (rental_date, inventory_id, customer_id, staff_id)
VALUES (TIMESTAMP '2007-03-03 10:00', currval('inventory_inventory_id_seq'), currval('customer_customer_id_seq'), 1)
RETURNING rental_date, return_date, staff_id;

-- pay: a rule leads into the part of the month
INSERT INTO payment (customer_id, staff_id, rental_id, amount, payment_date)
VALUES (currval('customer_customer_id_seq'), 1, currval('rental_rental_id_seq'), 5.99, TIMESTAMP '2007-03-03 10:01');

-- find_the_payment
SELECT tableoid::regclass, amount FROM payment WHERE rental_id = currval('rental_rental_id_seq');

-- take_it_back
UPDATE rental
   SET return_date = TIMESTAMP '2007-03-05 18:30'
 WHERE inventory_id = currval('inventory_inventory_id_seq') AND return_date IS NULL
RETURNING return_date - rental_date, last_update > rental_date;

-- lock_the_customer
SELECT first_name FROM customer WHERE customer_id = currval('customer_customer_id_seq') FOR UPDATE;

-- suspend
UPDATE customer SET active = 0 WHERE customer_id = currval('customer_customer_id_seq') RETURNING active;

-- raise_prices: for a moment
UPDATE film SET rental_rate = rental_rate + 1 WHERE film_id BETWEEN 100 AND 110 RETURNING film_id, rental_rate;

-- lower_prices
UPDATE film SET rental_rate = rental_rate - 1 WHERE film_id BETWEEN 100 AND 110 RETURNING film_id, rental_rate;

-- another_cast
DELETE FROM film_actor WHERE film_id = 100 RETURNING actor_id;

-- the_old_cast
INSERT INTO film_actor (actor_id, film_id) VALUES (41, 100), (62, 100), (90, 100), (125, 100), (172, 100);

-- forget_the_payment
DELETE FROM payment WHERE rental_id = currval('rental_rental_id_seq') RETURNING amount;

-- forget_the_rental
DELETE FROM rental WHERE rental_id = currval('rental_rental_id_seq') RETURNING rental_date;

-- forget_the_disc
DELETE FROM inventory WHERE inventory_id = currval('inventory_inventory_id_seq') RETURNING film_id;

-- forget_the_customer
DELETE FROM customer WHERE customer_id = currval('customer_customer_id_seq') RETURNING last_name;
