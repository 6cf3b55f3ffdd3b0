-- Removes tasks that ended long enough ago, with all that points at them. Returns what they were accepted by.
register('prune', function()
  local max, retention = unpack(ARGV, 2)
  local pruned = {}
  for _, id in ipairs(call('ZRANGE', phases, at_phase(ENDED, 0), at_phase(ENDED, now - retention), 'BYSCORE', 'LIMIT', 0, max)) do
    call('ZREM', phases, id)
    call('ZREM', tag .. ':webhooks', id)
    local there, asked = unpack(call('HMGET', task(id), 'head', 'accepted'))
    if there then
      local head, _, _, _, collection, document, key, file = head_of(there), accepted(id, asked)
      local tenant = head[OWNER]
      call('DEL', task(id))
      -- What is old enough to go stands at the front.
      call('LREM', joined('list', tenant), 1, id)
      call('ZREM', joined('documents', tenant, collection), listed(document, member(head[SEQ], id)))
      if key ~= '' then call('DEL', joined('key', tenant, key)) end
      if file ~= '' then call('SREM', joined('upload', file), id) end
      pruned[#pruned + 1] = asked
    end
  end
  -- Tenants that the line has caught up with since their last task ended.
  local figures = call('HGET', line, 'figures')
  if figures then
    local _, virtual_time = unpacked(FIGURES, figures)
    for _, tenant in ipairs(call('ZRANGE', tag .. ':ahead', '-inf', virtual_time, 'BYSCORE', 'LIMIT', 0, 1000)) do
      local there = call('HGET', line, 'tenant:' .. tenant)
      local _, open, place = unpacked(TENANT, there or pack(TENANT, 0, 0, 0))
      if open == 0 and place <= virtual_time then call('HDEL', line, 'tenant:' .. tenant) end
      call('ZREM', tag .. ':ahead', tenant)
    end
  end
  return pruned
end)
