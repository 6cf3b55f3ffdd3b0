-- What every script begins with. KEYS[1] is the shard's tag: all keys of the shard begin with it, so they are in one slot.
-- ARGV: the time in Unix milliseconds, empty for the server's own; the instance that calls; whether it hears the shard's news itself;
-- then steps, each a verb, a number of pairs, and that many names and values.
--
--   task:<id>         hash    all there is of a task; phase is where it stands, state what clients see; its events are the fields
--                             event<n>, from 1 without gaps; a count that is not there is 0; fixed is what never changes, as JSON:
--                             collection, document, priority, cost, accepted at, seq, idempotency key
--   ready:<priority>  zset    <seq><id> by place (virtual finish time); priorities: those that have some
--   delayed, parked   zset    id by when it is due
--   leases            zset    id by when the lease runs out
--   ended             zset    id by when it ended
--   webhooks          zset    id by when somebody is to be told of its end
--   waiting           zset    ready or delayed, id by when it was accepted
--   tenants, open     hash    how many of a tenant's tasks wait, and have not ended
--   turns             zset    tenant by the place of its last task
--   line              hash    seq: tasks accepted; virtual_time: place of the last task leased
--   key:…, upload:…   string, set   idempotency key to id; file key to the ids that need it
--   list:…            list    a tenant's tasks, oldest first
--   documents:…       zset    a collection's <length>:<document>:<seq><id>, all with the same score
local tag = KEYS[1]
local call = redis.call
local now = tonumber(ARGV[1])
if not now then
  local time = call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local steps, i = {}, 4
while ARGV[i] do
  local step, last = { verb = ARGV[i] }, i + 1 + 2 * ARGV[i + 1]
  for name = i + 2, last, 2 do step[ARGV[name]] = ARGV[name + 1] end
  steps[#steps + 1] = step
  i = last + 1
end
-- The step that is being done.
local a = steps[1]

-- Names are put together once a call.
local names = {}
local function at(name)
  local key = names[name]
  if not key then
    key = tag .. ':' .. name
    names[name] = key
  end
  return key
end
local function task(id) return tag .. ':task:' .. id end
local function ready(priority) return at('ready:' .. priority) end
local function member(seq, id) return string.format('%016d', seq) .. id end

-- Sorts by document, then by seq; the length keeps documents apart of which one begins with the other.
local function listed(document, seq, id) return #document .. ':' .. document .. ':' .. member(seq, id) end

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
local all = { 'spec', 'tenant', 'state', 'percentage', 'message', 'details', 'updated_at', 'started_at', 'completed_at', 'attempt', 'failures',
  'crashes', 'released', 'error', 'warnings', 'result', 'checkpoint', 'cancel', 'last_event' }
local function read(id) return call('HMGET', task(id), unpack(all)) end

-- Returns collection, document, priority, cost, created_at, seq and idempotency key.
local function fixed(json) return unpack(cjson.decode(json)) end
