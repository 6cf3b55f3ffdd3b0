-- Moves a task from one phase to another, only from the one that the caller expects it in. Returns what became of it, with the task
-- where the caller asks for it: moved, full, none, or differs with phase, state, attempt, cancel and committing as they are.
local t = call('HMGET', task(a.id), 'tenant', 'phase', 'state', 'attempt', 'cancel', 'committing', 'seq', 'priority', 'place', 'cost',
  'created_at', 'last_event', 'percentage', 'call', 'file', 'notify')
local tenant, phase, seq, priority, place = t[1], t[2], t[7], t[8], t[9]
if tenant ~= a.tenant then return { 'none' } end

-- The same call again, whose first answer got lost.
if a.call and t[14] == a.call then return { 'moved' } end

local differs = a.if_phase ~= phase or (a.if_attempt and a.if_attempt ~= t[4]) or (a.if_state and a.if_state ~= t[3])
  or (a.if_cancel and a.if_cancel ~= t[5])
if differs or (a.if_expired and tonumber(call('ZSCORE', at('leases'), a.id) or 0) > now) then
  return { 'differs', phase, t[3], t[4], t[5], t[6] }
end
local kind = a.max_waiting and full_kind()
if kind then return full(kind, read(a.id)) end

local written = a.after and tonumber(t[12]) - a.after or 0
local last, percentage = write_events(a.id, tonumber(t[12]), tonumber(t[13]), written)
local fields, gone = changed(last, percentage), { 'worker' }
local function set(name, value)
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end
set('phase', a.phase)
set('committing', 0)
if a.call then set('call', a.call) end
if a.count then call('HINCRBY', task(a.id), a.count, 1) end
if a.crashed then call('HINCRBY', task(a.id), 'crashes', 1) end
if a.no_details then gone[#gone + 1] = 'details' end

local was_waiting = phase == 'queued' or phase == 'delayed'
if phase == 'queued' then call('ZREM', ready(priority), member(seq, a.id))
elseif phase == 'running' then call('ZREM', at('leases'), a.id)
else call('ZREM', at(phase), a.id) end

if phase == 'ended' then
  -- Asked for again: as good as new, but for what it had reached.
  place = take_turn(tenant, tonumber(t[10]))
  for _, name in ipairs({ 'failures', 'crashes', 'released', 'cancel' }) do set(name, 0) end
  set('place', place)
  gone[#gone + 1] = 'completed_at'
  call('ZREM', at('webhooks'), a.id)
end
if a.phase == 'ended' then
  set('completed_at', now)
  call('ZADD', at('ended'), now, a.id)
  if t[16] then
    set('webhook_tries', 0)
    call('ZADD', at('webhooks'), now, a.id)
  end
elseif a.phase == 'queued' then queue(a.id, seq, priority, place)
else call('ZADD', at(a.phase), a.delay and now + a.delay or 'inf', a.id) end

local completed = a.phase == 'ended' and a.state == 'completed'
if completed or a.state == 'cancelled' or phase == 'ended' then gone[#gone + 1] = 'error'
elseif a.error then set('error', a.error) end
if a.result then set('result', a.result) else gone[#gone + 1] = 'result' end
if completed then
  for _, name in ipairs({ 'inline', 'checkpoint', 'file' }) do gone[#gone + 1] = name end
  if t[15] then call('SREM', joined('upload', t[15]), a.id) end
end
call('HSET', task(a.id), unpack(fields))
call('HDEL', task(a.id), unpack(gone))

local waits = a.phase == 'queued' or a.phase == 'delayed'
if waits and not was_waiting then start_waiting(a.id, tenant, t[11])
elseif was_waiting and not waits then stop_waiting(a.id, tenant) end
if (phase == 'ended') ~= (a.phase == 'ended') then count_open(tenant, a.phase == 'ended' and -1 or 1) end
tell(waits and 'q' or 'c', a.id)
return { 'moved', a.read and read(a.id) }
