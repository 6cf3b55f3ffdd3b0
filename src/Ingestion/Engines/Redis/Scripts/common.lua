-- What every function begins with; all are in one library, whose name, LIBRARY, the loader puts in front. A function's key is the shard's
-- tag: all keys of the shard begin with it, so they are in one slot. ARGV[1] is the time in Unix milliseconds, empty for the server's own;
-- what follows is each function's own.
--
--   task:<id>    hash    all there is of a task; its events, from 1 without gaps, are the fields event<n>: those of one change from n
--                        on, a line each; head is what changes with every step, packed (see HEAD); accepted never changes: the step
--                        that it was accepted by, packed (see ACCEPTED); inline, the bytes, is empty when it is completed
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

-- The last that were made: the next is often the same.
local task_id, task_key, score, score_text

local function register(name, run)
  redis.register_function(LIBRARY .. '_' .. name, function(keys, arguments)
    if not call then
      call, pack, unpacked = redis.call, struct.pack, struct.unpack
      format, sub, byte, min, max = string.format, string.sub, string.byte, math.min, math.max
    end
    if keys[1] ~= tag then
      tag, task_id = keys[1], nil
      phases, ready, line = tag .. ':phases', tag .. ':ready', tag .. ':line'
    end
    ARGV, now = arguments, tonumber(arguments[1])
    if not now then
      local time = call('TIME')
      now = time[1] * 1000 + math.floor(time[2] / 1000)
    end
    return run()
  end)
end

-- In what is packed, i has 4 bytes and l has 8, as on every machine that Redis' own struct packs 8 bytes on.
-- A task's head begins with what a lease writes: phase, attempt, when it was changed and begun (0: not yet), who holds it. Then what a
-- lease looks at: its place, whether its hash has more than what it was accepted with, its tenant, the last call that moved it, or, before
-- any did, what its sender knows it by. Then state as clients see it, cancel asked for, past the point of no return, percentage, last
-- event, seq, when it ended (0: not yet); failures, crashes, released; whether it has a file, whether somebody is to be told of its end.
local LEASED = '>Bills'
local LEASABLE = LEASED .. 'lBss'
local HEAD = LEASABLE .. 'BBBBilliiiBB'
local PHASE, ATTEMPT, UPDATED_AT, STARTED_AT, WORKER, PLACE, HAS_MORE, OWNER, MOVED_BY = 1, 2, 3, 4, 5, 6, 7, 8, 9
local STATE, CANCEL, COMMITTING, PERCENTAGE, LAST_EVENT, SEQ, ENDED_AT, FAILURES, CRASHES, RELEASED = 10, 11, 12, 13, 14, 15, 16, 17, 18, 19
local HAS_FILE, IS_TOLD = 20, 21

-- Bytes of LEASED beside who holds it.
local LEASED_LENGTH = 22

-- What a task is accepted by: the verb, how many values follow, how many events there are, its state, whether somebody is to be told of its end,
-- priority, cost, accepted at, how many tasks may wait, of the tenant, and not have ended; id, tenant, collection, document,
-- idempotency key, file key and fingerprint, where '' is none; what its sender knows it by, which begins with the instance; then, to the end,
-- all that was asked for, as JSON, which scripts do not look into.
local ACCEPTED = '>BiiBBllllllIc0Ic0Ic0Ic0Ic0Ic0Ic0Ic0'

-- As in TaskPhase and TaskState.
local QUEUED, DELAYED, PARKED, RUNNING, ENDED = 0, 1, 2, 3, 4
local COMPLETED, CANCELLED = 6, 8

-- seq: tasks accepted; virtual time: place of the last task leased; how many tasks wait, and tenants that have some; when the next
-- delayed or parked task is due, or sooner.
local FIGURES = '>lllld'

-- How many of its tasks wait, and have not ended; place of the last.
local TENANT = '>lll'

-- Phases follow each other in their set; no time reaches 2^42.
local function at_phase(phase, time)
  local wanted = phase * 4398046511104 + time
  if wanted ~= score then score, score_text = wanted, format('%d', wanted) end
  return score_text
end
local NEVER = 4398046511103

local function task(id)
  if id ~= task_id then task_id, task_key = id, tag .. ':task:' .. id end
  return task_key
end

local function member(seq, id) return format('%016d', seq) .. id end
local function head_of(packed) return { unpacked(HEAD, packed) } end
local function packed_head(head) return pack(HEAD, unpack(head, 1, IS_TOLD)) end

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
local function listed(document, numbered) return #document .. ':' .. document .. ':' .. numbered end

-- The order is RedisTask's.
local function read(id, ...)
  return call('HMGET', task(id), 'head', 'accepted', 'message', 'details', 'error', 'warnings', 'result', 'checkpoint', ...)
end

-- Returns priority, cost, accepted at, collection, document, idempotency key, file key and fingerprint; what the task was accepted by may
-- be at hand.
local function accepted(id, there)
  local _, _, _, _, _, priority, cost, created, _, _, _, _, _, collection, document, key, file, fingerprint =
    unpacked(ACCEPTED, there or call('HGET', task(id), 'accepted'))
  return priority, cost, created, collection, document, key, file, fingerprint
end
