-- A small trading venue: about 100 MB on disk.
CREATE EXTENSION IF NOT EXISTS plpgsql;
CREATE TYPE side AS ENUM ('buy', 'sell');
CREATE TABLE accounts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  owner text NOT NULL,
  opened_at timestamptz NOT NULL
);
CREATE TABLE instruments (
  symbol text PRIMARY KEY,
  name text NOT NULL,
  tick_size numeric(10, 4) NOT NULL
);
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts,
  symbol text NOT NULL REFERENCES instruments,
  side side NOT NULL,
  quantity integer NOT NULL CHECK (quantity > 0),
  price numeric(12, 4) NOT NULL,
  placed_at timestamptz NOT NULL
);
CREATE TABLE trades (
  id bigint GENERATED ALWAYS AS IDENTITY,
  order_id bigint NOT NULL,
  symbol text NOT NULL,
  quantity integer NOT NULL,
  price numeric(12, 4) NOT NULL,
  value numeric(20, 4) GENERATED ALWAYS AS (quantity * price) STORED,
  traded_at timestamptz NOT NULL
) PARTITION BY RANGE (traded_at);
CREATE TABLE trades_2025 PARTITION OF trades FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE trades_2026 PARTITION OF trades FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE VIEW positions AS
  SELECT o.account_id, t.symbol, sum(CASE o.side WHEN 'buy' THEN t.quantity ELSE -t.quantity END) AS quantity
  FROM trades t JOIN orders o ON o.id = t.order_id GROUP BY 1, 2;

INSERT INTO accounts (owner, opened_at)
  SELECT 'account ' || md5(i::text), timestamptz '2024-01-01 00:00Z' + i * interval '7 minutes'
  FROM generate_series(1, 20000) i;
INSERT INTO instruments
  SELECT 'SYM' || i, 'Instrument ' || i, 0.01 FROM generate_series(1, 200) i;
INSERT INTO orders (account_id, symbol, side, quantity, price, placed_at)
  SELECT 1 + (i * 7919::bigint) % 20000, 'SYM' || 1 + (i * 31) % 200,
         (CASE WHEN i % 2 = 0 THEN 'buy' ELSE 'sell' END)::side,
         1 + i % 500, round((20 + 10 * sin(i))::numeric, 4), timestamptz '2025-01-01 00:00Z' + i * interval '150 seconds'
  FROM generate_series(1, 350000) i;
INSERT INTO trades (order_id, symbol, quantity, price, traded_at)
  SELECT id, symbol, quantity, price, placed_at + interval '3 seconds' FROM orders;
CREATE INDEX orders_by_account ON orders (account_id, placed_at);
CREATE INDEX trades_by_symbol ON trades (symbol, traded_at);
ANALYZE;
