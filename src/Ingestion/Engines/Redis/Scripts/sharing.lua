-- ARGV[2] is of the call (see CALL); then come steps: the verb, its figures and names, packed (the layout is at the verb), and as many
-- values as these say.
-- What steps change of what tasks have in common is gathered here and written once, however many steps there are.
local CALL = '>Bic8s'

-- Whether who calls hears the shard's news itself, how many tasks all lease steps want, the instance, a tenant that it is probably about.
local hears, wanted, instance, near

local seq, virtual_time, waiting, waiting_tenants, due, is_changed
local tenants, news
local WAITING, OPEN, LAST = 1, 2, 3
local event_fields = {}

-- What the last call has written of the figures, while they are still at hand; and what there is of the tenant nearby.
local written_figures, near_figures

-- For ZADD: scores and members; and where in phased a task is.
local phased, phased_at, readied = {}, {}, {}

-- Heads of tasks that this call has accepted: one that is handed out at once is not read back. Accepting has what their hashes
-- are to be written with.
local just_accepted, accepting = {}, {}

-- What all lease steps of the call have taken from the line, and where the next of them goes on.
local taken, next_taken

local function begin_sharing()
  hears, wanted, instance, near = unpacked(CALL, ARGV[2])
  local there = call('HMGET', line, 'figures', 'tenant:' .. near)
  local figures = there[1]
  near_figures = there[2]
  if not figures then seq, virtual_time, waiting, waiting_tenants, due = 0, 0, 0, 0, math.huge
  elseif figures ~= written_figures then seq, virtual_time, waiting, waiting_tenants, due = unpacked(FIGURES, figures) end
  is_changed, tenants, news, taken, written_figures = false, {}, nil, nil, nil
  -- What a call left that broke off.
  if next(phased_at) then phased, phased_at = {}, {} end
  if readied[1] then readied = {} end
  if next(just_accepted) then just_accepted, accepting = {}, {} end
end

local function tenant_of(name)
  local of = tenants[name]
  if not of then
    local there = near_figures
    if name ~= near then there = call('HGET', line, 'tenant:' .. name) end
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
  if not phased[1] then return end
  add(phases, phased)
  phased, phased_at = {}, {}
end

local function write_ready()
  if not readied[1] then return end
  add(ready, readied)
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
  if not next(just_accepted) then return end
  for id in pairs(accepting) do write_accepted(id, just_accepted[id]) end
  just_accepted = {}
end

-- Where a tenant's next task stands: a tenant that was idle starts now, a busy one behind its own last task.
local function take_turn(tenant, cost)
  local of = tenant_of(tenant)
  of[LAST] = max(virtual_time, of[LAST]) + cost
  return of[LAST]
end

-- Places stay below 2^43, priorities between -1000 and 1000.
local function queue(numbered, priority, place)
  local n = #readied
  readied[n + 1], readied[n + 2] = format('%d', priority * 8796093022208 + place), numbered
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
  if news == nil then news = call('PUBSUB', 'SHARDNUMSUB', tag .. ':news')[2] > hears and {} end
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
    local figures = pack(FIGURES, seq, virtual_time, waiting, waiting_tenants, due)
    local fields = { 'figures', figures, nil, nil }
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
    written_figures = figures
  end
  if news then call('SPUBLISH', tag .. ':news', instance .. table.concat(news, '\n')) end
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

-- Events' lines without the first few, each percentage lifted to what the task has reached.
local function mended(lines, head, percentages, written)
  local bodies, i = {}, 0
  for body in string.gmatch(lines, '[^\n]+') do
    i = i + 1
    local wanted = byte(percentages, i)
    if i > written then
      if wanted < 255 then
        head[PERCENTAGE] = max(wanted, head[PERCENTAGE])
        local _, name = string.find(body, '"percentage":', 1, true)
        local _, number = string.find(body, '^-?%d+', name + 1)
        body = sub(body, 1, name) .. head[PERCENTAGE] .. sub(body, number + 1)
      end
      bodies[#bodies + 1] = body
    end
  end
  return table.concat(bodies, '\n')
end

-- Adds so many events to the n values that are to be set of a task; returns how many values these are then. Percentages is a byte for
-- each event, 255 for none; one below what the task has reached is lifted to that. The first few an earlier call may have
-- written; none, where a failover has lost even some of those before.
local function add_events(fields, n, head, lines, events, percentages, written)
  if events <= written then return n end
  local lifts, reached = false, head[PERCENTAGE]
  for i = 1, events do
    local wanted = byte(percentages, i)
    if wanted < reached then lifts = true elseif wanted < 255 then reached = wanted end
  end
  if lifts or written > 0 then lines = mended(lines, head, percentages, written) else head[PERCENTAGE] = reached end
  fields[n + 1], fields[n + 2] = event_field(head[LAST_EVENT] + 1), lines
  head[LAST_EVENT] = head[LAST_EVENT] + events - written
  return n + 2
end

-- Writes a change: events, whose lines are the first value if there are any, then names and values, ARGV[from] to ARGV[to]. To empty a
-- field along with it costs less than to remove the field.
local function write_change(id, head, from, events, to, percentages, after, emptied)
  -- With room for what most changes have: a table that grows is made anew each time it doubles.
  local fields = { 'head', '', nil, nil, nil, nil, nil, nil, nil, nil, nil, nil }
  local n = 2
  if events > 0 then
    n = add_events(fields, n, head, ARGV[from], events, percentages, after < 0 and 0 or max(0, head[LAST_EVENT] - after))
    from = from + 1
  end
  for i = from, to do
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

-- As in StepVerb.
local ENQUEUE, LEASE, APPEND, MOVE, CANCEL_TASK = 1, 2, 3, 4, 5
local verbs = {}
