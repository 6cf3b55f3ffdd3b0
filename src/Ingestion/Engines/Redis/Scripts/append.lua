-- Writes a step of a task that a worker holds, and renews the lease. Returns the answer and the number of the last event.
function verbs.append()
  local t = call('HMGET', task(a.id), 'tenant', 'phase', 'attempt', 'cancel', 'last_event', 'percentage')
  if t[1] ~= a.tenant or t[2] ~= 'running' or t[3] ~= a.attempt then return { 'lost', 0 } end
  if t[4] == '1' then return { 'cancel', 0 } end
  local fields, last = changed(t[5], t[6])
  if a.committing then set(fields, 'committing', 1) end
  call('HSET', task(a.id), unpack(fields))
  if a.no_details then call('HDEL', task(a.id), 'details') end
  put(at('leases'), now + a.lease_time, a.id)
  tell('c', a.id)
  return { 'held', last }
end
