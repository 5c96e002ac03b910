-- Ascending ranges of products, so that transactions never deadlock.
\startpipeline
\set id random(1, 62)
WITH sold AS (UPDATE product SET stock = stock - 1 WHERE id = :id AND stock >= 1 RETURNING id, price) INSERT INTO sale (product, quantity, price) SELECT id, 1, price FROM sold;
\set id random(63, 124)
WITH sold AS (UPDATE product SET stock = stock - 1 WHERE id = :id AND stock >= 1 RETURNING id, price) INSERT INTO sale (product, quantity, price) SELECT id, 1, price FROM sold;
\set id random(125, 186)
WITH sold AS (UPDATE product SET stock = stock - 1 WHERE id = :id AND stock >= 1 RETURNING id, price) INSERT INTO sale (product, quantity, price) SELECT id, 1, price FROM sold;
\set id random(187, 248)
WITH sold AS (UPDATE product SET stock = stock - 1 WHERE id = :id AND stock >= 1 RETURNING id, price) INSERT INTO sale (product, quantity, price) SELECT id, 1, price FROM sold;
\set id random(249, 310)
WITH sold AS (UPDATE product SET stock = stock - 1 WHERE id = :id AND stock >= 1 RETURNING id, price) INSERT INTO sale (product, quantity, price) SELECT id, 1, price FROM sold;
\set id random(311, 372)
WITH sold AS (UPDATE product SET stock = stock - 1 WHERE id = :id AND stock >= 1 RETURNING id, price) INSERT INTO sale (product, quantity, price) SELECT id, 1, price FROM sold;
\set id random(373, 434)
WITH sold AS (UPDATE product SET stock = stock - 1 WHERE id = :id AND stock >= 1 RETURNING id, price) INSERT INTO sale (product, quantity, price) SELECT id, 1, price FROM sold;
\set id random(435, 496)
WITH sold AS (UPDATE product SET stock = stock - 1 WHERE id = :id AND stock >= 1 RETURNING id, price) INSERT INTO sale (product, quantity, price) SELECT id, 1, price FROM sold;
\set id random(497, 558)
WITH sold AS (UPDATE product SET stock = stock - 1 WHERE id = :id AND stock >= 1 RETURNING id, price) INSERT INTO sale (product, quantity, price) SELECT id, 1, price FROM sold;
\set id random(559, 620)
WITH sold AS (UPDATE product SET stock = stock - 1 WHERE id = :id AND stock >= 1 RETURNING id, price) INSERT INTO sale (product, quantity, price) SELECT id, 1, price FROM sold;
\set id random(621, 682)
WITH sold AS (UPDATE product SET stock = stock - 1 WHERE id = :id AND stock >= 1 RETURNING id, price) INSERT INTO sale (product, quantity, price) SELECT id, 1, price FROM sold;
\set id random(683, 744)
WITH sold AS (UPDATE product SET stock = stock - 1 WHERE id = :id AND stock >= 1 RETURNING id, price) INSERT INTO sale (product, quantity, price) SELECT id, 1, price FROM sold;
\set id random(745, 806)
WITH sold AS (UPDATE product SET stock = stock - 1 WHERE id = :id AND stock >= 1 RETURNING id, price) INSERT INTO sale (product, quantity, price) SELECT id, 1, price FROM sold;
\set id random(807, 868)
WITH sold AS (UPDATE product SET stock = stock - 1 WHERE id = :id AND stock >= 1 RETURNING id, price) INSERT INTO sale (product, quantity, price) SELECT id, 1, price FROM sold;
\set id random(869, 930)
WITH sold AS (UPDATE product SET stock = stock - 1 WHERE id = :id AND stock >= 1 RETURNING id, price) INSERT INTO sale (product, quantity, price) SELECT id, 1, price FROM sold;
\set id random(931, 992)
WITH sold AS (UPDATE product SET stock = stock - 1 WHERE id = :id AND stock >= 1 RETURNING id, price) INSERT INTO sale (product, quantity, price) SELECT id, 1, price FROM sold;
\endpipeline
