-- Hands out ends of tasks that somebody is to be told of, each with the number of the try.
register('take_webhooks', function()
  local max, hold = unpack(ARGV, 2)
  local found, webhooks = {}, tag .. ':webhooks'
  for _, id in ipairs(call('ZRANGE', webhooks, '-inf', now, 'BYSCORE', 'LIMIT', 0, max)) do
    if call('EXISTS', task(id)) == 1 then
      call('ZADD', webhooks, now + hold, id)
      local try = call('HINCRBY', task(id), 'webhook_tries', 1)
      found[#found + 1] = { read(id), try }
    else
      call('ZREM', webhooks, id)
    end
  end
  return found
end)
