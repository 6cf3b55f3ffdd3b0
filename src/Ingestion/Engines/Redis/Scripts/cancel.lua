-- Tells a worker to stop, or says how the task stands; what waits is moved by a step of its own then.
function verbs.cancel()
  local t = call('HMGET', task(a.id), 'tenant', 'phase', 'state', 'attempt', 'committing')
  if t[1] ~= a.tenant then return { 'none' } end
  if t[3] == 'cancelled' then return { 'cancelled', read(a.id) } end
  if t[2] == 'ended' then return { 'finished', read(a.id) } end
  if t[5] == '1' then return { 'committing', read(a.id) } end
  if t[2] ~= 'running' then return { 'waits', t[2], t[3], t[4] or '0' } end
  call('HSET', task(a.id), 'cancel', 1)
  tell('x', a.id)
  return { 'requested', read(a.id) }
end
