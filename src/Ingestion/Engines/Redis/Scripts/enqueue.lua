-- The names of a tenant's list and of its collections' documents.
local listings = {}

local function enlist(tenant, collection, document, seq, id)
  local of = listings[tenant]
  if not of then
    of = { list = joined('list', tenant), documents = {} }
    listings[tenant], lists[of.list] = of, {}
  end
  local list, documents = lists[of.list], of.documents[collection]
  list[#list + 1] = id
  if not documents then
    documents = joined('documents', tenant, collection)
    of.documents[collection] = documents
  end
  put(documents, 0, listed(document, seq, id))
end

-- Accepts a task, or says why not.
function verbs.enqueue()
  local owner, earlier = call('HMGET', task(a.id), 'tenant', 'fingerprint'), a.id
  if not owner[1] and a.key then
    earlier = call('GET', joined('key', a.tenant, a.key))
    if earlier then owner = call('HMGET', task(earlier), 'tenant', 'fingerprint') end
  end
  if owner[1] then
    if owner[1] == a.tenant and owner[2] == (a.fingerprint or false) then return { 'existing', earlier, read(earlier) } end
    return { 'conflict', earlier }
  end

  local kind = full_kind()
  if kind then return full(kind) end

  local place, seq = take_turn(a.tenant, tonumber(a.cost)), figure('line', 'seq') + 1
  set_figure('line', 'seq', seq)
  local rest = cjson.encode({ a.collection, a.document, a.priority, a.cost, a.created_at, seq, a.key })
  local fields = {
    'spec', a.spec, 'tenant', a.tenant, 'fixed', rest, 'place', place, 'phase', 'queued', 'state', a.state, 'message', a.message,
    'updated_at', now, 'last_event', a.events,
  }
  add_events(fields, 0, 0, 0)
  for _, name in ipairs({ 'inline', 'fingerprint', 'file', 'notify' }) do
    if a[name] then set(fields, name, a[name]) end
  end
  call('HSET', task(a.id), unpack(fields))
  queue(a.id, seq, a.priority, place)
  start_waiting(a.id, a.tenant, a.created_at)
  count_open(a.tenant, 1)
  enlist(a.tenant, a.collection, a.document, seq, a.id)
  if a.key then call('SET', joined('key', a.tenant, a.key), a.id) end
  if a.file then call('SADD', joined('upload', a.file), a.id) end
  tell('q', a.id)
  return { 'created' }
end
