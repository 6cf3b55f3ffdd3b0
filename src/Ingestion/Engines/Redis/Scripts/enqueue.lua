-- What is to be added to tenants' lists, and to their collections' sets of documents.
local lists, documents = {}, {}

local function begin_listings()
  if next(lists) then lists, documents = {}, {} end
end

local function enlist(tenant, collection, document, id, member)
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
  members[n + 1], members[n + 2] = '0', listed(document, member)
end

local function write_listings()
  for tenant, ids in pairs(lists) do
    call('RPUSH', joined('list', tenant), unpack(ids))
    for collection, members in pairs(documents[tenant]) do add(joined('documents', tenant, collection), members) end
  end
end

-- Accepts a task, or says why not. The values are names and values of its hash.
verbs[ENQUEUE] = function(packed, from)
  local _, values, events, state, is_told, priority, cost, created, max_waiting, max_tenant_waiting, max_tenant_open, id, tenant, collection,
    document, key, file, fingerprint, sending = unpacked(ACCEPTED, packed)
  if just_accepted[id] then settle() end
  local there, earlier = call('HGET', task(id), 'head'), id
  if not there and key ~= '' then
    earlier = call('GET', joined('key', tenant, key))
    if just_accepted[earlier] then settle() end
    there = earlier and call('HGET', task(earlier), 'head')
  end
  if there then
    local is_same = head_of(there)[OWNER] == tenant and select(8, accepted(earlier)) == fingerprint
    if is_same then return { 'existing', earlier, read(earlier) }, values end
    return { 'conflict', earlier }, values
  end

  local kind = full_kind(tenant, max_waiting, max_tenant_waiting, max_tenant_open)
  if kind then return full(kind), values end

  seq = seq + 1
  local place = take_turn(tenant, cost)
  local head = pack(
    HEAD, QUEUED, 0, now, 0, '', place, 0, tenant, sending, state, 0, 0, 0, events, seq, 0, 0, 0, 0, file ~= '' and 1 or 0, is_told)
  just_accepted[id], accepting[id] = head, { packed, from, values }
  enter_phase(id, QUEUED, created)
  local numbered = member(seq, id)
  queue(numbered, priority, place)
  count_waiting(tenant, 1)
  count_open(tenant, 1)
  enlist(tenant, collection, document, id, numbered)
  if key ~= '' then call('SET', joined('key', tenant, key), id) end
  if file ~= '' then call('SADD', joined('upload', file), id) end
  tell('q', id)
  return { 'created' }, values
end
