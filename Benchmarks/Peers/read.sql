\set id random(1, 1000)
SELECT * FROM product WHERE id = :id;
