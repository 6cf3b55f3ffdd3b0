-- What the steps of a call change of what tasks have in common is gathered here and written once, however many they are.
local figures, changed_figures, sets, lists, turns, waiting_count, news = {}, {}, {}, {}, {}, nil, nil

local function figure(name, field)
  local hash = figures[name]
  if not hash then
    hash = {}
    figures[name] = hash
  end
  if not hash[field] then hash[field] = tonumber(call('HGET', at(name), field) or 0) end
  return hash[field]
end

local function set_figure(name, field, value)
  figure(name, field)
  figures[name][field] = value
  changed_figures[name] = true
end

local function put(key, score, what)
  local set = sets[key]
  if set then set[what] = score else sets[key] = { [what] = score } end
end

local function take(key, what) put(key, false, what) end

-- Before a set is read, and in the end.
local function write_set(key)
  local set = sets[key]
  if not set then return end
  sets[key] = nil
  local added, gone = {}, {}
  for what, score in pairs(set) do
    if score then
      added[#added + 1] = score
      added[#added + 1] = what
    else gone[#gone + 1] = what end
    -- Lua hands a function a few thousand values at the most.
    if #added == 2000 then
      call('ZADD', key, unpack(added))
      added = {}
    end
    if #gone == 2000 then
      call('ZREM', key, unpack(gone))
      gone = {}
    end
  end
  if #added > 0 then call('ZADD', key, unpack(added)) end
  if #gone > 0 then call('ZREM', key, unpack(gone)) end
end

-- Where a tenant's next task stands: a tenant that was idle starts now, a busy one behind its own last task.
local function take_turn(tenant, cost)
  local own = turns[tenant] or tonumber(call('ZSCORE', at('turns'), tenant) or 0)
  turns[tenant] = math.max(figure('line', 'virtual_time'), own) + cost
  put(at('turns'), turns[tenant], tenant)
  return turns[tenant]
end

local function queue(id, seq, priority, place)
  put(ready(priority), place, member(seq, id))
  put(at('priorities'), priority, priority)
end

local function waiting()
  waiting_count = waiting_count or call('ZCARD', at('waiting'))
  return waiting_count
end

local function start_waiting(id, tenant, created)
  waiting_count = waiting() + 1
  put(at('waiting'), created, id)
  set_figure('tenants', tenant, figure('tenants', tenant) + 1)
end

local function stop_waiting(id, tenant)
  waiting_count = waiting() - 1
  take(at('waiting'), id)
  set_figure('tenants', tenant, figure('tenants', tenant) - 1)
end

-- Tasks of the tenant that have not ended.
local function count_open(tenant, by) set_figure('open', tenant, figure('open', tenant) + by) end

-- q: there is work; c: something changed; x: whoever works on it is to stop. Nothing is said where nobody but the caller would hear it.
local function tell(kind, id)
  if news == nil then news = call('PUBSUB', 'SHARDNUMSUB', at('news'))[2] > tonumber(ARGV[3]) and {} end
  if news then news[#news + 1] = kind .. id end
end

local function full_kind()
  if waiting() >= tonumber(a.max_waiting) then return 'queue' end
  if figure('tenants', a.tenant) >= tonumber(a.max_tenant_waiting) then return 'tenant_queue' end
  if figure('open', a.tenant) >= tonumber(a.max_tenant_open) then return 'tenant_tasks' end
end

local function write_shared()
  for key in pairs(sets) do write_set(key) end
  for name in pairs(changed_figures) do
    local there, gone = {}, {}
    for field, value in pairs(figures[name]) do
      if value > 0 then
        there[#there + 1] = field
        there[#there + 1] = value
      else gone[#gone + 1] = field end
    end
    if #there > 0 then call('HSET', at(name), unpack(there)) end
    if #gone > 0 then call('HDEL', at(name), unpack(gone)) end
  end
  for key, ids in pairs(lists) do call('RPUSH', key, unpack(ids)) end
  if news then call('SPUBLISH', at('news'), ARGV[2] .. table.concat(news, '\n')) end
end

-- What the caller needs to say when there may be room again: the last ends, since when, and how many tenants wait.
local function full(kind, found)
  write_set(at('ended'))
  local ends = call('ZRANGE', at('ended'), 0, 99, 'REV', 'WITHSCORES')
  local tenants = call('HLEN', at('tenants'))
  return { 'full', kind, #ends / 2, #ends > 0 and now - ends[#ends] or 0, math.max(1, tenants), found }
end

-- Adds the step's events to a task's fields, but the first few, which an earlier call has written. A percentage below what the task
-- has reached is lifted to that. Returns the last number and the percentage.
local function add_events(fields, last, percentage, written)
  for i = written + 1, tonumber(a.events) do
    local body, wanted = a['event' .. i], tonumber(a['percentage' .. i])
    if wanted then
      percentage = math.min(math.max(wanted, percentage), 100)
      if percentage ~= wanted then
        local _, name = string.find(body, '"percentage":', 1, true)
        local _, number = string.find(body, '^-?%d+', name + 1)
        body = string.sub(body, 1, name) .. percentage .. string.sub(body, number + 1)
      end
    end
    last = last + 1
    fields[#fields + 1] = 'event' .. last
    fields[#fields + 1] = body
  end
  return last, percentage
end

local function set(fields, name, value)
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end

-- What a change leaves in the task's hash, as names and values for HSET, and the last event's number.
local function changed(last, percentage)
  local written = a.after and tonumber(last or 0) - a.after or 0
  local fields = {}
  last, percentage = add_events(fields, tonumber(last or 0), tonumber(percentage or 0), written)
  set(fields, 'updated_at', now)
  set(fields, 'last_event', last)
  set(fields, 'percentage', percentage)
  for _, name in ipairs({ 'state', 'message', 'warnings', 'checkpoint', 'details' }) do
    if a[name] then set(fields, name, a[name]) end
  end
  return fields, last
end

local verbs = {}
