CREATE TABLE product (
    id int PRIMARY KEY, sku text UNIQUE, name text, category int, price bigint, stock bigint,
    reorder_point bigint, updated timestamptz DEFAULT now()
);
CREATE TABLE sale (
    id bigint GENERATED ALWAYS AS IDENTITY, product int, quantity bigint, price bigint,
    at timestamptz DEFAULT now()
);
INSERT INTO product
SELECT n, 'bench-' || n, 'Bench product ' || n, 1, 1999, 100000000000, 10
FROM generate_series(1, 1000) n;
VACUUM ANALYZE product;
