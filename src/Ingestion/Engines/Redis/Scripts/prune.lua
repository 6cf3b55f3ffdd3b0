-- Removes tasks that ended long enough ago, with all that points at them. Returns what they were asked for.
local pruned = {}
for _, id in ipairs(call('ZRANGE', at('ended'), '-inf', now - a.retention, 'BYSCORE', 'LIMIT', 0, a.max)) do
  call('ZREM', at('ended'), id)
  call('ZREM', at('webhooks'), id)
  local t = call('HMGET', task(id), 'spec', 'tenant', 'fixed', 'file')
  if t[1] then
    call('DEL', task(id))
    local collection, document, _, _, _, seq, key = fixed(t[3])
    -- What is old enough to go stands at the front.
    call('LREM', joined('list', t[2]), 1, id)
    call('ZREM', joined('documents', t[2], collection), listed(document, seq, id))
    if key then call('DEL', joined('key', t[2], key)) end
    if t[4] then call('SREM', joined('upload', t[4]), id) end
    pruned[#pruned + 1] = t[1]
  end
end
-- A tenant that waits for nothing and is not ahead of the line is as good as new.
if #pruned > 0 then
  local passed = call('HGET', at('line'), 'virtual_time') or 0
  for _, tenant in ipairs(call('ZRANGE', at('turns'), '-inf', passed, 'BYSCORE', 'LIMIT', 0, 1000)) do
    if call('HEXISTS', at('tenants'), tenant) == 0 then call('ZREM', at('turns'), tenant) end
  end
end
-- The last one of a priority was handed out without a look at what is left.
for _, priority in ipairs(call('ZRANGE', at('priorities'), 0, -1)) do
  if call('EXISTS', ready(priority)) == 0 then call('ZREM', at('priorities'), priority) end
end
return pruned
