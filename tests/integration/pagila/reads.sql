-- What people ask this database, as they did before there were agents.
-- Each query has a header: its name, and what the first column of a row identifies (total: nothing; no agent
-- changes what such a query adds up).

-- films_of_a_rating: film
SELECT film_id, title, rating, rental_rate, special_features
  FROM film
 WHERE rating IN ('PG', 'NC-17')
 ORDER BY film_id;

-- films_about_dinosaurs: film
SELECT film_id, title, ts_rank(fulltext, to_tsquery('dinosaur')) AS rank
  FROM film
 WHERE fulltext @@ to_tsquery('dinosaur')
 ORDER BY film_id;

-- films_with_trailers: film
SELECT film_id, title, array_length(special_features, 1)
  FROM film
 WHERE special_features @> ARRAY['Trailers'] AND length > 120
 ORDER BY film_id;

-- copies_on_the_shelf: film
SELECT f.film_id, f.title, count(i.inventory_id) AS copies
  FROM film AS f
  LEFT JOIN inventory AS i ON i.film_id = f.film_id
 GROUP BY f.film_id
 ORDER BY f.film_id;

-- cast_of_a_film: film
SELECT f.film_id, a.actor_id, a.first_name || ' ' || a.last_name AS name
  FROM film AS f
  JOIN film_actor USING (film_id)
  JOIN actor AS a USING (actor_id)
 WHERE f.film_id <= 60
 ORDER BY f.film_id, a.actor_id;

-- busiest_actors: actor
SELECT a.actor_id, a.first_name, a.last_name, count(fa.film_id) AS films
  FROM actor AS a
  JOIN film_actor AS fa USING (actor_id)
 GROUP BY a.actor_id
 ORDER BY a.actor_id;

-- overdue_rentals: customer
SELECT c.customer_id, c.last_name, ad.phone, f.title, r.rental_date
  FROM rental AS r
  JOIN customer AS c ON c.customer_id = r.customer_id
  JOIN address AS ad ON ad.address_id = c.address_id
  JOIN inventory AS i ON i.inventory_id = r.inventory_id
  JOIN film AS f ON f.film_id = i.film_id
 WHERE r.return_date IS NULL AND r.rental_date + f.rental_duration * INTERVAL '1 day' < DATE '2006-03-01'
 ORDER BY c.customer_id, r.rental_id;

-- best_customers: customer
SELECT c.customer_id, c.email, sum(p.amount) AS paid, rank() OVER (ORDER BY sum(p.amount) DESC) AS place
  FROM customer AS c
  JOIN payment AS p USING (customer_id)
 GROUP BY c.customer_id
HAVING sum(p.amount) > 150
 ORDER BY c.customer_id;

-- inactive_customers: customer
SELECT customer_id, first_name, last_name, activebool, active, create_date
  FROM customer
 WHERE active = 0 OR NOT activebool
 ORDER BY customer_id;

-- income_by_month: total
SELECT date_trunc('month', payment_date) AS month, count(*), sum(amount), round(avg(amount), 4)
  FROM payment
 GROUP BY month
 ORDER BY month;

-- income_of_a_day: total
SELECT tableoid::regclass AS part, staff_id, sum(amount)
  FROM payment
 WHERE payment_date >= TIMESTAMP '2007-04-29' AND payment_date < TIMESTAMP '2007-05-02'
 GROUP BY part, staff_id
 ORDER BY part, staff_id;

-- customers_per_country: total
SELECT co.country, count(*)
  FROM country AS co
  JOIN city USING (country_id)
  JOIN address USING (city_id)
  JOIN customer USING (address_id)
 WHERE customer_id <= 500
 GROUP BY co.country
 ORDER BY co.country;

-- stores: total
SELECT s.store_id, m.first_name, m.username, m.password, length(m.picture) AS picture
  FROM store AS s
  JOIN staff AS m ON m.staff_id = s.manager_staff_id
 ORDER BY s.store_id;

-- discs_in_stock: total
SELECT film_in_stock(1, 1) AS disc
 ORDER BY disc;

-- disc_held_by: total
SELECT rental_id, inventory_held_by_customer(inventory_id), inventory_in_stock(inventory_id)
  FROM rental
 WHERE customer_id <= 200 AND return_date IS NULL
 ORDER BY rental_id;

-- rewards: customer
SELECT customer_id, email
  FROM rewards_report(7, 20.00)
 ORDER BY customer_id;

-- view_actor_info: actor
SELECT actor_id, first_name, last_name, film_info
  FROM actor_info
 WHERE actor_id BETWEEN 190 AND 200
 ORDER BY actor_id;

-- view_customer_list: customer
SELECT id, name, address, "zip code", phone, city, country, notes, sid
  FROM customer_list
 ORDER BY id;

-- view_film_list: film
SELECT fid, title, description, category, price, length, rating, actors
  FROM film_list
 ORDER BY fid;

-- view_nicer_but_slower_film_list: film
SELECT fid, title, category, price, actors
  FROM nicer_but_slower_film_list
 ORDER BY fid;

-- view_sales_by_film_category: total
SELECT category, total_sales
  FROM sales_by_film_category
 ORDER BY total_sales DESC, category;

-- view_sales_by_store: total
SELECT store, manager, total_sales
  FROM sales_by_store
 ORDER BY store;

-- view_staff_list: total
SELECT id, name, address, city, country, sid
  FROM staff_list
 ORDER BY id;
