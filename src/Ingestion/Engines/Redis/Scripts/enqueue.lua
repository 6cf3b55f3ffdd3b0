-- What is to be added to tenants' lists, and to their collections' sets of documents.
local lists, documents

local function begin_listings() lists, documents = {}, {} end

local function enlist(tenant, collection, document, number, id)
  local ids = lists[tenant]
  if not ids then
    ids = {}
    lists[tenant], documents[tenant] = ids, {}
  end
  ids[#ids + 1] = id
  local members = documents[tenant][collection]
  if not members then
    members = {}
    documents[tenant][collection] = members
  end
  local n = #members
  members[n + 1], members[n + 2] = '0', listed(document, number, id)
end

local function write_listings()
  for tenant, ids in pairs(lists) do
    call('RPUSH', joined('list', tenant), unpack(ids))
    for collection, members in pairs(documents[tenant]) do add(joined('documents', tenant, collection), members) end
  end
end

-- Accepts a task, or says why not. The values are the names and values of its hash.
function verbs.enqueue(packed, from)
  local values, events, state, priority, cost, created, max_waiting, max_tenant_waiting, max_tenant_open, id, tenant, collection, document,
    key, file, fingerprint = unpacked('>i4i4Bi8i8i8i8i8i8I4c0I4c0I4c0I4c0I4c0I4c0I4c0', packed)
  local owner, earlier = call('HMGET', task(id), 'tenant', 'fingerprint'), id
  if not owner[1] and key ~= '' then
    earlier = call('GET', joined('key', tenant, key))
    if earlier then owner = call('HMGET', task(earlier), 'tenant', 'fingerprint') end
  end
  if owner[1] then
    if owner[1] == tenant and (owner[2] or '') == fingerprint then return { 'existing', earlier, read(earlier) }, values end
    return { 'conflict', earlier }, values
  end

  local kind = full_kind(tenant, max_waiting, max_tenant_waiting, max_tenant_open)
  if kind then return full(kind), values end

  seq = seq + 1
  local place = take_turn(tenant, cost)
  local head = pack(HEAD, QUEUED, state, 0, 0, 0, 0, events, place, seq, now, 0, 0, 0, 0, 0, '', '')
  call('HSET', task(id), 'head', head, unpack(ARGV, from, from + values - 1))
  enter_phase(id, QUEUED, created)
  queue(id, seq, priority, place)
  count_waiting(tenant, 1)
  count_open(tenant, 1)
  enlist(tenant, collection, document, seq, id)
  if key ~= '' then call('SET', joined('key', tenant, key), id) end
  if file ~= '' then call('SADD', joined('upload', file), id) end
  tell('q', id)
  return { 'created' }, values
end
