-- What every function begins with; all are in one library, whose name, LIBRARY, the loader puts in front. A function's key is the shard's
-- tag: all keys of the shard begin with it, so they are in one slot. ARGV[1] is the time in Unix milliseconds, empty for the server's own;
-- what follows is each function's own.
--
--   task:<id>    hash    all there is of a task; its events are the fields event<n>, from 1 without gaps; head is what changes with
--                        every step, packed (see HEAD); fixed never changes: collection, document, priority, cost, accepted at,
--                        idempotency key, fingerprint, file key, as JSON; inline, the bytes, is empty when it is completed
--   phases       zset    every task by its phase and a time (see at_phase): waiting since (queued), due at (delayed, parked), held
--                        until (running), ended at
--   ready        zset    <seq><id> of what is queued, by priority and place (virtual finish time)
--   again        zset    id of what is delayed, by when it was accepted
--   webhooks     zset    id by when somebody is to be told of its end
--   line         hash    figures: of the shard, packed (see FIGURES); tenant:<tenant>: its own, packed (see TENANT)
--   ahead        zset    tenants whose tasks have all ended but whose last place the line has not reached, by that place
--   key:…, upload:…   string, set   idempotency key to id; file key to the ids that need it
--   list:…       list    a tenant's tasks, oldest first
--   documents:…  zset    a collection's <length>:<document>:<seq><id>, all with the same score
-- There when a function is called, but not yet when the library is loaded. What each step needs is kept at hand.
local call, pack, unpacked, format, sub, byte, min, max

-- Of the call that is being done.
local ARGV, tag, now, phases, ready, line

local function register(name, run)
  redis.register_function(LIBRARY .. '_' .. name, function(keys, arguments)
    call, pack, unpacked = redis.call, struct.pack, struct.unpack
    format, sub, byte, min, max = string.format, string.sub, string.byte, math.min, math.max
    ARGV, tag, now = arguments, keys[1], tonumber(arguments[1])
    if not now then
      local time = call('TIME')
      now = time[1] * 1000 + math.floor(time[2] / 1000)
    end
    phases, ready, line = tag .. ':phases', tag .. ':ready', tag .. ':line'
    return run()
  end)
end

-- A task's head: phase, state as clients see it, cancel asked for, past the point of no return, percentage, attempt, last event, place,
-- seq; when it was changed, begun and ended (0: not yet); failures, crashes, released; whether it has a file, whether somebody is to be
-- told of its end, whether its hash has more than what it was accepted with; the last call that moved it, who holds it; its tenant.
local HEAD = '>BBBBBi4i4i8i8i8i8i8i4i4i4BBBssI4c0'
local PHASE, STATE, CANCEL, COMMITTING, PERCENTAGE, ATTEMPT, LAST_EVENT, PLACE, SEQ = 1, 2, 3, 4, 5, 6, 7, 8, 9
local UPDATED_AT, STARTED_AT, ENDED_AT, FAILURES, CRASHES, RELEASED, HAS_FILE, IS_TOLD, HAS_MORE = 10, 11, 12, 13, 14, 15, 16, 17, 18
local MOVED_BY, WORKER, LENGTH, OWNER = 19, 20, 21, 22

-- As in TaskPhase and TaskState.
local QUEUED, DELAYED, PARKED, RUNNING, ENDED = 0, 1, 2, 3, 4
local COMPLETED, CANCELLED = 6, 8

-- seq: tasks accepted; virtual time: place of the last task leased; how many tasks wait, and tenants that have some; when the next
-- delayed or parked task is due, or sooner.
local FIGURES = '>i8i8i8i8d'

-- How many of its tasks wait, and have not ended; place of the last.
local TENANT = '>i8i8i8'

-- Phases follow each other in their set; no time reaches 2^42.
local function at_phase(phase, time) return format('%d', phase * 4398046511104 + time) end
local NEVER = 4398046511103

local function task(id) return tag .. ':task:' .. id end
local function member(seq, id) return format('%016d', seq) .. id end
local function packed_head(head) return pack(HEAD, unpack(head, 1, OWNER)) end

local function head_of(packed)
  local head = { unpacked(HEAD, packed) }
  -- Unlike pack, unpack leaves the length out.
  head[LENGTH], head[OWNER] = #head[LENGTH], head[LENGTH]
  return head
end

-- Nil where there is none, or it is another tenant's.
local function head_for(id, tenant)
  local there = call('HGET', task(id), 'head')
  local head = there and head_of(there)
  return head and head[OWNER] == tenant and head or nil
end

-- With their lengths, so that "a" and "bc" is not "ab" and "c".
local function joined(kind, first, second)
  local key = tag .. ':' .. kind .. ':' .. #first .. ':' .. first
  return second and key .. ':' .. #second .. ':' .. second or key
end

-- Sorts by document, then by seq; the length keeps documents apart of which one begins with the other.
local function listed(document, seq, id) return #document .. ':' .. document .. ':' .. member(seq, id) end

-- The order is RedisTask's.
local function read(id, ...)
  return call('HMGET', task(id), 'head', 'spec', 'message', 'details', 'error', 'warnings', 'result', 'checkpoint', ...)
end

-- Returns collection, document, priority, cost, accepted at, idempotency key, fingerprint and file key; '' is none.
local function fixed(id) return unpack(cjson.decode(call('HGET', task(id), 'fixed'))) end
