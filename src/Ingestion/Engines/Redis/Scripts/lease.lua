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
        queue(member(head[SEQ], id), priority, head[PLACE])
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

local function is_before(one, other)
  if one[1] ~= other[1] then return one[1] < other[1] end
  return one[2] < other[2]
end

-- As ZPOPMIN would, of what has not been written yet.
local function pop_readied(wanted)
  local all = {}
  for i = 1, #readied, 2 do all[#all + 1] = { tonumber(readied[i]), readied[i + 1], readied[i] } end
  if all[2] then table.sort(all, is_before) end
  local popped = {}
  readied = {}
  for i = 1, #all do
    if i <= wanted then popped[2 * i - 1], popped[2 * i] = all[i][2], all[i][3]
    else readied[#readied + 1], readied[#readied + 2] = all[i][3], all[i][2] end
  end
  return popped
end

-- As many of the line as this step and all behind it want: after a lease comes nothing but leases.
local function take()
  if due <= now then promote() end
  next_taken = 1
  if readied[1] and waiting == #readied / 2 then
    -- Nothing else waits than what this call has queued.
    taken = pop_readied(wanted)
  else
    write_ready()
    taken = call('ZPOPMIN', ready, wanted)
  end
end

-- Hands out the next in line, each with a new attempt. Returns in how many milliseconds one will be due where there is none, or -1;
-- then of each how many fields follow. Where there is nothing else than it was accepted with, these are head, accepted and bytes, or head and
-- id for the instance that sent it; else all, with the bytes.
verbs[LEASE] = function(packed)
  local _, values, most, lease_time, worker = unpacked('>BillIc0', packed)
  if not taken then take() end
  local answer, n = { -1, nil, nil, nil, nil }, 1
  local last = min(next_taken + 2 * most, #taken + 1)
  while next_taken < last do
    local id = sub(taken[next_taken], 17)
    next_taken = next_taken + 2
    local there = just_accepted[id] or call('HGET', task(id), 'head')
    if there then
      local _, attempt, _, started, held_by, place, has_more, tenant, sending = unpacked(LEASABLE, there)
      local head = pack(LEASED, RUNNING, attempt + 1, now, started > 0 and started or now, worker) .. sub(there, LEASED_LENGTH + #held_by + 1)
      if accepting[id] then write_accepted(id, head) else call('HSET', task(id), 'head', head) end
      enter_phase(id, RUNNING, now + lease_time)
      count_waiting(tenant, -1)
      virtual_time = max(virtual_time, place)
      tell('c', id)
      if has_more == 0 and sub(sending, 1, #instance) == instance then
        answer[n + 1], answer[n + 2], answer[n + 3] = 2, head, id
        n = n + 3
      else
        local fields = has_more == 1 and read(id, 'inline') or call('HMGET', task(id), 'head', 'accepted', 'inline')
        answer[n + 1] = #fields
        for i = 1, #fields do answer[n + 1 + i] = fields[i] end
        n = n + 1 + #fields
      end
    end
  end
  if n == 1 and due < math.huge then answer[1] = max(0, due - now) end
  return answer, values
end
