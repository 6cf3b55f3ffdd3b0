-- A task's events after one, in order.
register('events', function()
  local tenant, id, after, max = unpack(ARGV, 2)
  local head, names = head_for(id, tenant), {}
  if head then
    for i = after + 1, math.min(head[LAST_EVENT], after + max) do names[#names + 1] = 'event' .. i end
  end
  return #names > 0 and call('HMGET', task(id), unpack(names)) or {}
end)
