-- What every script begins with. KEYS[1] is the shard's tag: all keys of the shard begin with it, so they are in one slot.
-- ARGV[1] is the time in Unix milliseconds, empty for the server's own; ARGV[2] is the instance that calls; names and values follow.
--
--   task:<id>         hash    all there is of a task; phase is where it stands, state what clients see
--   events:<id>       stream  its events, numbered <id>-0 from 1 without gaps
--   ready:<priority>  zset    <seq><id> by place (virtual finish time); priorities: those that have some
--   delayed, parked   zset    id by when it is due
--   leases            zset    id by when the lease runs out
--   ended             zset    id by when it ended
--   webhooks          zset    id by when somebody is to be told of its end
--   waiting           zset    ready or delayed, id by when it was accepted
--   tenants           hash    how many of a tenant's tasks wait
--   turns             zset    tenant by the place of its last task
--   line              hash    seq: tasks accepted; virtual_time: place of the last task leased
--   key:…, upload:…   string, set   idempotency key to id; file key to the ids that need it
--   list:…            zset    id by seq: a tenant's tasks, those of a collection, those of a document
local tag = KEYS[1]
local call = redis.call
local now = tonumber(ARGV[1])
if not now then
  local time = call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local instance = ARGV[2]
local a = {}
for i = 3, #ARGV, 2 do a[ARGV[i]] = ARGV[i + 1] end

local function at(name) return tag .. ':' .. name end
local function task(id) return tag .. ':task:' .. id end
local function events(id) return tag .. ':events:' .. id end
local function ready(priority) return tag .. ':ready:' .. priority end
local function member(seq, id) return string.format('%016d', seq) .. id end

-- With their lengths, so that "a" and "bc" is not "ab" and "c".
local function joined(kind, ...)
  local key = tag .. ':' .. kind
  for i = 1, select('#', ...) do
    local part = select(i, ...)
    key = key .. ':' .. #part .. ':' .. part
  end
  return key
end

-- The order is RedisTask's.
local function read(id)
  return call('HMGET', task(id), 'spec', 'tenant', 'state', 'percentage', 'message', 'details', 'updated_at', 'started_at',
    'completed_at', 'attempt', 'failures', 'crashes', 'released', 'error', 'warnings', 'result', 'checkpoint', 'cancel',
    'last_event')
end

-- Where a tenant's next task stands: a tenant that was idle starts now, a busy one behind its own last task.
local function take_turn(tenant, cost)
  local virtual = tonumber(call('HGET', at('line'), 'virtual_time') or 0)
  local own = tonumber(call('ZSCORE', at('turns'), tenant) or 0)
  local place = math.max(virtual, own) + cost
  call('ZADD', at('turns'), 'GT', place, tenant)
  return place
end

local function queue(id, seq, priority, place)
  call('ZADD', ready(priority), place, member(seq, id))
  call('ZADD', at('priorities'), priority, priority)
end

local function start_waiting(id, tenant, created)
  call('ZADD', at('waiting'), created, id)
  call('HINCRBY', at('tenants'), tenant, 1)
end

local function stop_waiting(id, tenant)
  call('ZREM', at('waiting'), id)
  if call('HINCRBY', at('tenants'), tenant, -1) <= 0 then call('HDEL', at('tenants'), tenant) end
end

-- Numbers and writes the call's events but the first few, which an earlier call has written. A percentage below what the task has
-- reached is lifted to that. Returns the last number and the percentage.
local function write_events(id, last, percentage, written)
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
    call('XADD', events(id), last .. '-0', 'e', body)
  end
  return last, percentage
end

-- What a change leaves in the task's hash, as names and values for HSET.
local function changed(last, percentage)
  local fields = { 'updated_at', now, 'last_event', last, 'percentage', percentage }
  for _, name in ipairs({ 'state', 'message', 'warnings', 'checkpoint', 'details' }) do
    if a[name] then
      fields[#fields + 1] = name
      fields[#fields + 1] = a[name]
    end
  end
  return fields
end

-- q: there is work; c: something changed; x: whoever works on it is to stop.
local function tell(kind, id) call('SPUBLISH', at('news'), kind .. instance .. id) end

local function full_kind()
  if call('ZCARD', at('waiting')) >= tonumber(a.max_waiting) then return 'queue' end
  if tonumber(call('HGET', at('tenants'), a.tenant) or 0) >= tonumber(a.max_tenant_waiting) then return 'tenant_queue' end
  if tonumber(call('HGET', at('open'), a.tenant) or 0) >= tonumber(a.max_tenant_open) then return 'tenant_tasks' end
end

-- What the caller needs to say when there may be room again: the last ends, since when, and how many tenants wait.
local function full(kind, found)
  local ends = call('ZRANGE', at('ended'), 0, 99, 'REV', 'WITHSCORES')
  return { 'full', kind, #ends / 2, #ends > 0 and now - ends[#ends] or 0, call('HLEN', at('tenants')), found }
end

-- Tasks of the tenant that have not ended.
local function count_open(tenant, by)
  if call('HINCRBY', at('open'), tenant, by) <= 0 then call('HDEL', at('open'), tenant) end
end
