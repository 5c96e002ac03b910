#!lua name=shop
-- One sale: check, decrement, a ledger row, an event; the equivalent of a sale in invd.
local function sell(keys, args)
  local facts = redis.call('HMGET', keys[1], 'stock', 'price')
  local stock, quantity = tonumber(facts[1]), tonumber(args[1])
  if stock == nil or stock < quantity then return redis.error_reply('INSUFFICIENT stock') end
  local left = redis.call('HINCRBY', keys[1], 'stock', -quantity)
  redis.call('XADD', 'sales', '*', 'product', keys[1], 'quantity', quantity, 'price', facts[2])
  redis.call('PUBLISH', 'stock', keys[1] .. ' ' .. left)
  return left
end
redis.register_function('sell', sell)
