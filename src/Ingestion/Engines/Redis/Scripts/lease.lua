-- Queues what is due. A task that failed takes another of its tenant's turns; one that was parked has paid for the turn that it did
-- not use up.
local function promote()
  write_phases()
  for phase = DELAYED, PARKED do
    for _, id in ipairs(call('ZRANGE', phases, at_phase(phase, 0), at_phase(phase, now), 'BYSCORE', 'LIMIT', 0, 64)) do
      local there = call('HGET', task(id), 'head')
      if there then
        local head, priority, cost, created = head_of(there), accepted(id)
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

local LEASE = '>i4i8i8I4c0'

-- As many of the line as this step and all behind it want: after a lease comes nothing but leases.
local function take(from)
  if due <= now then promote() end
  write_ready()
  local wanted = 0
  for i = from - 1, #ARGV, 2 do
    local _, most = unpacked(LEASE, ARGV[i])
    wanted = wanted + most
  end
  taken, next_taken = call('ZPOPMIN', ready, wanted), 1
end

-- Hands out the next in line, each with a new attempt. Returns in how many milliseconds one will be due where there is none, or -1;
-- then of each how many fields follow: head, spec and bytes where there is nothing else than it was accepted with, or all, with the bytes.
function verbs.lease(packed, from)
  local values, most, lease_time, worker = unpacked(LEASE, packed)
  if not taken then take(from) end
  local answer, n = { -1, nil, nil, nil, nil }, 1
  local last = min(next_taken + 2 * most, #taken + 1)
  while next_taken < last do
    local id = sub(taken[next_taken], 17)
    next_taken = next_taken + 2
    local fields = just_accepted[id] or call('HMGET', task(id), 'head', 'spec', 'inline')
    if fields[1] then
      local _, attempt, _, started, _, rest = unpacked(LEASED, fields[1])
      local place, tenant, has_more = unpacked(UNLEASED, fields[1], rest)
      local head = pack(LEASED, RUNNING, attempt + 1, now, started > 0 and started or now, worker) .. sub(fields[1], rest)
      call('HSET', task(id), 'head', head)
      enter_phase(id, RUNNING, now + lease_time)
      count_waiting(tenant, -1)
      virtual_time = max(virtual_time, place)
      tell('c', id)
      if has_more == 1 then fields = read(id, 'inline') else fields[1] = head end
      answer[n + 1] = #fields
      for i = 1, #fields do answer[n + 1 + i] = fields[i] end
      n = n + 1 + #fields
    end
  end
  if n == 1 and due < math.huge then answer[1] = max(0, due - now) end
  return answer, values
end
