-- What is to be added to sets of documents and to lists of tenants, by key.
local documents, lists

local function begin_listings() documents, lists = {}, {} end

local function append_to(of, key, ...)
  local all = of[key]
  if not all then
    all = {}
    of[key] = all
  end
  for i = 1, select('#', ...) do all[#all + 1] = select(i, ...) end
end

local function write_listings()
  for key, members in pairs(documents) do add(key, members) end
  for key, ids in pairs(lists) do call('RPUSH', key, unpack(ids)) end
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
  append_to(lists, joined('list', tenant), id)
  append_to(documents, joined('documents', tenant, collection), '0', listed(document, seq, id))
  if key ~= '' then call('SET', joined('key', tenant, key), id) end
  if file ~= '' then call('SADD', joined('upload', file), id) end
  tell('q', id)
  return { 'created' }, values
end
