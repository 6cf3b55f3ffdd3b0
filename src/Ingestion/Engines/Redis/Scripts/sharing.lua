-- ARGV[2] is the instance that calls, ARGV[3] whether it hears the shard's news itself; then steps: a verb, its figures and names packed
-- (the layout is at the verb), and as many values as these say.
-- What steps change of what tasks have in common is gathered here and written once, however many steps there are.
local seq, virtual_time, waiting, waiting_tenants, due, is_changed
local tenants, news
local WAITING, OPEN, LAST = 1, 2, 3
local event_fields = {}

-- For ZADD: scores and members; and where in phased a task is.
local phased, phased_at, readied

-- Head and spec of tasks that this call has accepted: one that is handed out at once is not read back. Accepting has what their hashes
-- are to be written with.
local just_accepted, accepting

-- What all lease steps of the call have taken from the line, and where the next of them goes on.
local taken, next_taken

local function begin_sharing()
  local figures = call('HGET', line, 'figures')
  if figures then seq, virtual_time, waiting, waiting_tenants, due = unpacked(FIGURES, figures)
  else seq, virtual_time, waiting, waiting_tenants, due = 0, 0, 0, 0, math.huge end
  is_changed, tenants, news, phased, phased_at, readied, just_accepted, accepting, taken = false, {}, nil, {}, {}, {}, {}, {}, nil
end

local function tenant_of(name)
  local of = tenants[name]
  if not of then
    local there = call('HGET', line, 'tenant:' .. name)
    of = there and { unpacked(TENANT, there) } or { 0, 0, 0 }
    tenants[name] = of
  end
  return of
end

-- Lua hands a function a few thousand values at the most.
local function add(key, members)
  for i = 1, #members, 2000 do call('ZADD', key, unpack(members, i, min(i + 1999, #members))) end
end

local function write_phases()
  if phased[1] then add(phases, phased) end
  phased, phased_at = {}, {}
end

local function write_ready()
  if readied[1] then add(ready, readied) end
  readied = {}
end

local function enter_phase(id, phase, time)
  local at = phased_at[id]
  if not at then
    at = #phased + 1
    phased_at[id] = at
  end
  phased[at], phased[at + 1] = at_phase(phase, time), id
end

-- Writes the hash of a task that this call has accepted, once it is known whether it is handed out as well.
local function write_accepted(id, head)
  local packed, from, values = unpack(accepting[id])
  call('HSET', task(id), 'head', head, 'accepted', packed, unpack(ARGV, from, from + values - 1))
  accepting[id] = nil
end

-- For steps that may look at what others of the call have accepted.
local function settle()
  for id in pairs(accepting) do write_accepted(id, just_accepted[id][1]) end
  just_accepted = {}
end

-- Where a tenant's next task stands: a tenant that was idle starts now, a busy one behind its own last task.
local function take_turn(tenant, cost)
  local of = tenant_of(tenant)
  of[LAST] = max(virtual_time, of[LAST]) + cost
  return of[LAST]
end

-- Places stay below 2^43, priorities between -1000 and 1000.
local function queue(id, number, priority, place)
  local n = #readied
  readied[n + 1], readied[n + 2] = format('%d', priority * 8796093022208 + place), member(number, id)
end

-- By 1 or -1.
local function count_waiting(tenant, by)
  local of = tenant_of(tenant)
  if of[WAITING] == 0 then waiting_tenants = waiting_tenants + 1 end
  of[WAITING] = of[WAITING] + by
  if of[WAITING] == 0 then waiting_tenants = waiting_tenants - 1 end
  waiting, is_changed = waiting + by, true
end

local function count_open(tenant, by)
  local of = tenant_of(tenant)
  of[OPEN], is_changed = of[OPEN] + by, true
end

-- q: there is work; c: something changed; x: whoever works on it is to stop. Nothing is said where nobody but the caller would hear it.
local function tell(kind, id)
  if news == nil then news = call('PUBSUB', 'SHARDNUMSUB', tag .. ':news')[2] > tonumber(ARGV[3]) and {} end
  if news then news[#news + 1] = kind .. id end
end

-- The limit that one more task would go over, or nil.
local function full_kind(tenant, max_waiting, max_tenant_waiting, max_tenant_open)
  local of = tenant_of(tenant)
  return waiting >= max_waiting and 'queue' or of[WAITING] >= max_tenant_waiting and 'tenant_queue'
    or of[OPEN] >= max_tenant_open and 'tenant_tasks' or nil
end

-- What the caller needs to say when there may be room again: the last ends, since when, and how many tenants wait.
local function full(kind, found)
  write_phases()
  local ends = call('ZRANGE', phases, at_phase(ENDED, NEVER), at_phase(ENDED, 0), 'BYSCORE', 'REV', 'LIMIT', 0, 100, 'WITHSCORES')
  local since = #ends > 0 and now + tonumber(at_phase(ENDED, 0)) - ends[#ends] or 0
  return { 'full', kind, #ends / 2, since, max(1, waiting_tenants), found }
end

local function write_shared()
  settle()
  write_phases()
  write_ready()
  if is_changed then
    local fields = { 'figures', pack(FIGURES, seq, virtual_time, waiting, waiting_tenants, due) }
    for name, of in pairs(tenants) do
      -- A tenant that has nothing open and is not ahead of the line is as good as new.
      if of[OPEN] == 0 and of[LAST] <= virtual_time then call('HDEL', line, 'tenant:' .. name)
      else
        fields[#fields + 1] = 'tenant:' .. name
        fields[#fields + 1] = pack(TENANT, of[WAITING], of[OPEN], of[LAST])
        if of[OPEN] == 0 then call('ZADD', tag .. ':ahead', of[LAST], name) end
      end
    end
    call('HSET', line, unpack(fields))
  end
  if news then call('SPUBLISH', tag .. ':news', ARGV[2] .. table.concat(news, '\n')) end
end

-- Made once: most tasks have few.
local function event_field(number)
  local name = event_fields[number]
  if not name then
    name = 'event' .. number
    if number <= 100 then event_fields[number] = name end
  end
  return name
end

-- Adds events, whose bodies are ARGV[from] to ARGV[to], behind the n values that are to be set of a task, but the first few, which an
-- earlier call has written; returns how many values these are then. Percentages is a byte for each, 255 for none; one below what the task
-- has reached is lifted to that.
local function add_events(fields, n, head, from, to, percentages, written)
  local last = head[LAST_EVENT]
  for i = from + written, to do
    local body, wanted = ARGV[i], byte(percentages, i - from + 1)
    if wanted < 255 then
      local reached = min(max(wanted, head[PERCENTAGE]), 100)
      if reached ~= wanted then
        local _, name = string.find(body, '"percentage":', 1, true)
        local _, number = string.find(body, '^-?%d+', name + 1)
        body = sub(body, 1, name) .. reached .. sub(body, number + 1)
      end
      head[PERCENTAGE] = reached
    end
    last = last + 1
    fields[n + 1], fields[n + 2] = event_field(last), body
    n = n + 2
  end
  head[LAST_EVENT] = last
  return n
end

-- Writes a change: events, then names and values, which are ARGV[from] to ARGV[to]. To empty a field along
-- with it costs less than to remove the field.
local function write_change(id, head, from, events, to, percentages, after, emptied)
  -- With room for what most changes have: a table that grows is made anew each time it doubles.
  local fields = { 'head', '', nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil }
  local n = add_events(fields, 2, head, from, from + events - 1, percentages, after < 0 and 0 or head[LAST_EVENT] - after)
  for i = from + events, to do
    n = n + 1
    fields[n] = ARGV[i]
  end
  if emptied then
    fields[n + 1], fields[n + 2] = emptied, ''
    n = n + 2
  end
  fields[2] = packed_head(head)
  call('HSET', task(id), unpack(fields, 1, n))
end

local verbs = {}
