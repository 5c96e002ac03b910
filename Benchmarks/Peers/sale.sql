\set id random(1, 1000)
WITH sold AS (UPDATE product SET stock = stock - 1 WHERE id = :id AND stock >= 1 RETURNING id, price) INSERT INTO sale (product, quantity, price) SELECT id, 1, price FROM sold;
