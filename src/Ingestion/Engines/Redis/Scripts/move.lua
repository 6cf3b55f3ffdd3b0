-- Moves a task from one phase to another, only from the one that the caller expects it in. Returns what became of it, with the task
-- where the caller asks for it: moved, full, none, or differs with phase, state, attempt, cancel and committing as they are.
function verbs.move()
  local t = call('HMGET', task(a.id), 'tenant', 'phase', 'state', 'attempt', 'cancel', 'committing', 'fixed', 'place', 'last_event',
    'percentage', 'call', 'file', 'notify')
  local tenant, phase, place = t[1], t[2], t[8]
  local attempt, cancel = t[4] or '0', t[5] or '0'
  if tenant ~= a.tenant then return { 'none' } end

  -- The same call again, whose first answer got lost.
  if a.call and t[11] == a.call then return { 'moved' } end

  local differs = a.if_phase ~= phase or (a.if_attempt and a.if_attempt ~= attempt) or (a.if_state and a.if_state ~= t[3])
    or (a.if_cancel and a.if_cancel ~= cancel)
  if not differs and a.if_expired then
    write_set(at('leases'))
    differs = tonumber(call('ZSCORE', at('leases'), a.id) or 0) > now
  end
  if differs then return { 'differs', phase, t[3], attempt, cancel, t[6] } end
  local kind = a.max_waiting and full_kind()
  if kind then return full(kind, read(a.id)) end

  local fields, gone = changed(t[9], t[10]), { 'worker' }
  set(fields, 'phase', a.phase)
  if t[6] then gone[#gone + 1] = 'committing' end
  if a.call then set(fields, 'call', a.call) end
  if a.count then call('HINCRBY', task(a.id), a.count, 1) end
  if a.crashed then call('HINCRBY', task(a.id), 'crashes', 1) end
  if a.no_details then gone[#gone + 1] = 'details' end

  local ends = a.phase == 'ended'
  local priority, cost, created, seq
  -- The usual way, from a worker to the end, needs none of them.
  if phase ~= 'running' or not ends then
    local _
    _, _, priority, cost, created, seq = fixed(t[7])
  end
  local was_waiting = phase == 'queued' or phase == 'delayed'
  if phase == 'queued' then take(ready(priority), member(seq, a.id))
  elseif phase == 'running' then take(at('leases'), a.id)
  else take(at(phase), a.id) end

  if phase == 'ended' then
    -- Asked for again: as good as new, but for what it had reached.
    place = take_turn(tenant, tonumber(cost))
    for _, name in ipairs({ 'failures', 'crashes', 'released', 'cancel', 'completed_at' }) do gone[#gone + 1] = name end
    set(fields, 'place', place)
    take(at('webhooks'), a.id)
  end
  if ends then
    set(fields, 'completed_at', now)
    put(at('ended'), now, a.id)
    if t[13] then
      set(fields, 'webhook_tries', 0)
      put(at('webhooks'), now, a.id)
    end
  elseif a.phase == 'queued' then queue(a.id, seq, priority, place)
  else
    put(at(a.phase), a.delay and now + a.delay or 'inf', a.id)
    is_promoted = false
  end

  local completed = ends and a.state == 'completed'
  if completed or a.state == 'cancelled' or phase == 'ended' then gone[#gone + 1] = 'error'
  elseif a.error then set(fields, 'error', a.error) end
  if a.result then set(fields, 'result', a.result) else gone[#gone + 1] = 'result' end
  if completed then
    for _, name in ipairs({ 'inline', 'checkpoint', 'file' }) do gone[#gone + 1] = name end
    if t[12] then call('SREM', joined('upload', t[12]), a.id) end
  end
  call('HSET', task(a.id), unpack(fields))
  call('HDEL', task(a.id), unpack(gone))

  local waits = a.phase == 'queued' or a.phase == 'delayed'
  if waits and not was_waiting then start_waiting(a.id, tenant, created)
  elseif was_waiting and not waits then stop_waiting(a.id, tenant) end
  if (phase == 'ended') ~= ends then count_open(tenant, ends and -1 or 1) end
  tell(waits and 'q' or 'c', a.id)
  return { 'moved', a.read and read(a.id) }
end
