-- Hands out ends of tasks that somebody is to be told of, each with the number of the try.
local found = {}
for _, id in ipairs(call('ZRANGE', at('webhooks'), '-inf', now, 'BYSCORE', 'LIMIT', 0, a.max)) do
  if call('EXISTS', task(id)) == 1 then
    call('ZADD', at('webhooks'), now + a.hold, id)
    local try = call('HINCRBY', task(id), 'webhook_tries', 1)
    found[#found + 1] = { read(id), try }
  else
    call('ZREM', at('webhooks'), id)
  end
end
return found
