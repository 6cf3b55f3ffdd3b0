-- Accepts a task, or says why not.
local earlier
if call('EXISTS', task(a.id)) == 1 then earlier = a.id
elseif a.key then earlier = call('GET', joined('key', a.tenant, a.key)) end
if earlier then
  local owner = call('HMGET', task(earlier), 'tenant', 'fingerprint')
  if owner[1] == a.tenant and owner[2] == (a.fingerprint or false) then return { 'existing', earlier, read(earlier) } end
  return { 'conflict', earlier }
end

local kind = full_kind()
if kind then return full(kind) end

local place = take_turn(a.tenant, tonumber(a.cost))
local seq = call('HINCRBY', at('line'), 'seq', 1)
local fields = {
  'spec', a.spec, 'tenant', a.tenant, 'collection', a.collection, 'document', a.document, 'priority', a.priority, 'cost', a.cost,
  'created_at', a.created_at, 'seq', seq, 'place', place, 'phase', 'queued', 'state', a.state, 'message', a.message, 'percentage', 0,
  'attempt', 0, 'failures', 0, 'crashes', 0, 'released', 0, 'cancel', 0, 'committing', 0, 'updated_at', now, 'last_event', a.events,
}
for _, name in ipairs({ 'inline', 'fingerprint', 'key', 'file', 'notify' }) do
  if a[name] then
    fields[#fields + 1] = name
    fields[#fields + 1] = a[name]
  end
end
call('HSET', task(a.id), unpack(fields))
write_events(a.id, 0, 0, 0)
queue(a.id, seq, a.priority, place)
start_waiting(a.id, a.tenant, a.created_at)
count_open(a.tenant, 1)
call('ZADD', joined('list', a.tenant), seq, a.id)
call('ZADD', joined('list', a.tenant, a.collection), seq, a.id)
call('ZADD', joined('list', a.tenant, a.collection, a.document), seq, a.id)
if a.key then call('SET', joined('key', a.tenant, a.key), a.id) end
if a.file then call('SADD', joined('upload', a.file), a.id) end
tell('q', a.id)
return { 'created' }
