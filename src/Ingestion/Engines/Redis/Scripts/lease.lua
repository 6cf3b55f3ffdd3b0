-- Queues what is due. A task that failed takes another of its tenant's turns; one that was parked has paid for the turn that it did
-- not use up.
local function promote()
  write_phases()
  for phase = DELAYED, PARKED do
    for _, id in ipairs(call('ZRANGE', phases, at_phase(phase, 0), at_phase(phase, now), 'BYSCORE', 'LIMIT', 0, 64)) do
      local there = call('HGET', task(id), 'head')
      if there then
        local head, _, _, priority, cost, created = head_of(there), fixed(id)
        if phase == DELAYED then
          head[PLACE] = take_turn(head[OWNER], cost)
          call('ZREM', tag .. ':again', id)
        else count_waiting(head[OWNER], 1) end
        head[PHASE] = QUEUED
        call('HSET', task(id), 'head', packed_head(head))
        enter_phase(id, QUEUED, created)
        queue(id, head[SEQ], priority, head[PLACE])
      else call('ZREM', phases, id) end
    end
  end
  write_phases()
  due, is_changed = math.huge, true
  for phase = DELAYED, PARKED do
    local first = call('ZRANGE', phases, at_phase(phase, 0), '(' .. at_phase(phase, NEVER), 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
    if first[1] then due = min(due, first[2] - at_phase(phase, 0)) end
  end
end

-- Hands out the next in line, each with a new attempt. Returns the tasks with their bytes, and the rest where it is more than
-- what they were accepted with; where there is none, in how many milliseconds one will be due, or -1.
function verbs.lease(packed)
  local values, most, lease_time, worker = unpacked('>i4i8i8I4c0', packed)
  if due <= now then promote() end
  write_ready()
  local leases, taken = {}, call('ZPOPMIN', ready, most)
  for i = 1, #taken, 2 do
    local id = sub(taken[i], 17)
    local there, spec, inline = unpack(call('HMGET', task(id), 'head', 'spec', 'inline'))
    if there then
      local head = head_of(there)
      head[PHASE], head[ATTEMPT], head[UPDATED_AT], head[WORKER] = RUNNING, head[ATTEMPT] + 1, now, worker
      if head[STARTED_AT] == 0 then head[STARTED_AT] = now end
      there = packed_head(head)
      call('HSET', task(id), 'head', there)
      enter_phase(id, RUNNING, now + lease_time)
      count_waiting(head[OWNER], -1)
      virtual_time = max(virtual_time, head[PLACE])
      tell('c', id)
      leases[#leases + 1] = head[HAS_MORE] == 1 and read(id, 'inline') or { there, spec, false, false, false, false, false, false, inline }
    end
  end
  if #leases > 0 then return { leases, 0 }, values end
  return { leases, due < math.huge and max(0, due - now) or -1 }, values
end
